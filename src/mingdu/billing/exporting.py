"""The issued bills of a month for a file, and the entries that they made; read in slices, never whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
from django.db import transaction

from mingdu.base import audit
from mingdu.base.actors import Actor
from mingdu.base.database import cursor, reading_connection, transaction_connection
from mingdu.base.permissions import Scope, require, scope
from mingdu.customers.queries import AccountPlace, places_of_accounts
from mingdu.money.queries import JournalEntry, entries_of_journals

from .models import Correction, Issue
from .period import Period
from .queries import ISSUED
from .rows import KIND_WORDS, BillRow, read_rows

SLICE_ROWS = 2_000
# An entry of no account is a counter entry, summed over a journal's accounts.
NOBODY = AccountPlace("", 0)


@dataclass(frozen=True)
class ExportedBill:
    """
    One issued bill; a reversal's amounts are negative, so that all together are what is owed.

    of_bill    the bill that a reversal or rebill replaces; 0 for a first bill
    lines      (line id, amount [fen]), in the order of the bill
    """

    id: int
    period_from: date
    period_to: date
    account_number: str
    kind: str
    of_bill: int
    energy_wh: int
    total_fen: int
    rules_hash: str
    lines: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class ExportedEntry:
    """One entry of the ledger; a counter entry names no account and no bill."""

    entry: JournalEntry
    account_number: str


@contextmanager
def one_snapshot() -> Iterator[None]:
    """Let everything inside see one state: no correction comes in between two slices. Nothing is written."""
    with transaction.atomic():
        isolate = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
        cursor(transaction_connection()).execute(isolate)
        yield


def exported_bills(by: Actor, period: Period, slice_rows: int = SLICE_ROWS) -> Iterator[ExportedBill]:
    """
    Yield the issued bills, reversals and rebills of a month that the actor may see, by their number.

    slice_rows  how many are in memory at once
    raises  NotPermitted
    """
    require(by, "billing.read")
    conn, seen, latest = reading_connection(), scope(by, "billing.read"), 0
    condition = f"b.period_from = %s AND b.id > %s AND {ISSUED}"
    while rows := read_rows(conn, condition, (period.first, latest), most=slice_rows):
        places = places_of_accounts(conn, {row.account_id for row in rows})
        for row in rows:
            if _is_seen(seen, row.account_id, places[row.account_id]):
                yield _exported(row, places[row.account_id])
        latest = rows[-1].id


def exported_entries(by: Actor, period: Period) -> Iterator[ExportedEntry]:
    """
    Yield the entries of the journals of a month's bills (电费年月): issues, reversals and rebills.

    They sum to zero for who sees all units; others see the receivables of their own units' accounts alone.
    raises  NotPermitted
    """
    require(by, "money.read")
    conn, seen = reading_connection(), scope(by, "money.read")
    for entries in entries_of_journals(conn, _journals_of(conn, period)):
        places = places_of_accounts(conn, {entry.account_id for entry in entries}) | {0: NOBODY}
        for entry in entries:
            place = places[entry.account_id]
            if seen.unit_ids is None or (entry.account_id and _is_seen(seen, entry.account_id, place)):
                yield ExportedEntry(entry, place.account_number)


def record_export(what: str, period: Period, figures: dict[str, Any], *, by: Actor, at: datetime) -> None:
    """
    Write into the audit who took a month's bills or entries out of the system.

    raises  NotPermitted
    """
    require(by, "billing.read")
    audit.record(by, f"billing.export_{what}", f"period:{period.name}", at=at, details=figures)


def _journals_of(conn: psycopg.Connection[Any], period: Period) -> list[str]:
    issues = Issue.objects.filter(run__period_from=period.first)
    done = Correction.objects.filter(approved_at__isnull=False).values_list("bill_id", flat=True)
    corrected = cursor(conn).execute(
        "SELECT id FROM billing_bill WHERE period_from = %s AND id = ANY(%s)", (period.first, list(done))
    )
    return [
        *(f"issue:{run}:{bucket}" for run, bucket in issues.values_list("run_id", "bucket")),
        *(f"{kind}:{bill_id}" for (bill_id,) in corrected for kind in ("reversal", "rebill")),
    ]


def _is_seen(seen: Scope, account_id: int, place: AccountPlace) -> bool:
    return account_id in seen.account_ids or seen.covers_unit(place.unit_id)


def _exported(row: BillRow, place: AccountPlace) -> ExportedBill:
    return ExportedBill(
        row.id, row.period_from, row.period_to, place.account_number, KIND_WORDS[row.kind], row.of_bill_id,
        row.energy_wh, row.total_fen, row.rules_hash, tuple(zip(row.line_ids, row.amounts_fen, strict=True)),
    )  # fmt: skip
