"""Proposals of corrections out of corrected readings, each once, written into the case that asked."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from mingdu.base.actors import SYSTEM
from mingdu.billing.corrections import NotBillable, NothingToCorrect, propose_correction
from mingdu.billing.queries import BillView, corrections_of_bill
from mingdu.customers.queries import account_by_id
from mingdu.work.operations import TaskOrder, open_task

from .models import Case


def propose(bill: BillView, case: Case | None, *, reason: str, at: datetime) -> bool:
    """
    Propose to bill again from the readings known now; the same difference for the same case is proposed once.

    reason   what changed the readings: "reread" or "reading_corrected"
    case     the case that asked for it; a bill of another account goes with a case of its own, if one is open
    returns  False when the bill stands as it is
    """
    own = case if case is not None and case.account_id == bill.account_id else _open_case_about(bill)
    try:
        _propose_once(bill, own, reason, at)
    except NothingToCorrect:
        return False
    except NotBillable as refusal:
        _hand_to_clerk(bill, own, refusal, at)
    return True


def _propose_once(bill: BillView, case: Case | None, reason: str, at: datetime) -> None:
    case_id = case.pk if case is not None else None
    with transaction.atomic():
        correction = propose_correction(bill.id, reason, case_id=case_id, by=SYSTEM, at=at)
        # Only now is the bill ours until the transaction ends, and what others proposed is seen.
        if _waits_already(bill.id, correction.pk, (correction.difference_fen, case_id)):
            transaction.set_rollback(True)
            return
    if case is not None:
        details = {"correction": correction.pk, "bill": bill.id, "difference_fen": correction.difference_fen}
        case.note("correction_proposed", by=SYSTEM, at=at, details=details)


def _waits_already(bill_id: int, new_id: int, proposal: tuple[int, int | None]) -> bool:
    waiting = [known for known in corrections_of_bill(bill_id) if not known.approved_by]
    return any(known.id != new_id and (known.difference_fen, known.case_id) == proposal for known in waiting)


def _hand_to_clerk(bill: BillView, case: Case | None, refusal: NotBillable, at: datetime) -> None:
    """Readings that give no bill are a person's work: a task, one a bill and day."""
    order = TaskOrder(
        "correction", f"not_billable:{bill.id}:{at:%Y-%m-%d}", f"bill:{bill.id}", "clerk",
        account_by_id(bill.account_id).unit_id, details={"period": bill.period, **refusal.values},
    )  # fmt: skip
    open_task(order, by=SYSTEM, at=at)
    if case is not None:
        case.note("not_billable", by=SYSTEM, at=at, details=refusal.values)


def _open_case_about(bill: BillView) -> Case | None:
    named = (bill.id, bill.of_bill_id)
    about = Case.objects.filter(account_id=bill.account_id, bill_id__in=named, closure__isnull=True)
    return about.order_by("-id").first()
