"""The HTTP API under /api/v1: thin routes, each one call of a subject."""
