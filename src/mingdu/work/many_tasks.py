"""Tasks by the hundred (成批任务): opened, given to people and ended in a few statements."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from mingdu.base import audit
from mingdu.base.actors import Actor
from mingdu.base.outbox import publish_all
from mingdu.base.permissions import require
from mingdu.base.queries import actor_by_person_id
from mingdu.core.working_time import add_working_hours
from mingdu.rulebook.calendars import working_calendar
from mingdu.rulebook.processes import task_limit

from .events import TaskCompleted
from .models import Task, TaskAssignment, TaskCompletion
from .operations import PersonWithoutRole, TaskOrder, UnknownPerson

BATCH_ROWS = 5_000


@dataclass(frozen=True)
class HandedOrder:
    """An order with the number of the person who gets it; None: whoever holds the owner role."""

    order: TaskOrder
    person_id: int | None


@transaction.atomic
def open_together(handed: Sequence[HandedOrder], *, by: Actor, at: datetime) -> list[int]:
    """
    Open tasks with their limits and give them to their people; a key that is there already stays as it is.

    returns  the tasks' numbers, row for row
    raises   UnknownPerson, PersonWithoutRole, UnknownTaskKind, DayOutsideCalendar, NotPermitted
    """
    require(by, "work.open_task")
    for unit_id in {each.order.unit_id for each in handed}:
        require(by, "work.open_task", unit_id)
    for role, unit_id in {(each.order.owner_role, each.order.unit_id) for each in handed}:
        own = [each for each in handed if (each.order.owner_role, each.order.unit_id) == (role, unit_id)]
        refuse_unfit({each.person_id for each in own if each.person_id is not None}, role, unit_id)
    keys = [each.order.key for each in handed]
    known = set(Task.objects.filter(key__in=keys).values_list("key", flat=True))
    fresh = [each for each in handed if each.order.key not in known]
    Task.objects.bulk_create(
        _tasks([each.order for each in fresh], by, at), BATCH_ROWS, ignore_conflicts=True
    )
    numbers = dict(Task.objects.filter(key__in=keys).values_list("key", "pk"))
    _assign([(numbers[each.order.key], each.person_id) for each in fresh], by, at)
    return [numbers[key] for key in keys]


@transaction.atomic
def end_together(task_ids: Collection[int], outcome: str, *, by: Actor, at: datetime) -> list[int]:
    """
    End those of some tasks that are still open because what they asked for has come by itself.

    by       the system alone; a person ends what he was given one by one
    returns  the numbers of the tasks that were ended
    raises   NotPermitted
    """
    require(by, "work.end_tasks")
    locked = list(Task.objects.select_for_update().filter(pk__in=task_ids).order_by("pk"))
    # Asked after the rows are locked: who ended one at the same moment has done so by now.
    done = task_outcomes(task_ids)
    tasks = [task for task in locked if task.pk not in done]
    completions = [TaskCompletion(task=task, outcome=outcome, by=by.id, at=at) for task in tasks]
    TaskCompletion.objects.bulk_create(completions, BATCH_ROWS)
    publish_all([TaskCompleted(task.pk, task.kind, task.subject, outcome) for task in tasks], at=at)
    if tasks:
        details = {"outcome": outcome, "tasks": [task.pk for task in tasks]}
        audit.record(by, "work.end_tasks", f"task:{tasks[0].pk}", at=at, details=details)
    return [task.pk for task in tasks]


def refuse_unfit(person_ids: Collection[int], role: str, unit_id: int | None) -> None:
    """Raise UnknownPerson or PersonWithoutRole unless all of these people hold a role on a unit."""
    for number in person_ids:
        person = actor_by_person_id(number)
        if person is None:
            raise UnknownPerson(f"no person {number}", person=number)
        if not person.holds({role}, unit_id):
            raise PersonWithoutRole(f"{person.name} is no {role} there", person=number, roles=[role])


def task_outcomes(task_ids: Collection[int]) -> dict[int, str]:
    """Return what came out of those of some tasks that are done; for other subjects."""
    done = TaskCompletion.objects.filter(task_id__in=task_ids)
    return dict(done.values_list("task_id", "outcome"))


def task_details(task_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """Return what some tasks carry with them; for other subjects, which asked their own door."""
    return dict(Task.objects.filter(pk__in=task_ids).values_list("pk", "details"))


def people_given(task_ids: Collection[int]) -> dict[int, int]:
    """Return who has each task in hand, where it was given to a person; for other subjects."""
    given = TaskAssignment.objects.filter(task_id__in=task_ids).order_by("id")
    return dict(given.values_list("task_id", "person_id"))


def _tasks(orders: list[TaskOrder], by: Actor, at: datetime) -> list[Task]:
    calendar = working_calendar()
    limits = {
        (order.kind, order.limit_hours): task_limit(order.kind).hours
        if order.limit_hours is None
        else order.limit_hours
        for order in orders
    }
    due_at = {which: add_working_hours(at, hours, calendar) for which, hours in limits.items()}
    return [
        Task(
            kind=order.kind, key=order.key, subject=order.subject, owner_role=order.owner_role,
            unit_id=order.unit_id, opened_by=by.id, opened_at=at,
            due_at=order.due_at or due_at[order.kind, order.limit_hours], details=order.details,
        )
        for order in orders
    ]  # fmt: skip


def _assign(given: list[tuple[int, int | None]], by: Actor, at: datetime) -> None:
    rows = [
        TaskAssignment(task_id=task_id, person_id=person_id, by=by.id, at=at)
        for task_id, person_id in given
        if person_id is not None
    ]
    TaskAssignment.objects.bulk_create(rows, BATCH_ROWS)
