"""Django's entry for the subject rounds."""

from __future__ import annotations

from django.apps import AppConfig


class RoundsConfig(AppConfig):
    """Registers the models and consumers of rounds."""

    name = "mingdu.rounds"
    label = "rounds"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to what metering found and to tasks that were ended."""
        from mingdu.base.outbox import subscribe
        from mingdu.metering.events import FindingExplained, FindingOpened, ReadingConflictFound
        from mingdu.work.events import TaskCompleted

        from . import consumers

        subscribe(ReadingConflictFound, "rounds", consumers.work_on_conflict)
        subscribe(FindingOpened, "rounds", consumers.work_on_finding)
        subscribe(FindingExplained, "rounds", consumers.end_finding)
        subscribe(TaskCompleted, "rounds", consumers.tell_failed_reread)
