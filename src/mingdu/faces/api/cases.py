"""Cases of customers: opened, worked, closed by the customer's own word; then callbacks and the board."""

from __future__ import annotations

from typing import Any

from ninja import Router, Schema, Status

from mingdu.faces.writing import Instant
from mingdu.satisfaction.operations import CallOutcome, CallResult, record_result
from mingdu.satisfaction.queries import board, callback_list
from mingdu.service.operations import CaseKind, CaseOrder, Outcome, ask_reread, close_case, open_case
from mingdu.service.queries import CaseView, case_by_number, cases

from .door import Request
from .fields import Body, Id, Number, Words

router = Router(tags=["service"])


class NewCase(Body):
    """What the customer says, about which account and bill."""

    account: Number
    kind: CaseKind
    words: Words
    bill_id: Id | None = None


class CaseWord(Body):
    """The customer's own word on whether it is solved."""

    outcome: Outcome
    words: Words = ""


class CallWord(Body):
    """What a call brought; a reached customer gives a score from 1 to 5."""

    outcome: CallOutcome
    score: int | None = None
    words: Words = ""


class CaseEventAnswer(Schema):
    """One thing that happened to a case."""

    what: str
    at: Instant
    by: str
    details: dict[str, Any]


class CaseAnswer(Schema):
    """A case with what happened to it, in order."""

    number: str
    account: str
    kind: str
    words: str
    bill_id: int | None
    opened_at: Instant
    due_at: Instant
    closed_at: Instant | None
    outcome: str
    events: list[CaseEventAnswer]


class RereadAnswer(Schema):
    """The task of the reader who was sent."""

    task_id: int


class CallbackAnswer(Schema):
    """A call to make, or made."""

    id: int
    account: str
    reason: str
    case: str
    created_at: Instant
    due_at: Instant
    outcome: str
    score: int | None
    words: str
    reached_at: Instant | None


class BoardAnswer(Schema):
    """A closed case with its times and score."""

    case: str
    account: str
    kind: str
    opened_at: Instant
    closed_at: Instant
    seconds_open: int
    outcome: str
    score: int | None
    words: str


@router.post("/cases", response={201: CaseAnswer})
def new_case(request: Request, body: NewCase) -> Status[CaseAnswer]:
    """Open a case; it has an owner and a limit from now on."""
    order = CaseOrder(body.account, body.kind, body.words, bill_id=body.bill_id)
    case = open_case(order, by=request.auth, at=request.now)
    return Status(201, _case(case_by_number(request.auth, case.number, now=request.now)))


@router.get("/cases", response=list[CaseAnswer])
def case_list(request: Request, open_only: bool = False) -> list[CaseAnswer]:
    """List a customer's own cases, or those of a colleague's units, the newest first."""
    return [_case(view) for view in cases(request.auth, open_only=open_only)]


@router.get("/cases/{number}", response=CaseAnswer)
def one_case(request: Request, number: Number) -> CaseAnswer:
    """Show one case."""
    return _case(case_by_number(request.auth, number, now=request.now))


@router.post("/cases/{number}/reread", response=RereadAnswer)
def reread(request: Request, number: Number) -> RereadAnswer:
    """Send a reader to the meter of the case's bill."""
    return RereadAnswer(task_id=ask_reread(number, by=request.auth, at=request.now))


@router.post("/cases/{number}/close", response=CaseAnswer)
def close(request: Request, number: Number, body: CaseWord) -> CaseAnswer:
    """End a case by the customer's own word."""
    close_case(number, body.outcome, words=body.words, by=request.auth, at=request.now)
    return _case(case_by_number(request.auth, number, now=request.now))


@router.get("/callbacks", response=list[CallbackAnswer])
def callbacks(request: Request, open_only: bool = True) -> list[CallbackAnswer]:
    """List the calls to make, the earliest limit first."""
    return [
        CallbackAnswer(
            id=view.id, account=view.account_number, reason=view.reason, case=view.case_number,
            created_at=view.created_at, due_at=view.due_at, outcome=view.outcome, score=view.score,
            words=view.words, reached_at=view.reached_at,
        )
        for view in callback_list(request.auth, open_only=open_only)
    ]  # fmt: skip


@router.post("/callbacks/{id}/result", response={204: None})
def callback_result(request: Request, id: Id, body: CallWord) -> Status[None]:
    """Write down what a call brought."""
    record_result(id, CallResult(body.outcome, body.score, body.words), by=request.auth, at=request.now)
    return Status(204, None)


@router.get("/board", response=list[BoardAnswer])
def score_board(request: Request) -> list[BoardAnswer]:
    """List closed cases with times and scores, the newest first."""
    return [
        BoardAnswer(
            case=row.case_number, account=row.account_number, kind=row.kind, opened_at=row.opened_at,
            closed_at=row.closed_at, seconds_open=row.seconds_open, outcome=row.outcome, score=row.score,
            words=row.words,
        )
        for row in board(request.auth)
    ]  # fmt: skip


def _case(view: CaseView) -> CaseAnswer:
    events = [
        CaseEventAnswer(what=what, at=at, by=by, details=details) for what, at, by, details in view.events
    ]
    return CaseAnswer(
        number=view.number, account=view.account_number, kind=view.kind, words=view.words,
        bill_id=view.bill_id, opened_at=view.opened_at, due_at=view.due_at, closed_at=view.closed_at,
        outcome=view.outcome, events=events,
    )  # fmt: skip
