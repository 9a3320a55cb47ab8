"""Django's entry for the subject satisfaction."""

from __future__ import annotations

from django.apps import AppConfig


class SatisfactionConfig(AppConfig):
    """Registers the models of satisfaction."""

    name = "mingdu.satisfaction"
    label = "satisfaction"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to closed cases."""
        from mingdu.base.outbox import subscribe
        from mingdu.service.events import CaseClosed

        from .consumers import call_back

        subscribe(CaseClosed, "satisfaction", call_back)
