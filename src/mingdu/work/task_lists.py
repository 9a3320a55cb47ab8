"""Lists of open tasks as the desks show them: by kind, one's own or all, late ones first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import OuterRef, Q, QuerySet, Subquery

from mingdu.base.actors import Actor
from mingdu.base.permissions import require, scope
from mingdu.base.queries import names_of, persons_with_role
from mingdu.base.roles import Role

from .models import Task, TaskAssignment
from .operations import STEP

VERB = "work.read_tasks"


@dataclass(frozen=True)
class TaskFilter:
    """
    Which open tasks are wanted.

    kind      of rules/tasks/limits.yaml; empty: all
    is_mine   given to the actor, or to nobody and owned by a role of his
    late_at   only those whose limit was missed at this instant
    """

    kind: str = ""
    is_mine: bool = False
    late_at: datetime | None = None


class ListedTask(NamedTuple):
    """An open or done task; `assigned_to` is the number of the person who has it in hand, None: nobody."""

    pk: int
    kind: str
    subject: str
    owner_role: str
    unit_id: int | None
    opened_at: datetime
    due_at: datetime
    details: dict[str, Any]
    assigned_to: int | None


def tasks_listed(by: Actor, wanted: TaskFilter) -> QuerySet[Task, ListedTask]:
    """Return the open tasks of the actor's units, the earliest limit first, lazily."""
    found = _seen(by).filter(completion__isnull=True).order_by("due_at", "pk")
    if wanted.kind:
        found = found.filter(kind=wanted.kind)
    if wanted.late_at:
        found = found.filter(due_at__lt=wanted.late_at)
    return _rows(found.filter(_mine(by)) if wanted.is_mine else found)


def task_listed(by: Actor, task_id: int) -> ListedTask | None:
    """Return one task, open or done; None for a foreign one as for none."""
    return next(iter(_rows(_seen(by).filter(pk=task_id))), None)


def people_for(by: Actor, task: ListedTask) -> list[tuple[int, str]]:
    """Return (number, name) of the people whom the task may be given to, by name."""
    require(by, "work.assign_task", task.unit_id)
    roles = [task.owner_role] if task.kind == STEP else [task.owner_role, Role.MANAGER.value]
    numbers = {number for role in roles for number, _ in persons_with_role(role, task.unit_id)}
    names = names_of({f"person:{number}" for number in numbers})
    return sorted(((number, names[f"person:{number}"]) for number in numbers), key=lambda pair: pair[1])


def _seen(by: Actor) -> QuerySet[Task]:
    require(by, VERB)
    units = scope(by, VERB).unit_ids
    if units is None:
        return Task.objects.all()
    return Task.objects.filter(Q(unit_id__in=units) | Q(unit_id__isnull=True))


def _rows(found: QuerySet[Task]) -> QuerySet[Task, ListedTask]:
    named = found.annotate(assigned_to=_latest_person())
    rows: QuerySet[Task, ListedTask] = named.values_list(*ListedTask._fields, named=True)
    return rows


def _latest_person() -> Subquery:
    latest = TaskAssignment.objects.filter(task=OuterRef("pk")).order_by("-id")
    return Subquery(latest.values("person_id")[:1])


def _mine(by: Actor) -> Q:
    given = Task.objects.annotate(given_to=_latest_person())
    roles = [role.value for role in by.roles]
    mine = given.filter(Q(given_to=by.number) | Q(given_to__isnull=True, owner_role__in=roles))
    return Q(pk__in=mine.values("pk"))
