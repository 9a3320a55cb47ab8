"""Runs of a process definition: each step is a task; finishing it opens the next, returning it the former."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from mingdu.base import audit
from mingdu.base.actors import Actor
from mingdu.base.outbox import publish
from mingdu.base.permissions import require
from mingdu.core.clock import civil_day
from mingdu.errors import TradeError
from mingdu.rulebook.calendars import working_calendar
from mingdu.rulebook.processes import Step, process_on, process_version

from .events import ProcessFinished
from .models import ProcessRun, ProcessStep, Task, TaskCompletion
from .operations import STEP, TaskOrder, assign_task, end_task, open_task

RETURNED = "returned"


class UnknownStep(TradeError):
    """The run has no open step of this name."""

    next_step = "look at the run; steps are done in their order"


class SamePerson(TradeError):
    """This step has to be done by another person than an earlier one."""

    next_step = "let a colleague of the owner role do it, who had no hand in the earlier step"


class NothingToReturn(TradeError):
    """The first step of a run has none before it to which it could be returned."""

    next_step = "finish it, or let it stand until what it waits for is there"


class ReasonMissing(TradeError):
    """A step is returned without a word on what has to be done again."""

    next_step = "say what is wrong, so that it can be mended"


@dataclass(frozen=True)
class Done:
    """A step as it is being finished: what a subject that has a part in it acts upon."""

    run_id: int
    key: str
    by: Actor
    at: datetime


Part = Callable[[Done], None]

_parts: dict[tuple[str, str], Part] = {}


def register_part(definition: str, step_id: str, part: Part) -> None:
    """
    Register what a subject does when a step is finished, in the same transaction; called when the apps start.

    What it raises keeps the step open.
    """
    _parts[definition, step_id] = part


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
        _open_step(run, definition.steps[0], by=by, at=at)
        audit.record(by, "work.start_process", f"process:{run.pk}", at=at, details={"key": key})
    return run


@transaction.atomic
def finish_step(run_id: int, step_id: str, *, outcome: str, note: str = "", by: Actor, at: datetime) -> None:
    """
    Finish the open step of a run and open the next; the last one ends the run with an event.

    by      who holds the step's owner role; where the definition asks for it, nobody who did an earlier step
    raises  UnknownStep, NotTaskOwner, SamePerson, NotPermitted; what the step's part raises
    """
    require(by, "work.complete_task")
    step = _locked_step(run_id, step_id, by, "work.complete_task")
    run, definition = step.run, process_version(step.run.definition, step.run.version)
    described = definition.step(step_id)
    _refuse_same_person(run, described, by)
    end_task(step.task, outcome, note=note, by=by, at=at)
    if part := _parts.get((run.definition, step_id)):
        part(Done(run.pk, run.key, by, at))
    step.finished_at = at
    step.save(update_fields=["finished_at"])
    if described.next is None:
        publish(ProcessFinished(run.pk, run.definition, run.key), at=at)
    else:
        _open_step(run, definition.step(described.next), by=by, at=at)


@transaction.atomic
def return_step(run_id: int, step_id: str, *, reason: str, by: Actor, at: datetime) -> None:
    """
    Send the work back (退回): end the open step, open the one before it once more, and count its return.

    by      who holds the owner role of the open step
    raises  ReasonMissing, UnknownStep, NothingToReturn, NotTaskOwner, NotPermitted
    """
    require(by, "work.complete_task")
    if not reason.strip():
        raise ReasonMissing("a return needs a reason", run=run_id, step=step_id)
    step = _locked_step(run_id, step_id, by, "work.complete_task")
    run, definition = step.run, process_version(step.run.definition, step.run.version)
    former = definition.before(step_id)
    if former is None:
        raise NothingToReturn(f"{step_id} is the first step of run {run_id}", run=run_id, step=step_id)
    end_task(step.task, RETURNED, note=reason, by=by, at=at)
    step.finished_at = at
    step.save(update_fields=["finished_at"])
    _open_step(run, former, by=by, at=at, reason=reason)
    details = {"step": step_id, "to": former.id, "reason": reason}
    audit.record(by, "work.return_step", f"process:{run.pk}", at=at, details=details)


@transaction.atomic
def assign_step(run_id: int, step_id: str, person_id: int, *, by: Actor, at: datetime) -> None:
    """
    Give the open step of a run to a person of its owner role; the latest assignment holds.

    raises  UnknownStep, UnknownPerson, PersonWithoutRole, NotPermitted
    """
    require(by, "work.assign_task")
    step = _locked_step(run_id, step_id, by, "work.assign_task")
    assign_task(step.task_id, person_id, by=by, at=at)


def _locked_step(run_id: int, step_id: str, by: Actor, verb: str) -> ProcessStep:
    """Return the open step, with its run and its task locked."""
    run = ProcessRun.objects.select_for_update().filter(pk=run_id).first()
    step = ProcessStep.objects.filter(run_id=run_id, step=step_id, finished_at__isnull=True).first()
    if run is None or step is None:
        raise UnknownStep(f"run {run_id} has no open step {step_id}", run=run_id, step=step_id)
    require(by, verb, run.unit_id)
    step.run, step.task = run, Task.objects.select_for_update().get(pk=step.task_id)
    return step


def _refuse_same_person(run: ProcessRun, step: Step, by: Actor) -> None:
    done = TaskCompletion.objects.filter(
        task__in=ProcessStep.objects.filter(run=run, step__in=step.other_person_than).values("task"), by=by.id
    )
    if done.exists():
        raise SamePerson(
            f"{step.id} has to be done by another person than {' and '.join(step.other_person_than)}",
            run=run.pk, step=step.id, other_person_than=list(step.other_person_than),
        )  # fmt: skip


def _open_step(run: ProcessRun, step: Step, *, by: Actor, at: datetime, reason: str = "") -> None:
    """Open a step, or open it once more; a reason says that its work was returned."""
    before = ProcessStep.objects.filter(run=run, step=step.id).first()
    subject = f"process:{run.pk}"
    times = Task.objects.filter(subject=subject, key__startswith=f"{subject}:{step.id}:").count()
    order = TaskOrder(
        kind=STEP,
        key=f"{subject}:{step.id}:{times + 1}",
        subject=subject,
        owner_role=step.owner_role,
        unit_id=run.unit_id,
        limit_hours=step.limit_hours,
        details={
            "title": {"zh": step.title.zh, "en": step.title.en},
            "key": run.key,
            **({"returned": reason} if reason else {}),
        },
    )
    task = open_task(order, by=by, at=at)
    returned = (before.returned if before else 0) + bool(reason)
    ProcessStep.objects.update_or_create(
        run=run, step=step.id,
        defaults={"task": task, "started_at": at, "finished_at": None, "returned": returned},
    )  # fmt: skip
