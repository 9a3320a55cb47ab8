"""Migrations of this subject, oldest first."""
