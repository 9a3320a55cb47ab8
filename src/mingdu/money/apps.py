"""Django's entry for the subject money."""

from __future__ import annotations

from django.apps import AppConfig


class MoneyConfig(AppConfig):
    """Registers the models of money."""

    name = "mingdu.money"
    label = "money"
    default_auto_field = "django.db.models.BigAutoField"
