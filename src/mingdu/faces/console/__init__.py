"""Plain pages of the desks."""
