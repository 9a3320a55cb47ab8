"""Runs of a process definition: each step is a task; finishing one opens the next."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from mingdu.base import audit
from mingdu.base.actors import Actor
from mingdu.base.outbox import publish
from mingdu.base.permissions import require
from mingdu.core.clock import civil_day
from mingdu.errors import TradeError
from mingdu.rulebook.calendars import working_calendar
from mingdu.rulebook.processes import ProcessDefinition, process_on, process_version

from .events import ProcessFinished
from .models import ProcessRun, ProcessStep
from .operations import TaskAlreadyDone, TaskOrder, complete_task, open_task


class UnknownStep(TradeError):
    """The run has no open step of this name."""

    next_step = "look at the run; steps are done in their order"


@transaction.atomic
def start_process(name: str, key: str, *, unit_id: int | None, by: Actor, at: datetime) -> ProcessRun:
    """
    Start a run in the version of the day and open its first step; the same key again returns the run.

    raises  UnknownProcess, NotPermitted
    """
    require(by, "work.run_process", unit_id)
    definition = process_on(name, civil_day(at, working_calendar().zone))
    run, is_new = ProcessRun.objects.get_or_create(
        key=key,
        defaults={
            "definition": name,
            "version": definition.version,
            "unit_id": unit_id,
            "started_by": by.id,
            "started_at": at,
        },
    )
    if is_new:
        _open_step(run, definition, definition.steps[0].id, by=by, at=at)
        audit.record(by, "work.start_process", f"process:{run.pk}", at=at, details={"key": key})
    return run


@transaction.atomic
def finish_step(run_id: int, step_id: str, *, outcome: str, note: str = "", by: Actor, at: datetime) -> None:
    """
    Finish the open step of a run and open the next; the last one ends the run with an event.

    A step whose task was completed by itself before keeps that outcome, and the run goes on.
    raises  UnknownStep, NotPermitted
    """
    require(by, "work.complete_task")
    run = ProcessRun.objects.select_for_update().filter(pk=run_id).first()
    step = ProcessStep.objects.filter(run_id=run_id, step=step_id, finished_at__isnull=True).first()
    if run is None or step is None:
        raise UnknownStep(f"run {run_id} has no open step {step_id}", run=run_id, step=step_id)
    require(by, "work.complete_task", run.unit_id)
    _complete(step.task_id, outcome, note, by=by, at=at)
    step.finished_at = at
    step.save(update_fields=["finished_at"])
    definition = process_version(run.definition, run.version)
    following = definition.step(step_id).next
    if following is None:
        publish(ProcessFinished(run.pk, run.definition, run.key), at=at)
    else:
        _open_step(run, definition, following, by=by, at=at)


def _complete(task_id: int, outcome: str, note: str, *, by: Actor, at: datetime) -> None:
    try:
        complete_task(task_id, outcome, note=note, by=by, at=at)
    except TaskAlreadyDone:
        return


def _open_step(
    run: ProcessRun, definition: ProcessDefinition, step_id: str, *, by: Actor, at: datetime
) -> None:
    step = definition.step(step_id)
    order = TaskOrder(
        kind="process_step",
        key=f"process:{run.pk}:{step_id}",
        subject=f"process:{run.pk}",
        owner_role=step.owner_role,
        unit_id=run.unit_id,
        limit_hours=step.limit_hours,
        details={"title": {"zh": step.title.zh, "en": step.title.en}, "key": run.key},
    )
    task = open_task(order, by=by, at=at)
    ProcessStep.objects.create(run=run, step=step_id, task=task, started_at=at)
