"""Journals and entries; both are bulk tables in SQL (see migrations), read and written by columns."""
