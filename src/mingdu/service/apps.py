"""Django's entry for the subject service."""

from __future__ import annotations

from django.apps import AppConfig


class ServiceConfig(AppConfig):
    """Registers the models of service."""

    name = "mingdu.service"
    label = "service"
    default_auto_field = "django.db.models.BigAutoField"
