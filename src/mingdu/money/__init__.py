"""Entries and journals."""
