"""Bill runs and corrections: proposed by one person, approved by another."""

from __future__ import annotations

from ninja import Router, Schema, Status

from mingdu.billing.corrections import approve_correction
from mingdu.billing.operations import approve_run, issue_run, rehearse
from mingdu.billing.queries import RunView, open_corrections, run_status, runs
from mingdu.faces.writing import yuan_text

from .door import Request
from .fields import Body, Id, Month, Words

router = Router(tags=["billing"])


class NewRun(Body):
    """A month, and a book; without one the whole company."""

    period: Month
    book: Words = ""


class RunAnswer(Schema):
    """A bill run: how far it is, what it came to, who proposed and who approved it."""

    id: int
    period: str
    book: str
    attempt: int
    state: str
    buckets: int
    done: int
    errors: list[str]
    bills: int
    held: int
    held_by_check: dict[str, int]
    total: str
    issued_bills: int
    proposed_by: str
    approved_by: str


class CorrectionAnswer(Schema):
    """A correction that waits for approval; a negative difference goes back to the customer."""

    id: int
    account: str
    bill_id: int
    case_id: int | None
    reason: str
    difference: str
    proposed_by: str


class CarriedOut(Schema):
    """A correction that was carried out: its reversal and its rebill."""

    id: int
    bill_id: int
    reversal_id: int
    rebill_id: int
    difference: str


@router.post("/runs/bills", response={201: RunAnswer})
def new_run(request: Request, body: NewRun) -> Status[RunAnswer]:
    """Rehearse a month's bills; workers do it, the run shows how far they are."""
    run = rehearse(body.period, body.book, by=request.auth, at=request.now)
    return Status(201, _run(run_status(request.auth, run.pk)))


@router.get("/runs/bills", response=list[RunAnswer])
def run_list(request: Request, period: Month | None = None) -> list[RunAnswer]:
    """List bill runs, the newest first."""
    return [_run(view) for view in runs(request.auth, period=period or "")]


@router.get("/runs/bills/{id}", response=RunAnswer)
def one_run(request: Request, id: Id) -> RunAnswer:
    """Show one bill run."""
    return _run(run_status(request.auth, id))


@router.post("/runs/bills/{id}/approve", response=RunAnswer)
def approve(request: Request, id: Id) -> RunAnswer:
    """Approve a finished rehearsal; whoever proposed it may not."""
    approve_run(id, by=request.auth, at=request.now)
    return _run(run_status(request.auth, id))


@router.post("/runs/bills/{id}/issue", response=RunAnswer)
def issue(request: Request, id: Id) -> RunAnswer:
    """Issue an approved run: from then on its bills are owed."""
    issue_run(id, by=request.auth, at=request.now)
    return _run(run_status(request.auth, id))


@router.get("/corrections", response=list[CorrectionAnswer])
def corrections(request: Request) -> list[CorrectionAnswer]:
    """List corrections that wait for approval, the oldest first."""
    return [
        CorrectionAnswer(
            id=view.id, account=view.account_number, bill_id=view.bill_id, case_id=view.case_id,
            reason=view.reason, difference=yuan_text(view.difference_fen), proposed_by=view.proposed_by,
        )
        for view in open_corrections(request.auth)
    ]  # fmt: skip


@router.post("/corrections/{id}/approve", response=CarriedOut)
def approve_one_correction(request: Request, id: Id) -> CarriedOut:
    """Reverse the bill and bill again; whoever proposed it may not."""
    done = approve_correction(id, by=request.auth, at=request.now)
    # Carried out, it has both.
    assert done.reversal_id is not None and done.rebill_id is not None
    return CarriedOut(
        id=done.pk, bill_id=done.bill_id, reversal_id=done.reversal_id, rebill_id=done.rebill_id,
        difference=yuan_text(done.difference_fen),
    )  # fmt: skip


def _run(view: RunView) -> RunAnswer:
    return RunAnswer(
        id=view.id, period=view.period, book=view.book, attempt=view.attempt, state=view.state,
        buckets=view.buckets, done=view.done, errors=list(view.errors), bills=view.bills, held=view.held,
        held_by_check=view.held_by_check, total=yuan_text(view.total_fen), issued_bills=view.issued_bills,
        proposed_by=view.proposed_by, approved_by=view.approved_by,
    )  # fmt: skip
