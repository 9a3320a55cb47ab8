"""Looking at cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from mingdu.base import audit
from mingdu.base.actors import Actor
from mingdu.base.permissions import require, scope
from mingdu.billing.queries import BillView, bill_of_account, issued_bills
from mingdu.errors import TradeError

from .models import Case

MOST_ROWS = 500
# What ends a reader's visit: his values are in, or the task was ended without them.
REREAD_ENDS = ("reread_in", "reread_failed")


class UnknownCase(TradeError):
    """There is no such case for this actor; a foreign one looks exactly the same."""

    next_step = "check the case number"


@dataclass(frozen=True)
class CaseView:
    """A case with what happened to it."""

    id: int
    number: str
    account_id: int
    account_number: str
    kind: str
    words: str
    bill_id: int | None
    opened_at: datetime
    due_at: datetime
    closed_at: datetime | None
    outcome: str
    events: tuple[tuple[str, datetime, str, dict[str, Any]], ...]


@dataclass(frozen=True)
class CaseFacts:
    """The few facts of a case that other subjects print."""

    number: str
    kind: str
    opened_at: datetime
    closed_at: datetime | None
    outcome: str


def cases(by: Actor, *, open_only: bool = False, most: int = 200) -> list[CaseView]:
    """Return the actor's cases: his own for a customer, his units' for staff; the newest first."""
    found = _visible(by)
    if open_only:
        found = found.filter(closure__isnull=True)
    return [_view(case) for case in found.order_by("-id")[: min(most, MOST_ROWS)]]


def case_by_number(by: Actor, number: str, *, now: datetime) -> CaseView:
    """
    Return one case.

    raises  UnknownCase for a foreign one exactly as for an unknown one; a foreign one leaves an audit row
    Call it outside a transaction: one that the error rolls back would take the audit row along.
    """
    case = _visible(by).filter(number=number).first()
    if case is None:
        raise refused_case(by, number, "service.read", now=now)
    return _view(case)


def refused_case(by: Actor, number: str, verb: str, *, now: datetime) -> UnknownCase:
    """Return the error for a case that this actor may not name; one that is there leaves an audit row."""
    if Case.objects.filter(number=number).exists():
        audit.record(by, "service.foreign_case", f"case:{number}", at=now, details={"verb": verb})
    return UnknownCase(f"no case {number}", case=number)


def case_facts(case_ids: set[int]) -> dict[int, CaseFacts]:
    """Return what subjects above print of cases, by id; they have asked their own door."""
    found = Case.objects.select_related("closure").filter(pk__in=case_ids)
    return {case.pk: _facts(case) for case in found}


def standing_bill(account_id: int, bill_id: int) -> BillView:
    """
    Return the bill that stands today for the month of an account's bill: itself, or its latest rebill.

    For this subject, which has asked its own door; raises UnknownBill.
    """
    named = bill_of_account(account_id, bill_id)
    # A correction reverses and bills again at once, so one bill of the month always stands.
    return next(bill for bill in issued_bills(account_id) if bill.period == named.period and bill.is_current)


def _facts(case: Case) -> CaseFacts:
    closure = getattr(case, "closure", None)
    return CaseFacts(
        case.number,
        case.kind,
        case.opened_at,
        closure.at if closure else None,
        closure.outcome if closure else "",
    )


def _visible(by: Actor) -> QuerySet[Case]:
    require(by, "service.read")
    seen = scope(by, "service.read")
    found = Case.objects.select_related("account", "closure").prefetch_related("events")
    if seen.unit_ids is None:
        return found
    return found.filter(Q(unit_id__in=seen.unit_ids) | Q(account_id__in=seen.account_ids))


def _view(case: Case) -> CaseView:
    closure = getattr(case, "closure", None)
    events = sorted(case.events.all(), key=lambda event: event.pk)
    return CaseView(
        case.pk, case.number, case.account_id, case.account.account_number, case.kind, case.words,
        case.bill_id, case.opened_at, case.due_at,
        closure.at if closure else None, closure.outcome if closure else "",
        tuple((event.what, event.at, event.by, event.details) for event in events),
    )  # fmt: skip
