"""Django's entry for the subject notices."""

from __future__ import annotations

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """Registers the models and consumers of notices."""

    name = "mingdu.notices"
    label = "notices"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to what has to be told."""
        from mingdu.base.outbox import subscribe
        from mingdu.customers.events import AccountBound, SignInCodeMade
        from mingdu.work.events import TaskEscalated

        from . import consumers

        subscribe(SignInCodeMade, "notices", consumers.tell_sign_in_code)
        subscribe(AccountBound, "notices", consumers.tell_binding)
        subscribe(TaskEscalated, "notices", consumers.tell_escalation)
