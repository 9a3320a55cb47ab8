"""Visits that were kept before they named their point are given the one that their task names."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from mingdu.base.actors import SYSTEM
from mingdu.metering.queries.facts import point_facts
from mingdu.rounds.models import FieldVisit
from mingdu.work.operations import TaskOrder, open_task
from small_town import register_town

pytestmark = pytest.mark.database
BEFORE = ("rounds", "0003_field_visit")


def test_old_visits_are_given_the_point_of_their_task(database: str, now: datetime) -> None:
    register_town(2, at=now)
    code = sorted(point_facts())[-1]
    details = {"usage_point": code}
    task = open_task(
        TaskOrder("reread", "old", f"usage_point:{code}", "reader", details=details), by=SYSTEM, at=now
    )
    call_command("migrate", *BEFORE, verbosity=0)
    old = MigrationExecutor(connection).loader.project_state([BEFORE]).apps
    old.get_model("rounds", "FieldVisit").objects.create(
        client_id="old", task_id=task.pk, outcome="dog", taken_at=now, synced_at=now, reader="person:1"
    )
    call_command("migrate", "rounds", verbosity=0)
    assert FieldVisit.objects.get().usage_point_id == point_facts()[code].id
