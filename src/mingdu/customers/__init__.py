"""Customers, accounts, agreements, contacts."""
