"""Django's entry for the subject service."""

from __future__ import annotations

from django.apps import AppConfig


class ServiceConfig(AppConfig):
    """Registers the models of service."""

    name = "mingdu.service"
    label = "service"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to re-reads and corrections."""
        from mingdu.base.outbox import subscribe
        from mingdu.billing.events import BillCorrected
        from mingdu.rounds.events import FieldReadingSynced

        from . import consumers

        subscribe(FieldReadingSynced, "service", consumers.weigh_reread)
        subscribe(BillCorrected, "service", consumers.tell_correction)
