"""Callbacks and scores."""
