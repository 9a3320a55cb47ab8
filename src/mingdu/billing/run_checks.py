"""What a clerk looks at before a run is issued (核算检查): totals and accounts against the month before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.db.models import QuerySet

from mingdu.base.actors import Actor
from mingdu.base.database import cursor, reading_connection
from mingdu.base.permissions import require
from mingdu.customers.queries import places_of_accounts

from .models import BillRun, BillRunApproval, HeldAccount
from .period import Period
from .queries import ISSUED, RunView, UnknownRun, run_status

VERB = "billing.read_runs"
MOST_CHANGES = 10
MOST_ZERO = 50
# Runs that are looked through for those in hand.
MOST_LATEST = 24

# The month before as it stands: bills with their reversals and rebills, of the accounts of this run.
_COMPARED = f"""
    WITH now AS (
        SELECT id, account_id, energy_wh, total_fen FROM billing_bill
        WHERE period_from = %s AND run_id = %s AND kind = 1
    ), before AS (
        SELECT b.account_id, sum(b.energy_wh)::bigint AS energy_wh, sum(b.total_fen)::bigint AS total_fen
        FROM billing_bill b
        WHERE b.period_from = %s AND {ISSUED} AND b.account_id IN (SELECT account_id FROM now)
        GROUP BY b.account_id
    )
"""
_TOTALS = """
    SELECT count(*), coalesce(sum(now.energy_wh), 0)::bigint, coalesce(sum(now.total_fen), 0)::bigint,
           count(before.account_id), coalesce(sum(before.energy_wh), 0)::bigint,
           coalesce(sum(before.total_fen), 0)::bigint, count(*) FILTER (WHERE now.energy_wh = 0),
           coalesce(sum(now.total_fen) FILTER (WHERE before.account_id IS NOT NULL), 0)::bigint
    FROM now LEFT JOIN before USING (account_id)
"""
_CHANGES = """
    SELECT now.id, now.account_id, now.energy_wh, now.total_fen, before.energy_wh, before.total_fen
    FROM now JOIN before USING (account_id)
    WHERE sign(now.total_fen - before.total_fen) = %s
    ORDER BY abs(now.total_fen - before.total_fen) DESC, now.account_id LIMIT %s
"""
_ZERO = """
    SELECT now.id, now.account_id, now.energy_wh, now.total_fen, before.energy_wh, before.total_fen
    FROM now LEFT JOIN before USING (account_id) WHERE now.energy_wh = 0 ORDER BY now.account_id LIMIT %s
"""


@dataclass(frozen=True)
class RunTotals:
    """
    The sums of a run beside the month before, of its own accounts.

    compared       accounts that have a bill of the month before
    compared_fen   what these accounts come to in this run [fen]
    zero           bills without energy
    """

    bills: int
    energy_wh: int
    total_fen: int
    compared: int
    before_energy_wh: int
    before_total_fen: int
    zero: int
    compared_fen: int

    @property
    def change_fen(self) -> int:
        """How much more the compared accounts come to than in the month before [fen]."""
        return self.compared_fen - self.before_total_fen


@dataclass(frozen=True)
class ChangedBill:
    """One bill of a run beside the account's month before; None: it has none."""

    bill_id: int
    account_number: str
    energy_wh: int
    total_fen: int
    before_energy_wh: int | None
    before_total_fen: int | None

    @property
    def change_fen(self) -> int | None:
        """How much the account's bill rose [fen]."""
        return None if self.before_total_fen is None else self.total_fen - self.before_total_fen


class HeldRow(NamedTuple):
    """An account that a check held back; figures as the check gives them."""

    account_id: int
    check_name: str
    values: dict[str, Any]


def run_totals(by: Actor, run_id: int) -> RunTotals:
    """Return the sums of a run and of the month before; raises UnknownRun."""
    return RunTotals(*_compared(by, run_id, _TOTALS, ())[0])


def largest_changes(by: Actor, run_id: int, *, is_rise: bool) -> list[ChangedBill]:
    """Return the bills that rose, or fell, most against the month before; raises UnknownRun."""
    return _bills(_compared(by, run_id, _CHANGES, (1 if is_rise else -1, MOST_CHANGES)))


def zero_bills(by: Actor, run_id: int) -> list[ChangedBill]:
    """Return the first bills without energy (零电量); raises UnknownRun."""
    return _bills(_compared(by, run_id, _ZERO, (MOST_ZERO,)))


def run_numbers(by: Actor) -> QuerySet[BillRun, int]:
    """Return the numbers of all runs, the newest first, lazily."""
    require(by, VERB)
    return BillRun.objects.order_by("-id").values_list("pk", flat=True)


def runs_in_hand(by: Actor) -> list[RunView]:
    """Return of each month and book the latest run, where it is not issued yet; the newest month first."""
    require(by, VERB)
    latest = BillRun.objects.order_by("-period_from", "book_code", "-attempt")
    numbers = latest.distinct("period_from", "book_code").values_list("pk", flat=True)[:MOST_LATEST]
    return [view for number in numbers if (view := run_status(by, number)).state != "issued"]


def held_rows(by: Actor, run_id: int) -> QuerySet[HeldAccount, HeldRow]:
    """Return what a run held back, by check and account, lazily."""
    require(by, VERB)
    found = HeldAccount.objects.filter(run_id=run_id).order_by("check_name", "account_id")
    rows: QuerySet[HeldAccount, HeldRow] = found.values_list(*HeldRow._fields, named=True)
    return rows


def numbers_of(account_ids: set[int]) -> dict[int, str]:
    """Return account numbers by id for pages that have asked their own door."""
    places = places_of_accounts(reading_connection(), account_ids)
    return {account: place.account_number for account, place in places.items()}


def approved_hash(by: Actor, run_id: int) -> str:
    """Return the hash of the inputs by which a run was approved; empty until then."""
    require(by, VERB)
    found = BillRunApproval.objects.filter(run_id=run_id).values_list("inputs_hash", flat=True)
    return found.first() or ""


def _compared(by: Actor, run_id: int, statement: str, values: tuple[int, ...]) -> list[tuple[Any, ...]]:
    require(by, VERB)
    run = BillRun.objects.filter(pk=run_id).first()
    if run is None:
        raise UnknownRun(f"no bill run {run_id}", run=run_id)
    before: date = Period(run.period_from, run.period_to).before
    asked = (run.period_from, run_id, before, *values)
    return cursor(reading_connection()).execute(_COMPARED + statement, asked).fetchall()


def _bills(rows: list[tuple[Any, ...]]) -> list[ChangedBill]:
    numbers = numbers_of({row[1] for row in rows})
    return [ChangedBill(row[0], numbers[row[1]], *row[2:]) for row in rows]
