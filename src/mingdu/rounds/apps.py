"""Django's entry for the subject rounds."""

from __future__ import annotations

from django.apps import AppConfig


class RoundsConfig(AppConfig):
    """Registers the models and consumers of rounds, and its part in the reading process."""

    name = "mingdu.rounds"
    label = "rounds"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to what metering found and to tasks that were ended; take part in the steps of a cycle."""
        from mingdu.base.outbox import subscribe
        from mingdu.metering.events import (
            FindingExplained,
            FindingOpened,
            FindingReopened,
            ReadingConflictFound,
        )
        from mingdu.work.events import TaskCompleted
        from mingdu.work.processes import register_part

        from . import consumers
        from .operations import PREPARE, READ_STEP, READING_CYCLE, end_step, freeze_list

        subscribe(ReadingConflictFound, "rounds", consumers.work_on_conflict)
        subscribe(FindingOpened, "rounds", consumers.work_on_finding)
        subscribe(FindingExplained, "rounds", consumers.end_finding)
        subscribe(FindingReopened, "rounds", consumers.work_again)
        subscribe(TaskCompleted, "rounds", consumers.tell_failed_reread)
        register_part(READING_CYCLE, PREPARE, freeze_list)
        register_part(READING_CYCLE, READ_STEP, end_step)
