"""Django's entry for the subject rounds."""

from __future__ import annotations

from django.apps import AppConfig


class RoundsConfig(AppConfig):
    """Registers the models of rounds."""

    name = "mingdu.rounds"
    label = "rounds"
    default_auto_field = "django.db.models.BigAutoField"
