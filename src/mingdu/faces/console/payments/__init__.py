"""Payments at the desk (收款): orders, what the gateway said of them, and what does not fit."""
