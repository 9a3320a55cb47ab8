"""Plain pages of customers."""
