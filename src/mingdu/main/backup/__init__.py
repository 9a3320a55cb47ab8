"""Backup (备份): copies of database, files and keys, the log of what came after, restore, proof."""
