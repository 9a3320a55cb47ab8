"""Backups at the desk (备份)."""
