"""Django's entry for the subject work."""

from __future__ import annotations

from django.apps import AppConfig


class WorkConfig(AppConfig):
    """Registers the models of work."""

    name = "mingdu.work"
    label = "work"
    default_auto_field = "django.db.models.BigAutoField"
