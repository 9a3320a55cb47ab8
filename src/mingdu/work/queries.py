"""Looking at tasks and process runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from mingdu.base.actors import Actor
from mingdu.base.permissions import require, scope

from .models import ProcessRun, ProcessStep, Task

MOST_ROWS = 500


@dataclass(frozen=True)
class TaskView:
    """A task as lists show it."""

    id: int
    kind: str
    subject: str
    owner_role: str
    opened_at: datetime
    due_at: datetime
    outcome: str
    details: dict[str, Any]


@dataclass(frozen=True)
class StepView:
    """A step of a process run as its page shows it."""

    step: str
    task_id: int
    started_at: datetime
    finished_at: datetime | None


def open_tasks(by: Actor, *, role: str = "", kind: str = "", most: int = 200) -> list[TaskView]:
    """Return open tasks of the actor's units, the earliest limit first."""
    tasks = _visible(by).filter(completion__isnull=True)
    if role:
        tasks = tasks.filter(owner_role=role)
    if kind:
        tasks = tasks.filter(kind=kind)
    return [_view(task) for task in tasks.order_by("due_at", "id")[: min(most, MOST_ROWS)]]


def tasks_about(by: Actor, subject: str) -> list[TaskView]:
    """Return all tasks about one subject, the oldest first."""
    tasks = _visible(by).filter(subject=subject).order_by("opened_at", "id")
    return [_view(task) for task in tasks[:MOST_ROWS]]


def task_by_id(by: Actor, task_id: int) -> TaskView | None:
    """Return one task of the actor's units, or None."""
    task = _visible(by).filter(pk=task_id).first()
    return _view(task) if task else None


def process_steps(by: Actor, run_id: int) -> list[StepView]:
    """Return the steps of a run, in order."""
    require(by, "work.read_tasks")
    units = scope(by, "work.read_tasks").unit_ids
    runs = ProcessRun.objects.filter(pk=run_id)
    if units is not None:
        runs = runs.filter(Q(unit_id__in=units) | Q(unit_id__isnull=True))
    steps = ProcessStep.objects.filter(run__in=runs).order_by("id")
    return [StepView(step.step, step.task_id, step.started_at, step.finished_at) for step in steps]


def process_by_key(key: str) -> int | None:
    """Return the id of the run with this key, or None."""
    return ProcessRun.objects.filter(key=key).values_list("pk", flat=True).first()


def _visible(by: Actor) -> QuerySet[Task]:
    require(by, "work.read_tasks")
    units = scope(by, "work.read_tasks").unit_ids
    tasks = Task.objects.select_related("completion")
    return tasks if units is None else tasks.filter(Q(unit_id__in=units) | Q(unit_id__isnull=True))


def _view(task: Task) -> TaskView:
    completion = getattr(task, "completion", None)
    outcome = completion.outcome if completion else ""
    return TaskView(
        task.pk, task.kind, task.subject, task.owner_role, task.opened_at, task.due_at, outcome, task.details
    )
