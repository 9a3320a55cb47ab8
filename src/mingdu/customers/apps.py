"""Django's entry for the subject customers."""

from __future__ import annotations

from django.apps import AppConfig


class CustomersConfig(AppConfig):
    """Registers the models of customers."""

    name = "mingdu.customers"
    label = "customers"
    default_auto_field = "django.db.models.BigAutoField"
