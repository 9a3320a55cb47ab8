"""Opening, assigning, completing and escalating tasks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, DateTimeField, DurationField, ExpressionWrapper, F, Q

from mingdu.base import audit
from mingdu.base.actors import Actor
from mingdu.base.outbox import publish
from mingdu.base.permissions import require
from mingdu.base.queries import actor_by_person_id
from mingdu.base.roles import Role
from mingdu.core.working_time import add_working_hours
from mingdu.errors import TradeError
from mingdu.rulebook.calendars import working_calendar
from mingdu.rulebook.processes import task_limit, task_limits

from .events import TaskCompleted, TaskEscalated
from .models import Task, TaskAssignment, TaskCompletion, TaskEscalation


class UnknownTask(TradeError):
    """There is no such task."""

    next_step = "look at the task list"


class TaskAlreadyDone(TradeError):
    """The task was completed before, perhaps by someone else at the same moment."""

    next_step = "look at its outcome; open a new task if more is to be done"


class TaskIsStep(TradeError):
    """The task is a step of a process run; it ends with the step."""

    next_step = "finish the step of the run, or return it with a reason"


class NotTaskOwner(TradeError):
    """The task belongs to another role, or was given to another person."""

    next_step = "let its owner do it, or have it assigned anew"


class UnknownPerson(TradeError):
    """There is no such person who may sign in."""

    next_step = "look the person up; who has left is given no tasks"


class PersonWithoutRole(TradeError):
    """The person holds no role on the unit that may do this task."""

    next_step = "choose somebody who holds the task's owner role there"


# Tasks of this kind are opened and ended by work.processes alone.
STEP = "process_step"


@dataclass(frozen=True)
class TaskOrder:
    """
    What is to be done.

    kind         a kind of rules/tasks/limits.yaml, which gives the limit and who is told when it is missed
    key          what makes it one: the same key again is the same task
    subject      what it is about: "usage_point:P0530100042"
    owner_role   the role that owns it
    limit_hours  working hours that replace the kind's own limit
    due_at       an instant that replaces either, for promises that count otherwise than by working hours
    """

    kind: str
    key: str
    subject: str
    owner_role: str
    unit_id: int | None = None
    limit_hours: int | None = None
    details: dict[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None


def open_task(order: TaskOrder, *, by: Actor, at: datetime) -> Task:
    """
    Open a task with its limit in working time; the same key again returns the first one.

    raises  UnknownTaskKind, DayOutsideCalendar, NotPermitted
    """
    require(by, "work.open_task", order.unit_id)
    limit = task_limit(order.kind)
    hours = limit.hours if order.limit_hours is None else order.limit_hours
    task, _ = Task.objects.get_or_create(
        key=order.key,
        defaults={
            "kind": order.kind,
            "subject": order.subject,
            "owner_role": order.owner_role,
            "unit_id": order.unit_id,
            "opened_by": by.id,
            "opened_at": at,
            "due_at": order.due_at or add_working_hours(at, hours, working_calendar()),
            "details": order.details,
        },
    )
    return task


@transaction.atomic
def assign_task(task_id: int, person_id: int, *, by: Actor, at: datetime) -> None:
    """
    Give an open task to a person who may do it; the latest assignment holds.

    raises  UnknownTask, TaskAlreadyDone, UnknownPerson, PersonWithoutRole, NotPermitted
    """
    require(by, "work.assign_task")
    task = _locked(task_id, by, "work.assign_task")
    _refuse_done(task)
    person = actor_by_person_id(person_id)
    if person is None:
        raise UnknownPerson(f"no person {person_id}", person=person_id)
    roles = _roles_for(task)
    if not person.holds(roles, task.unit_id):
        raise PersonWithoutRole(
            f"{person.name} is none of {', '.join(sorted(roles))} there",
            person=person_id,
            roles=sorted(roles),
        )
    TaskAssignment.objects.create(task=task, person_id=person_id, by=by.id, at=at)
    audit.record(by, "work.assign_task", f"task:{task.pk}", at=at, details={"person": person_id})


@transaction.atomic
def complete_task(task_id: int, outcome: str, *, note: str = "", by: Actor, at: datetime) -> TaskCompletion:
    """
    End a task with what came out; the event tells the subject that opened it.

    by      who holds the owner role and, once the task was given to somebody, is that person; or a manager
    raises  UnknownTask, NotTaskOwner, TaskAlreadyDone, TaskIsStep, NotPermitted
    """
    require(by, "work.complete_task")
    task = _locked(task_id, by, "work.complete_task")
    if task.kind == STEP:
        raise TaskIsStep(f"task {task_id} is a step of {task.subject}", task=task_id, subject=task.subject)
    return end_task(task, outcome, note=note, by=by, at=at)


def end_task(task: Task, outcome: str, *, note: str = "", by: Actor, at: datetime) -> TaskCompletion:
    """
    End a task whose row the caller has locked, steps of processes included.

    raises  NotTaskOwner, TaskAlreadyDone, NotPermitted
    """
    require(by, "work.complete_task", task.unit_id)
    _refuse_other_than_owner(task, by)
    _refuse_done(task)
    completion = TaskCompletion.objects.create(task=task, outcome=outcome, note=note, by=by.id, at=at)
    publish(TaskCompleted(task.pk, task.kind, task.subject, outcome), at=at)
    audit.record(by, "work.complete_task", f"task:{task.pk}", at=at, details={"outcome": outcome})
    return completion


@transaction.atomic
def escalate_overdue(*, by: Actor, at: datetime, most: int = 500) -> int:
    """
    Escalate every open task past its limit by one level, once a level; returns how many.

    The first level falls due with the limit itself, each further one after the limit's span once more.
    """
    require(by, "work.escalate")
    span = ExpressionWrapper((F("due_at") - F("opened_at")) * F("levels"), output_field=DurationField())
    late = (
        Task.objects.filter(completion__isnull=True, due_at__lt=at)
        .annotate(levels=Count("escalations"))
        .annotate(falls_due=ExpressionWrapper(F("due_at") + span, output_field=DateTimeField()))
        .filter(_has_further_level(), falls_due__lte=at)
        .order_by("due_at", "id")
    )
    return sum(_escalate(task, task.levels, at) for task in late[:most])


def _has_further_level() -> Q:
    further = Q(pk__in=())
    for kind, limit in task_limits().items():
        further |= Q(kind=kind, levels__lt=len(limit.escalate_to))
    return further


def _escalate(task: Task, levels: int, at: datetime) -> bool:
    level, to_role = levels + 1, task_limit(task.kind).escalate_to[levels]
    _, is_new = TaskEscalation.objects.get_or_create(
        task=task, level=level, defaults={"to_role": to_role, "at": at}
    )
    if is_new:
        publish(TaskEscalated(task.pk, task.kind, task.subject, level, to_role, task.unit_id), at=at)
    return is_new


def _locked(task_id: int, by: Actor, verb: str) -> Task:
    task = Task.objects.select_for_update().filter(pk=task_id).first()
    if task is None:
        raise UnknownTask(f"no task {task_id}", task=task_id)
    require(by, verb, task.unit_id)
    return task


def _refuse_done(task: Task) -> None:
    if TaskCompletion.objects.filter(task=task).exists():
        raise TaskAlreadyDone(f"task {task.pk} is done already", task=task.pk)


def _refuse_other_than_owner(task: Task, by: Actor) -> None:
    if by.holds({Role.SYSTEM}, task.unit_id):
        return
    latest = task.assignments.order_by("-id").first()
    is_given_to_another = latest is not None and by.id != f"person:{latest.person_id}"
    is_manager = task.kind != STEP and by.holds({Role.MANAGER}, task.unit_id)
    if not by.holds(_roles_for(task), task.unit_id) or (is_given_to_another and not is_manager):
        raise NotTaskOwner(
            f"task {task.pk} belongs to {task.owner_role}", task=task.pk, owner_role=task.owner_role,
            assigned_to=latest.person_id if latest else None,
        )  # fmt: skip


def _roles_for(task: Task) -> frozenset[str]:
    """The roles that may do a task; a manager stands in for everybody, but for no step of a process."""
    return frozenset({task.owner_role} if task.kind == STEP else {task.owner_role, Role.MANAGER})
