"""Django's entry for the subject base."""

from __future__ import annotations

from django.apps import AppConfig


class BaseConfig(AppConfig):
    """Registers the models of base."""

    name = "mingdu.base"
    label = "base"
    default_auto_field = "django.db.models.BigAutoField"
