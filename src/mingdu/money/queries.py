"""Looking at entries: what an account owes, whether the ledger balances."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from mingdu.base.actors import Actor
from mingdu.base.database import cursor, reading_connection
from mingdu.base.permissions import require

from .ledgers import Ledger


@dataclass(frozen=True)
class EntryView:
    """One receivable of an account, with the journal that made it."""

    posted_on: date
    journal: str
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
