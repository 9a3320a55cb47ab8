"""Books, field reading and re-reading."""
