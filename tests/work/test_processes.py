"""A process run goes its definition's way, step by step, in the version it was started with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import count

import pytest

from acting import NOBODY, customer, staff
from listening import heard, listening
from mingdu.base.actors import SYSTEM, Actor
from mingdu.base.models import AuditEntry, OrgUnit, OutboxEvent, Person, RoleGrant
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.errors import TradeError
from mingdu.rulebook.processes import UnknownProcess, process_versions, task_limits
from mingdu.work.events import ProcessFinished, TaskCompleted
from mingdu.work.models import ProcessRun, ProcessStep, TaskCompletion
from mingdu.work.operations import NotTaskOwner, PersonWithoutRole, TaskIsStep, complete_task
from mingdu.work.processes import (
    Done,
    NothingToReturn,
    ReasonMissing,
    SamePerson,
    UnknownStep,
    assign_step,
    finish_step,
    register_part,
    return_step,
    start_process,
)
from mingdu.work.queries import open_tasks, process_by_key, process_steps, running_processes, task_by_id
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


def clerk(number: int = 1) -> Actor:
    return staff(Role.CLERK, units={OWN_UNIT}, number=number)


def engineer(number: int = 2) -> Actor:
    return staff(Role.ENGINEER, units={OWN_UNIT}, number=number)


def go_to(run: ProcessRun, step: str, now: datetime) -> None:
    """Finish the steps before one."""
    for before in CYCLE[: CYCLE.index(step)]:
        who = clerk() if before == "prepare" else engineer()
        finish_step(run.pk, before, outcome="done", by=who, at=now)


def open_step(run: ProcessRun) -> str:
    return next(view.step for view in process_steps(SYSTEM, run.pk) if view.finished_at is None)


def test_a_reading_cycle_goes_from_prepare_to_check(run: ProcessRun, now: datetime) -> None:
    for done, step in enumerate(CYCLE):
        seen = process_steps(SYSTEM, run.pk)
        assert [view.step for view in seen] == CYCLE[: done + 1]
        assert [view.finished_at is None for view in seen] == [False] * done + [True]
        who = engineer() if step in ("read", "enter") else clerk()
        finish_step(run.pk, step, outcome="done", note=step, by=who, at=now)
    finished = {"run_id": run.pk, "definition": "reading-cycle", "key": run.key}
    assert heard(ProcessFinished) == [finished]
    assert len(heard(TaskCompleted)) == len(CYCLE)
    done_by = ["person:1", "person:2", "person:2", "person:1"]
    assert [(view.finished_at, view.done_by) for view in process_steps(SYSTEM, run.pk)] == [
        (now, who) for who in done_by
    ]
    assert run.pk not in [view.id for view in running_processes(SYSTEM)]
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


@pytest.mark.parametrize("by", [SYSTEM, staff(Role.CLERK), staff(Role.MANAGER)])
def test_the_task_of_a_step_ends_with_the_step_alone(by: Actor, run: ProcessRun, now: datetime) -> None:
    task_id = process_steps(SYSTEM, run.pk)[0].task_id
    with pytest.raises(TaskIsStep):
        complete_task(task_id, "from the list", by=by, at=now)
    assert open_step(run) == "prepare"
    assert not TaskCompletion.objects.filter(task=task_id).exists()


@pytest.mark.parametrize("by", [engineer(), staff(Role.MANAGER, units={OWN_UNIT}), staff(Role.READER)])
def test_only_the_owner_role_finishes_or_returns_a_step(by: Actor, run: ProcessRun, now: datetime) -> None:
    with pytest.raises(NotTaskOwner):
        finish_step(run.pk, "prepare", outcome="done", by=by, at=now)
    go_to(run, "check", now)
    with pytest.raises(NotTaskOwner):
        return_step(run.pk, "check", reason="two digits swapped", by=by, at=now)
    assert open_step(run) == "check"


@pytest.mark.parametrize("number", [2, 3])
def test_who_read_or_entered_does_not_check(number: int, run: ProcessRun, now: datetime) -> None:
    finish_step(run.pk, "prepare", outcome="done", by=clerk(), at=now)
    finish_step(run.pk, "read", outcome="done", by=engineer(2), at=now)
    finish_step(run.pk, "enter", outcome="done", by=engineer(3), at=now)
    with pytest.raises(SamePerson):
        finish_step(run.pk, "check", outcome="done", by=clerk(number), at=now)
    assert open_step(run) == "check"
    finish_step(run.pk, "check", outcome="done", by=clerk(4), at=now)
    assert len(heard(ProcessFinished)) == 1


def test_a_return_opens_the_step_before_and_is_counted(run: ProcessRun, now: datetime) -> None:
    go_to(run, "check", now)
    for times in (1, 2):
        return_step(run.pk, "check", reason=f"swapped {times}", by=clerk(), at=now)
        entered = process_steps(SYSTEM, run.pk)[2]
        assert (entered.step, entered.finished_at, entered.returned) == ("enter", None, times)
        assert task_by_id(SYSTEM, entered.task_id).details["returned"] == f"swapped {times}"  # type: ignore[union-attr]
        finish_step(run.pk, "enter", outcome="mended", by=engineer(), at=now)
    (running,) = (view for view in running_processes(SYSTEM) if view.id == run.pk)
    assert (running.step, running.returned, running.owner_role) == ("check", 2, "clerk")
    finish_step(run.pk, "check", outcome="done", by=clerk(), at=now)
    assert [view.outcome for view in process_steps(SYSTEM, run.pk)] == ["done", "done", "mended", "done"]
    returns = AuditEntry.objects.filter(verb="work.return_step", target=f"process:{run.pk}")
    assert [entry.details["reason"] for entry in returns.order_by("pk")] == ["swapped 1", "swapped 2"]
    notes = TaskCompletion.objects.filter(task__subject=f"process:{run.pk}", outcome="returned")
    assert sorted(notes.values_list("note", flat=True)) == ["swapped 1", "swapped 2"]


def test_refuses_a_return_without_reason_or_without_a_step_before(run: ProcessRun, now: datetime) -> None:
    with pytest.raises(NothingToReturn):
        return_step(run.pk, "prepare", reason="nothing is there", by=clerk(), at=now)
    go_to(run, "read", now)
    with pytest.raises(ReasonMissing):
        return_step(run.pk, "read", reason="  ", by=engineer(), at=now)
    with pytest.raises(UnknownStep):
        return_step(run.pk, "check", reason="not open", by=clerk(), at=now)
    assert [view.returned for view in process_steps(SYSTEM, run.pk)] == [0, 0]


def test_of_a_finish_and_a_return_at_once_one_holds(run: ProcessRun, now: datetime) -> None:
    go_to(run, "enter", now)
    outcomes = at_once(
        [
            partial(finish_step, run.pk, "enter", outcome="done", by=engineer(), at=now),
            partial(return_step, run.pk, "enter", reason="gaps", by=engineer(), at=now),
        ]
        * 3
    )
    assert only(outcomes, UnknownStep) == [None]
    assert sum(view.finished_at is None for view in process_steps(SYSTEM, run.pk)) == 1


def test_a_step_given_to_one_person_is_his_until_it_is_given_to_another(
    run: ProcessRun, now: datetime
) -> None:
    unit = OrgUnit.objects.get_or_create(pk=OWN_UNIT, defaults={"code": "OWN", "name": "一班"})[0]
    first, second = (Person.objects.create(login=f"{run.pk}-{n}", name=n, password="!") for n in ("甲", "乙"))
    for person in (first, second):
        RoleGrant.objects.create(person=person, role="clerk", unit=unit)
    manager = staff(Role.MANAGER, units={OWN_UNIT})
    finish = partial(finish_step, run.pk, "prepare", outcome="done", at=now)
    assign_step(run.pk, "prepare", first.pk, by=manager, at=now)
    with pytest.raises(NotTaskOwner):
        finish(by=clerk(second.pk))
    assign_step(run.pk, "prepare", second.pk, by=manager, at=now)
    (running,) = (view for view in running_processes(SYSTEM) if view.id == run.pk)
    assert running.assigned_to == second.pk
    with pytest.raises(NotTaskOwner):
        finish(by=clerk(first.pk))
    finish(by=clerk(second.pk))
    with pytest.raises(UnknownStep):
        assign_step(run.pk, "prepare", first.pk, by=manager, at=now)


def test_a_step_is_not_given_to_a_manager_who_may_not_do_it(run: ProcessRun, now: datetime) -> None:
    unit = OrgUnit.objects.get_or_create(pk=OWN_UNIT, defaults={"code": "OWN", "name": "一班"})[0]
    head = Person.objects.create(login=f"head-{run.pk}", name="班长", password="!")
    RoleGrant.objects.create(person=head, role="manager", unit=unit)
    with pytest.raises(PersonWithoutRole):
        assign_step(run.pk, "prepare", head.pk, by=SYSTEM, at=now)


def test_what_a_part_refuses_keeps_the_step_open(run: ProcessRun, now: datetime) -> None:
    asked: list[Done] = []

    def refuse_first(done: Done) -> None:
        asked.append(done)
        if len(asked) == 1:
            raise TradeError("not yet")

    register_part("reading-cycle", "read", refuse_first)
    go_to(run, "read", now)
    with pytest.raises(TradeError, match="not yet"):
        finish_step(run.pk, "read", outcome="done", by=engineer(), at=now)
    assert open_step(run) == "read"
    finish_step(run.pk, "read", outcome="done", by=engineer(), at=now)
    assert asked == [Done(run.pk, run.key, engineer(), now)] * 2
    register_part("reading-cycle", "read", lambda done: None)


def test_running_processes_are_those_of_the_units(run: ProcessRun) -> None:
    own, foreign = (staff(Role.CLERK, units={unit}) for unit in (OWN_UNIT, FOREIGN_UNIT))
    assert run.pk in [view.id for view in running_processes(own)]
    assert run.pk not in [view.id for view in running_processes(foreign)]
    assert running_processes(own, definition="dance") == []
    assert len(running_processes(own, definition="reading-cycle", most=1)) == 1
    with pytest.raises(NotPermitted):
        running_processes(customer(9))


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
    refused = (
        partial(start_process, "reading-cycle", "foreign", unit_id=FOREIGN_UNIT, by=engineer(), at=now),
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
