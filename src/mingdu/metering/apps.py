"""Django's entry for the subject metering."""

from __future__ import annotations

from django.apps import AppConfig


class MeteringConfig(AppConfig):
    """Registers the models of metering."""

    name = "mingdu.metering"
    label = "metering"
    default_auto_field = "django.db.models.BigAutoField"
