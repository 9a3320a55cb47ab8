"""Django's entry for the subject money."""

from __future__ import annotations

from django.apps import AppConfig


class MoneyConfig(AppConfig):
    """Registers the models and consumers of money."""

    name = "mingdu.money"
    label = "money"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to what has to be told."""
        from mingdu.base.outbox import subscribe

        from . import consumers
        from .events import PaymentReceived

        subscribe(PaymentReceived, "money", consumers.tell_payment)
