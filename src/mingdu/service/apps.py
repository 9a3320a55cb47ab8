"""Django's entry for the subject service."""

from __future__ import annotations

from django.apps import AppConfig


class ServiceConfig(AppConfig):
    """Registers the models and consumers of service."""

    name = "mingdu.service"
    label = "service"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to re-reads, corrected readings and corrected bills."""
        from mingdu.base.outbox import subscribe
        from mingdu.billing.events import BillCorrected
        from mingdu.metering.events import ReadingsCorrected
        from mingdu.rounds.events import FieldReadingSynced, RereadFailed

        from . import consumers

        subscribe(FieldReadingSynced, "service", consumers.weigh_reread)
        subscribe(RereadFailed, "service", consumers.weigh_failed_reread)
        subscribe(ReadingsCorrected, "service", consumers.weigh_correction)
        subscribe(BillCorrected, "service", consumers.tell_correction)
