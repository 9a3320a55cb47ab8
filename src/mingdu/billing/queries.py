"""Looking at bill runs and bills; a bill is printed from its row and proven against it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import Sum

from mingdu.base import audit, ledger
from mingdu.base.actors import Actor
from mingdu.base.database import reading_connection
from mingdu.base.permissions import require, scope
from mingdu.core.registers import Register
from mingdu.customers.queries import UnknownAccount, account_by_id, places_of_accounts
from mingdu.errors import TradeError

from .document import bill_document
from .models import BillRun, Correction, HeldAccount, Issue
from .rows import BILL, KIND_WORDS, REBILL, BillRow, read_rows

MOST_ROWS = 500
# A bill of a run is owed once its bucket is issued; reversal and rebill are issued by their correction.
ISSUED = """(b.kind <> 1 OR EXISTS (
    SELECT FROM billing_issue i WHERE i.run_id = b.run_id AND i.bucket = b.bucket))"""


class UnknownRun(TradeError):
    """There is no such bill run."""

    next_step = "look at the list of runs"


class UnknownBill(TradeError):
    """There is no such issued bill for this actor; a foreign one looks exactly the same."""

    next_step = "look at the account's bills"


@dataclass(frozen=True)
class BillView:
    """An issued bill as lists show it; `is_current` is false once it was reversed."""

    id: int
    account_id: int
    usage_point_id: int
    period: str
    kind: str
    of_bill_id: int
    registers: tuple[Register, ...]
    read_to: datetime
    energy_wh: int
    total_fen: int
    is_current: bool


@dataclass(frozen=True)
class Totals:
    """What a rehearsal came to."""

    bills: int
    held: int
    total_fen: int


@dataclass(frozen=True)
class RunView:
    """A bill run with its state, which is read off its records."""

    id: int
    period: str
    book: str
    attempt: int
    state: str
    buckets: int
    done: int
    errors: tuple[str, ...]
    bills: int
    held: int
    total_fen: int
    issued_bills: int
    proposed_by: str
    approved_by: str
    held_by_check: dict[str, int]


@dataclass(frozen=True)
class CorrectionView:
    """A proposed or approved correction."""

    id: int
    bill_id: int
    account_number: str
    case_id: int | None
    reason: str
    difference_fen: int
    proposed_by: str
    approved_by: str
    rebill_id: int | None


def totals(run: BillRun) -> Totals:
    """Return the sums over the buckets of a rehearsal."""
    found = ledger.results(run.ledger_run_id)
    return Totals(*(sum(result[name] for result in found) for name in ("bills", "held", "total_fen")))


def runs(by: Actor, *, period: str = "") -> list[RunView]:
    """Return bill runs, the newest first."""
    require(by, "billing.read_runs")
    found = BillRun.objects.select_related("approval").order_by("-id")
    if period:
        found = found.filter(period_from=f"{period}-01")
    return [_run_view(run) for run in found[:MOST_ROWS]]


def run_status(by: Actor, run_id: int) -> RunView:
    """Return one run; raises UnknownRun."""
    require(by, "billing.read_runs")
    run = BillRun.objects.select_related("approval").filter(pk=run_id).first()
    if run is None:
        raise UnknownRun(f"no bill run {run_id}", run=run_id)
    return _run_view(run)


def bills_of_account(by: Actor, account_id: int) -> list[BillView]:
    """Return an account's issued bills, the oldest first; raises UnknownBill for an account out of scope."""
    require(by, "billing.read")
    if not may_see(by, "billing.read", account_id):
        raise UnknownBill(f"no bills of account {account_id}", account_id=account_id)
    return issued_bills(account_id)


def issued_bills(account_id: int) -> list[BillView]:
    """Return an account's issued bills for subjects that have asked their own door."""
    rows = read_rows(reading_connection(), f"b.account_id = %s AND {ISSUED}", (account_id,))
    replaced = {row.of_bill_id for row in rows}
    return [_bill_view(row, replaced) for row in rows]


def bill_of_account(account_id: int, bill_id: int) -> BillView:
    """Return one issued bill of an account; raises UnknownBill."""
    for view in issued_bills(account_id):
        if view.id == bill_id:
            return view
    raise UnknownBill(f"no bill {bill_id}", bill=bill_id)


def current_bills_of_point(usage_point_id: int, read_at: datetime) -> list[BillView]:
    """
    Return current bills that a reading of this point at this instant may be part of.

    That is one at an end of the period, and one within it: what both meters of an exchange showed.
    """
    day = read_at.astimezone(settings.ZONE).date()
    condition = f"b.usage_point_id = %s AND b.period_from <= %s AND b.period_to >= %s AND {ISSUED}"
    rows = read_rows(reading_connection(), condition, (usage_point_id, day, day))
    replaced = {row.of_bill_id for row in rows}
    return [view for row in rows if (view := _bill_view(row, replaced)).is_current]


