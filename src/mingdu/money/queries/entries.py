"""Looking at entries: what an account owes, whether the ledger balances."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg

from mingdu.base.actors import Actor
from mingdu.base.database import cursor, reading_connection
from mingdu.base.permissions import require
from mingdu.money.ledgers import Ledger


@dataclass(frozen=True)
class EntryView:
    """One receivable of an account, with the journal that made it."""

    posted_on: date
    journal: str
    bill_id: int
    amount_fen: int


@dataclass(frozen=True)
class JournalEntry:
    """One entry with its journal; a counter entry has account and bill 0."""

    journal_id: int
    kind: str
    reference: str
    posted_on: date
    line: int
    ledger: int
    account_id: int
    bill_id: int
    amount_fen: int


def balance_fen(by: Actor, account_id: int, unit_id: int) -> int:
    """Return what the account owes [fen]; negative when it has credit."""
    require(by, "money.read", unit_id, account_id=account_id)
    statement = (
        "SELECT coalesce(sum(amount_fen), 0)::bigint FROM money_entry WHERE account_id = %s AND ledger = %s"
    )
    row = cursor(reading_connection()).execute(statement, (account_id, Ledger.RECEIVABLE)).fetchone()
    assert row is not None
    return int(row[0])


def entries_of_account(by: Actor, account_id: int, unit_id: int) -> list[EntryView]:
    """Return the account's receivables, the oldest first."""
    require(by, "money.read", unit_id, account_id=account_id)
    statement = """
        SELECT e.posted_on, j.reference, e.bill_id, e.amount_fen
        FROM money_entry e JOIN money_journal j ON j.id = e.journal_id
        WHERE e.account_id = %s AND e.ledger = %s ORDER BY e.journal_id, e.line"""
    rows = cursor(reading_connection()).execute(statement, (account_id, Ledger.RECEIVABLE)).fetchall()
    return [EntryView(*row) for row in rows]


def entries_of_journals(
    conn: psycopg.Connection[Any], references: Collection[str]
) -> Iterator[list[JournalEntry]]:
    """
    Yield the entries of journals, one journal after the other in the order they were posted.

    For other subjects' mass work, which have asked their own door; a journal is at most a bucket of accounts.
    """
    heads = cursor(conn).execute(
        "SELECT id, kind, reference, posted_on FROM money_journal WHERE reference = ANY(%s) ORDER BY id",
        (list(references),),
    )
    for journal_id, kind, reference, posted_on in heads.fetchall():
        rows = cursor(conn).execute(
            """SELECT line, ledger, account_id, bill_id, amount_fen FROM money_entry
               WHERE posted_on = %s AND journal_id = %s ORDER BY line""",
            (posted_on, journal_id),
        )
        yield [JournalEntry(journal_id, kind, reference, posted_on, *row) for row in rows.fetchall()]


def ledger_sum_fen(by: Actor) -> int:
    """Return the sum of all entries: zero, always [fen]."""
    require(by, "money.read")
    row = (
        cursor(reading_connection())
        .execute("SELECT coalesce(sum(amount_fen), 0)::bigint FROM money_entry")
        .fetchone()
    )
    assert row is not None
    return int(row[0])
