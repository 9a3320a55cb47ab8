"""Entries and journals, what is owed, payments and receipts."""
