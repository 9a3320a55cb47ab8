"""Django's entry for the subject billing."""

from __future__ import annotations

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """Registers the models of billing."""

    name = "mingdu.billing"
    label = "billing"
    default_auto_field = "django.db.models.BigAutoField"
