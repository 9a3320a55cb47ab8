"""Bill runs, bills, corrections."""
