"""Looking at tasks and process runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum

from mingdu.base.actors import Actor
from mingdu.base.permissions import require, scope

from .models import ProcessRun, ProcessStep, Task, TaskAssignment

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
    """
    A step of a process run as its page shows it.

    outcome   what came out, by whom (`done_by`); empty while it is open
    returned  how often its work was sent back
    """

    step: str
    task_id: int
    owner_role: str
    started_at: datetime
    due_at: datetime
    finished_at: datetime | None
    outcome: str
    done_by: str
    returned: int


@dataclass(frozen=True)
class ProcessView:
    """A running process with its open step; `returned` sums the returns of all its steps."""

    id: int
    definition: str
    version: int
    key: str
    started_by: str
    started_at: datetime
    step: str
    task_id: int
    owner_role: str
    assigned_to: int | None
    due_at: datetime
    returned: int


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
    runs = _visible_runs(by).filter(pk=run_id)
    steps = ProcessStep.objects.filter(run__in=runs).select_related("task__completion").order_by("id")
    return [_step_view(step) for step in steps]


def running_processes(by: Actor, *, definition: str = "", most: int = 200) -> list[ProcessView]:
    """Return the runs that have an open step, the earliest limit of that step first."""
    runs = _visible_runs(by)
    if definition:
        runs = runs.filter(definition=definition)
    returns = ProcessStep.objects.filter(run=OuterRef("run")).values("run").annotate(sum=Sum("returned"))
    latest = TaskAssignment.objects.filter(task=OuterRef("task")).order_by("-id")
    steps = (
        ProcessStep.objects.filter(run__in=runs, finished_at__isnull=True)
        .select_related("run", "task")
        .annotate(all_returns=Subquery(returns.values("sum")))
        .annotate(assigned_to=Subquery(latest.values("person_id")[:1]))
        .order_by("task__due_at", "run_id")
    )
    return [_process_view(step) for step in steps[: min(most, MOST_ROWS)]]


def process_by_key(key: str) -> int | None:
    """Return the id of the run with this key, or None."""
    return ProcessRun.objects.filter(key=key).values_list("pk", flat=True).first()


def _visible(by: Actor) -> QuerySet[Task]:
    require(by, "work.read_tasks")
    return Task.objects.select_related("completion").filter(_of_units(by))


def _visible_runs(by: Actor) -> QuerySet[ProcessRun]:
    require(by, "work.read_tasks")
    return ProcessRun.objects.filter(_of_units(by))


def _of_units(by: Actor) -> Q:
    units = scope(by, "work.read_tasks").unit_ids
    return Q() if units is None else Q(unit_id__in=units) | Q(unit_id__isnull=True)


def _step_view(step: ProcessStep) -> StepView:
    completion = getattr(step.task, "completion", None)
    outcome, done_by = (completion.outcome, completion.by) if completion else ("", "")
    return StepView(
        step.step, step.task_id, step.task.owner_role, step.started_at, step.task.due_at, step.finished_at,
        outcome, done_by, step.returned,
    )  # fmt: skip


def _process_view(step: Any) -> ProcessView:
    # `Any`, because the query has written `all_returns` and `assigned_to` on the row.
    return ProcessView(
        step.run_id, step.run.definition, step.run.version, step.run.key, step.run.started_by,
        step.run.started_at, step.step, step.task_id, step.task.owner_role, step.assigned_to,
        step.task.due_at, step.all_returns,
    )  # fmt: skip


def _view(task: Task) -> TaskView:
    completion = getattr(task, "completion", None)
    outcome = completion.outcome if completion else ""
    return TaskView(
        task.pk, task.kind, task.subject, task.owner_role, task.opened_at, task.due_at, outcome, task.details
    )
