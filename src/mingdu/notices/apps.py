"""Django's entry for the subject notices."""

from __future__ import annotations

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """Registers the models of notices."""

    name = "mingdu.notices"
    label = "notices"
    default_auto_field = "django.db.models.BigAutoField"