def bill_json(by: Actor, bill_id: int, *, now: datetime) -> dict[str, Any]:
    """
    Return one bill as the object of CONTRACTS, which `mingdu verify` recomputes.

    raises  UnknownBill, the same for a foreign bill, which leaves an audit row;
            BillNotReproduced when the stored row and the recomputed bill differ
    Call it outside a transaction: one that the error rolls back would take the audit row along.
    """
    require(by, "billing.read")
    row = _issued(bill_id)
    if row is None or not may_see(by, "billing.read", row.account_id):
        raise refused_bill(by, bill_id, "billing.read", now=now)
    return bill_document(row)


def refused_bill(by: Actor, bill_id: int, verb: str, *, now: datetime) -> UnknownBill:
    """Return the error for a bill that this actor may not name; one that is not his leaves an audit row."""
    row = _issued(bill_id)
    if row is not None and not may_see(by, verb, row.account_id):
        audit.record(by, "billing.foreign_bill", f"bill:{bill_id}", at=now, details={"verb": verb})
    return UnknownBill(f"no bill {bill_id}", bill=bill_id)


def open_corrections(by: Actor) -> list[CorrectionView]:
    """Return corrections that wait for approval, the oldest first."""
    require(by, "billing.read_runs")
    found = Correction.objects.filter(approved_at__isnull=True).order_by("id")[:MOST_ROWS]
    return [_correction_view(row) for row in found]


def corrections_of_bill(bill_id: int) -> list[CorrectionView]:
    """Return all corrections of one bill for subjects that have asked their own door."""
    return [_correction_view(row) for row in Correction.objects.filter(bill_id=bill_id).order_by("id")]


def held_accounts(by: Actor, run_id: int) -> list[tuple[str, str, dict[str, Any]]]:
    """Return (account number, check, figures) of everything that a run held back."""
    require(by, "billing.read_runs")
    found = HeldAccount.objects.filter(run_id=run_id).order_by("check_name", "account_id")[:MOST_ROWS]
    places = places_of_accounts(reading_connection(), {row.account_id for row in found})
    return [(places[row.account_id].account_number, row.check_name, row.values) for row in found]


def may_see(by: Actor, verb: str, account_id: int) -> bool:
    """Tell whether an account is in the actor's scope under this verb; an unknown account never is."""
    seen = scope(by, verb)
    if account_id in seen.account_ids:
        return True
    try:
        return seen.covers_unit(account_by_id(account_id).unit_id)
    except UnknownAccount:
        return False


def _issued(bill_id: int) -> BillRow | None:
    rows = read_rows(reading_connection(), f"b.id = %s AND {ISSUED}", (bill_id,))
    return rows[0] if rows else None


def _bill_view(row: BillRow, replaced: set[int]) -> BillView:
    return BillView(
        row.id, row.account_id, row.usage_point_id, f"{row.period_from:%Y-%m}", KIND_WORDS[row.kind],
        row.of_bill_id, tuple(Register(number) for number in row.registers), _midnight(row.period_to),
        row.energy_wh, row.total_fen,
        row.kind in (BILL, REBILL) and row.id not in replaced,
    )  # fmt: skip


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=settings.ZONE)


def _run_view(run: BillRun) -> RunView:
    progress, found = ledger.progress(run.ledger_run_id), totals(run)
    approval = getattr(run, "approval", None)
    issued = Issue.objects.filter(run=run).aggregate(bills=Sum("bills"))["bills"] or 0
    issue_run = ledger.run_of("billing.issue", f"bill_run:{run.pk}")
    held = HeldAccount.objects.filter(run=run).values_list("check_name", flat=True)
    by_check: dict[str, int] = {}
    for name in held:
        by_check[name] = by_check.get(name, 0) + 1
    errors = ledger.errors(run.ledger_run_id) + (ledger.errors(issue_run) if issue_run else [])
    return RunView(
        run.pk, f"{run.period_from:%Y-%m}", run.book_code, run.attempt,
        _state(progress.is_done, approval is not None, issue_run), progress.buckets, progress.done,
        tuple(errors), found.bills, found.held, found.total_fen, issued, run.proposed_by,
        approval.by if approval else "", by_check,
    )  # fmt: skip


def _state(rehearsed: bool, approved: bool, issue_run: int | None) -> str:
    if issue_run is not None:
        return "issued" if ledger.progress(issue_run).is_done else "issuing"
    if approved:
        return "approved"
    return "rehearsed" if rehearsed else "rehearsing"


def _correction_view(row: Correction) -> CorrectionView:
    return CorrectionView(
        row.pk, row.bill_id, account_by_id(row.account_id).account_number, row.case_id, row.reason,
        row.difference_fen, row.proposed_by, row.approved_by, row.rebill_id,
    )  # fmt: skip
