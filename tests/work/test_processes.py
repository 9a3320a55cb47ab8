"""A process run goes its definition's way, step by step, in the version it was started with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import count

import pytest

from acting import NOBODY, customer, staff
from listening import heard, listening
from mingdu.base.actors import SYSTEM
from mingdu.base.models import AuditEntry, OutboxEvent
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.rulebook.processes import UnknownProcess, process_versions, task_limits
from mingdu.work.events import ProcessFinished, TaskCompleted
from mingdu.work.models import ProcessRun, ProcessStep, TaskCompletion
from mingdu.work.operations import complete_task
from mingdu.work.processes import UnknownStep, finish_step, start_process
from mingdu.work.queries import open_tasks, process_by_key, process_steps
from threads import at_once, only

pytestmark = pytest.mark.database

OWN_UNIT, FOREIGN_UNIT = 3, 4
CYCLE = ["prepare", "read", "enter", "check"]
numbers = count(1)


@pytest.fixture
def heard_events(module_database: str) -> Iterator[None]:
    OutboxEvent.objects.all().delete()
    with listening(ProcessFinished, TaskCompleted):
        yield


@pytest.fixture
def run(heard_events: None, now: datetime) -> ProcessRun:
    """A fresh reading cycle at its first step."""
    key = f"book-{next(numbers)}:2026-12"
    return start_process("reading-cycle", key, unit_id=OWN_UNIT, by=SYSTEM, at=now)


def test_a_reading_cycle_goes_from_prepare_to_check(run: ProcessRun, now: datetime) -> None:
    for done, step in enumerate(CYCLE):
        seen = process_steps(SYSTEM, run.pk)
        assert [view.step for view in seen] == CYCLE[: done + 1]
        assert [view.finished_at is None for view in seen] == [False] * done + [True]
        finish_step(run.pk, step, outcome="done", note=step, by=SYSTEM, at=now)
    finished = {"run_id": run.pk, "definition": "reading-cycle", "key": run.key}
    assert heard(ProcessFinished) == [finished]
    assert len(heard(TaskCompleted)) == len(CYCLE)
    assert all(view.finished_at == now for view in process_steps(SYSTEM, run.pk))
    assert TaskCompletion.objects.filter(task__subject=f"process:{run.pk}", outcome="done").count() == 4


def test_each_step_is_a_task_of_its_owner_with_its_limit(run: ProcessRun, now: datetime) -> None:
    finish_step(run.pk, "prepare", outcome="done", by=SYSTEM, at=now)
    (task,) = (task for task in open_tasks(SYSTEM) if task.subject == f"process:{run.pk}")
    assert (task.kind, task.owner_role) == ("process_step", "engineer")
    assert task.details == {"title": {"zh": "抄表", "en": "Read"}, "key": run.key}
    # Sixteen working hours from Monday 09:00: seven and a half, eight, and half an hour on Wednesday.
    assert task.due_at == datetime(2027, 1, 6, 1, 0, tzinfo=UTC)


def test_the_same_key_is_the_same_run(run: ProcessRun, now: datetime) -> None:
    again = partial(start_process, "reading-cycle", run.key, unit_id=OWN_UNIT, by=SYSTEM, at=now)
    assert again() == run
    assert set(at_once([again] * 6)) == {run}
    fresh = partial(start_process, "reading-cycle", "started at once", unit_id=None, by=SYSTEM, at=now)
    assert len(set(at_once([fresh] * 6))) == 1
    assert ProcessStep.objects.filter(run__key__in=[run.key, "started at once"]).count() == 2
    assert process_by_key(run.key) == run.pk
    assert process_by_key("never started") is None
    assert AuditEntry.objects.filter(verb="work.start_process", target=f"process:{run.pk}").count() == 1


@pytest.mark.parametrize("step", ["read", "dance"])
def test_refuses_a_step_that_is_not_open(step: str, run: ProcessRun, now: datetime) -> None:
    with pytest.raises(UnknownStep):
        finish_step(run.pk, step, outcome="done", by=SYSTEM, at=now)


def test_refuses_a_run_that_is_not_there(module_database: str, now: datetime) -> None:
    with pytest.raises(UnknownStep):
        finish_step(0, "prepare", outcome="done", by=SYSTEM, at=now)


def test_of_a_step_finished_at_once_one_holds(run: ProcessRun, now: datetime) -> None:
    finish = partial(finish_step, run.pk, "prepare", outcome="done", by=SYSTEM, at=now)
    assert only(at_once([finish] * 6), UnknownStep) == [None]
    assert [view.step for view in process_steps(SYSTEM, run.pk)] == ["prepare", "read"]


def test_a_step_whose_task_was_completed_by_itself_goes_on(run: ProcessRun, now: datetime) -> None:
    task_id = process_steps(SYSTEM, run.pk)[0].task_id
    complete_task(task_id, "from the list", by=SYSTEM, at=now)
    finish_step(run.pk, "prepare", outcome="done", by=SYSTEM, at=now)
    assert TaskCompletion.objects.get(task=task_id).outcome == "from the list"
    assert [view.step for view in process_steps(SYSTEM, run.pk)] == ["prepare", "read"]


def test_a_run_keeps_the_version_it_was_started_with(run: ProcessRun, now: datetime) -> None:
    assert run.version == 1
    ProcessRun.objects.filter(pk=run.pk).update(version=99)
    with pytest.raises(UnknownProcess, match="version 99"):
        finish_step(run.pk, "prepare", outcome="done", by=SYSTEM, at=now)
    assert not TaskCompletion.objects.filter(task__subject=f"process:{run.pk}").exists()


def test_the_version_is_that_of_the_civil_day(module_database: str) -> None:
    # The definition begins on 1 December 2025, that is at 16:00 UTC the day before.
    start = partial(start_process, "reading-cycle", unit_id=None, by=SYSTEM)
    with pytest.raises(UnknownProcess):
        start("too early", at=datetime(2025, 11, 30, 15, 59, tzinfo=UTC))
    assert start("in time", at=datetime(2025, 11, 30, 16, 0, tzinfo=UTC)).version == 1


def test_refuses_a_process_without_definition(module_database: str, now: datetime) -> None:
    with pytest.raises(UnknownProcess):
        start_process("dance", "dance:1", unit_id=None, by=SYSTEM, at=now)


def test_refuses_whoever_may_not(run: ProcessRun, now: datetime) -> None:
    engineer = staff(Role.ENGINEER, units={OWN_UNIT})
    refused = (
        partial(start_process, "reading-cycle", "foreign", unit_id=FOREIGN_UNIT, by=engineer, at=now),
        partial(start_process, "reading-cycle", "cashier", unit_id=None, by=staff(Role.CASHIER), at=now),
        partial(finish_step, run.pk, "prepare", outcome="done", by=customer(9), at=now),
        partial(
            finish_step, run.pk, "prepare", outcome="done", by=staff(Role.CLERK, units={FOREIGN_UNIT}), at=now
        ),
        partial(finish_step, 0, "prepare", outcome="done", by=NOBODY, at=now),
        partial(process_steps, customer(9), run.pk),
    )
    for act in refused:
        with pytest.raises(NotPermitted):
            act()


def test_steps_are_shown_on_the_units_of_the_run(run: ProcessRun) -> None:
    assert process_steps(staff(Role.CLERK, units={FOREIGN_UNIT}), run.pk) == []
    assert len(process_steps(staff(Role.CLERK, units={OWN_UNIT}), run.pk)) == 1


def test_every_owner_and_every_role_to_be_told_is_a_role() -> None:
    owners = {step.owner_role for step in process_versions("reading-cycle")[-1].steps}
    told = {role for limit in task_limits().values() for role in limit.escalate_to}
    assert owners | told <= {str(role) for role in Role}
