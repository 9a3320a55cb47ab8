"""Runs of processes, step by step; the reading cycle of a book is one of them."""

from __future__ import annotations

from datetime import date

from ninja import Router, Schema, Status

from mingdu.errors import TradeError
from mingdu.faces.writing import Instant
from mingdu.rounds.operations import start_cycle
from mingdu.rounds.queries import books, cycle
from mingdu.work.processes import assign_step, finish_step, return_step
from mingdu.work.queries import process_steps, running_processes

from .door import Request
from .fields import Body, Filter, Id, Month, Most, Name, Short, Words
from .tasks import Assignment, Completion

router = Router(tags=["work"])


class UnknownProcess(TradeError):
    """There is no such process run within the actor's units."""

    next_step = "look at the list of running processes"


class NewCycle(Body):
    """A book and the month that is read."""

    book: Short
    period: Month


class Return(Body):
    """What has to be done again."""

    reason: Words


class Started(Schema):
    """A run that was started, now or before."""

    id: int


class ProcessAnswer(Schema):
    """A running process with its open step; `returned` counts how often work was sent back in it."""

    id: int
    definition: str
    version: int
    key: str
    started_by: str
    started_at: Instant
    step: str
    task_id: int
    owner_role: str
    assigned_to: int | None
    due_at: Instant
    returned: int


class StepAnswer(Schema):
    """A step of a process run with its task; an open one has no end and no outcome."""

    step: str
    task_id: int
    owner_role: str
    started_at: Instant
    due_at: Instant
    finished_at: Instant | None
    outcome: str
    done_by: str
    returned: int


class BookAnswer(Schema):
    """A reading book with its reading day of the month."""

    book: str
    name: str
    reading_day: int
    points: int


class CycleAnswer(Schema):
    """A book's reading cycle; `added` and `removed` compare its frozen list with the cycle before."""

    id: int
    book: str
    period: str
    frozen_at: Instant | None
    frozen_by: str
    points: int
    added: list[str]
    removed: list[str]


@router.get("/books", response=list[BookAnswer])
def book_list(request: Request) -> list[BookAnswer]:
    """List the reading books of one's units."""
    return [BookAnswer(**vars(book)) for book in books(request.auth)]


@router.post("/reading-cycles", response={201: Started})
def new_cycle(request: Request, body: NewCycle) -> Status[Started]:
    """Start the reading cycle of a book for a month; the same again is the same run."""
    month = date.fromisoformat(f"{body.period}-01")
    return Status(201, Started(id=start_cycle(body.book, month, by=request.auth, at=request.now)))


@router.get("/reading-cycles/{run_id}", response=CycleAnswer)
def one_cycle(request: Request, run_id: Id) -> CycleAnswer:
    """Show the book that a run reads, with its frozen list and what changed since the cycle before."""
    view = cycle(request.auth, run_id)
    if view is None:
        raise UnknownProcess(f"no reading cycle {run_id}", run=run_id)
    return CycleAnswer(
        id=view.run_id, book=view.book, period=f"{view.month:%Y-%m}", frozen_at=view.frozen_at,
        frozen_by=view.frozen_by, points=view.points, added=list(view.added), removed=list(view.removed),
    )  # fmt: skip


@router.get("/processes", response=list[ProcessAnswer])
def running(request: Request, definition: Filter = "", most: Most = 200) -> list[ProcessAnswer]:
    """List the running processes of one's units, the earliest limit of the open step first."""
    views = running_processes(request.auth, definition=definition, most=most)
    return [ProcessAnswer(**vars(view)) for view in views]


@router.get("/processes/{run_id}", response=list[StepAnswer])
def process(request: Request, run_id: Id) -> list[StepAnswer]:
    """Show the steps of a process run, in order."""
    steps = process_steps(request.auth, run_id)
    if not steps:
        raise UnknownProcess(f"no process run {run_id}", run=run_id)
    return [StepAnswer(**vars(step)) for step in steps]


@router.post("/processes/{run_id}/steps/{step}/finish", response={204: None})
def finish(request: Request, run_id: Id, step: Name, body: Completion) -> Status[None]:
    """Finish the open step of a run, by its owner role; the next one opens."""
    finish_step(run_id, step, outcome=body.outcome, note=body.note, by=request.auth, at=request.now)
    return Status(204, None)


@router.post("/processes/{run_id}/steps/{step}/return", response={204: None})
def give_back(request: Request, run_id: Id, step: Name, body: Return) -> Status[None]:
    """Send the work back to the step before, with a reason; each return is counted."""
    return_step(run_id, step, reason=body.reason, by=request.auth, at=request.now)
    return Status(204, None)


@router.post("/processes/{run_id}/steps/{step}/assign", response={204: None})
def assign(request: Request, run_id: Id, step: Name, body: Assignment) -> Status[None]:
    """Give the open step to a person of its owner role, or to another one than before."""
    assign_step(run_id, step, body.person_id, by=request.auth, at=request.now)
    return Status(204, None)
