"""What service does when readings were corrected, when a re-read is in, and when a bill was corrected."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mingdu.base.actors import SYSTEM
from mingdu.billing.queries import bill_of_account, corrections_of_bill, current_bills_of_point
from mingdu.core.money import yuan_text
from mingdu.core.registers import Register
from mingdu.customers.queries import account_by_id
from mingdu.rounds.queries import stands_by_reread

from .models import Case
from .proposals import propose
from .queries import standing_bill
from .reasons import reason_text
from .telling import tell, tell_customer


def weigh_reread(event: dict[str, Any], now: datetime) -> None:
    """
    Propose to correct every bill that the re-read changes: the case's own and, once issued, its neighbour.

    A case whose bill the re-read confirms is explained to its customer.
    """
    case = _case_of(event["reason"])
    if case is not None:
        details = {"task": event["task_id"], "corrected": event["corrected"]}
        case.note("reread_in", by=SYSTEM, at=now, details=details)
    in_doubt = _propose_all(event, case, "reread", now)
    if case is not None:
        _explain_if_it_stands(case, event["task_id"], in_doubt, now)


def weigh_failed_reread(event: dict[str, Any], now: datetime) -> None:
    """Write into its case that a re-read was ended before its last value; what came in before counts."""
    case = _case_of(event["reason"])
    if case is not None:
        details = {"task": event["task_id"], "outcome": event["outcome"]}
        case.note("reread_failed", by=SYSTEM, at=now, details=details)
    _propose_all(event, case, "reread", now)


def weigh_correction(event: dict[str, Any], now: datetime) -> None:
    """Propose to correct the bills that a corrected reading belongs to, as their end or their start."""
    register, read_at = Register(event["register"]), datetime.fromisoformat(event["read_at"])
    # A re-read is weighed whole, when its last register is in.
    if not stands_by_reread(event["usage_point_id"], register, read_at):
        _propose_all(event, None, "reading_corrected", now)


def tell_correction(event: dict[str, Any], now: datetime) -> None:
    """Tell the customer old, new, difference and reason of a corrected bill, asked for by a case or not."""
    account = account_by_id(event["account_id"])
    old, new, about = event["old_fen"], event["new_fen"], f"{event['correction_id']}"
    reasons = {known.id: known.reason for known in corrections_of_bill(event["bill_id"])}
    variables = {
        "old_amount": yuan_text(old),
        "new_amount": yuan_text(new),
        "difference": yuan_text(new - old),
        "reason": reason_text(reasons[event["correction_id"]], account.customer_language),
    }
    case = Case.objects.filter(pk=event["case_id"]).first() if event["case_id"] else None
    if case is None:
        period = bill_of_account(account.id, event["rebill_id"]).period
        variables |= {"account": account.account_number, "period": period}
        tell_customer(account, "bill_corrected_unasked", variables, about=about, at=now)
        return
    details = {"rebill": event["rebill_id"], "old_fen": old, "new_fen": new}
    case.note("corrected", by=SYSTEM, at=now, details=details)
    tell(case, "bill_corrected", variables, about=about, at=now)


def _case_of(reason: str) -> Case | None:
    kind, _, number = reason.partition(":")
    return Case.objects.filter(number=number, bill_id__isnull=False).first() if kind == "case" else None


def _propose_all(event: dict[str, Any], case: Case | None, reason: str, now: datetime) -> set[int]:
    """Return the bills that no longer stand unquestioned."""
    bills = current_bills_of_point(event["usage_point_id"], datetime.fromisoformat(event["read_at"]))
    return {bill.id for bill in bills if propose(bill, case, reason=reason, at=now)}


def _explain_if_it_stands(case: Case, task_id: int, in_doubt: set[int], now: datetime) -> None:
    assert case.bill_id is not None
    bill = standing_bill(case.account_id, case.bill_id)
    if bill.id in in_doubt:
        return
    case.note("explained", by=SYSTEM, at=now, details={"bill": bill.id, "total_fen": bill.total_fen})
    tell(case, "case_explained", {"amount": yuan_text(bill.total_fen)}, about=f"{task_id}", at=now)
