"""Tasks: work with an owner and a limit."""

from __future__ import annotations

from typing import Any

from ninja import Router, Schema, Status

from mingdu.faces.writing import Instant
from mingdu.work.operations import UnknownTask, assign_task, complete_task
from mingdu.work.queries import TaskView, open_tasks, task_by_id

from .door import Request
from .fields import Body, Filter, Id, Most, Name, Words

router = Router(tags=["work"])


class Assignment(Body):
    """Who is to do it."""

    person_id: Id


class Completion(Body):
    """What came out."""

    outcome: Name
    note: Words = ""


class TaskAnswer(Schema):
    """A task with its limit; `outcome` is empty while it is open."""

    id: int
    kind: str
    subject: str
    owner_role: str
    opened_at: Instant
    due_at: Instant
    outcome: str
    details: dict[str, Any]


@router.get("/tasks", response=list[TaskAnswer])
def task_list(request: Request, role: Filter = "", kind: Filter = "", most: Most = 200) -> list[TaskAnswer]:
    """List the open tasks of one's units, the earliest limit first."""
    return [_task(view) for view in open_tasks(request.auth, role=role, kind=kind, most=most)]


@router.get("/tasks/{id}", response=TaskAnswer)
def one_task(request: Request, id: Id) -> TaskAnswer:
    """Show one task."""
    view = task_by_id(request.auth, id)
    if view is None:
        raise UnknownTask(f"no task {id}", task=id)
    return _task(view)


@router.post("/tasks/{id}/assign", response={204: None})
def assign(request: Request, id: Id, body: Assignment) -> Status[None]:
    """Give an open task to a person who may do it."""
    assign_task(id, body.person_id, by=request.auth, at=request.now)
    return Status(204, None)


@router.post("/tasks/{id}/complete", response={204: None})
def complete(request: Request, id: Id, body: Completion) -> Status[None]:
    """End a task with what came out: by its owner, or a manager of its unit."""
    complete_task(id, body.outcome, note=body.note, by=request.auth, at=request.now)
    return Status(204, None)


def _task(view: TaskView) -> TaskAnswer:
    return TaskAnswer(
        id=view.id, kind=view.kind, subject=view.subject, owner_role=view.owner_role,
        opened_at=view.opened_at, due_at=view.due_at, outcome=view.outcome, details=view.details,
    )  # fmt: skip
