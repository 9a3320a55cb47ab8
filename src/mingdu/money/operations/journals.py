"""Posting journals: entries that sum to zero, hashed, never changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import psycopg

from mingdu.base.actors import Actor
from mingdu.base.database import cursor
from mingdu.base.permissions import require
from mingdu.core import copy_rows
from mingdu.core.clock import day_number
from mingdu.core.types import Ints
from mingdu.errors import TradeError
from mingdu.money.ledgers import Ledger


class JournalTwice(TradeError):
    """A journal with this reference was posted before."""

    next_step = "look at the journal; what is repeated changes nothing"


@dataclass(frozen=True)
class Journal:
    """
    One journal: what each account owes more (or less), against revenue or against what came into the bank.

    kind        "issue", "reversal", "rebill", "payment"
    reference   what makes it one: the same reference is never posted twice; a reversal's names the bill
                that it takes back, "reversal:<bill>", a payment's the gateway's transaction
    account_id, bill_id, amount_fen   int64 (entry,)  receivable of each account [fen], signed
    counter     where the summed counter entry goes
    """

    kind: str
    reference: str
    posted_on: date
    account_id: Ints
    bill_id: Ints
    amount_fen: Ints
    counter: Ledger = Ledger.REVENUE

    @property
    def total_fen(self) -> int:
        """Sum of the receivables [fen]."""
        return int(self.amount_fen.sum(dtype=np.int64))


def post(conn: psycopg.Connection[Any], journal: Journal, *, by: Actor, at: datetime) -> int:
    """
    Write a journal with its receivables and one summed counter entry, in the caller's transaction.

    returns  the journal's number
    raises   JournalTwice, NotPermitted
    """
    require(by, "money.post")
    journal_id = _write_head(conn, journal, by=by, at=at)
    count = len(journal.amount_fen)
    lines = np.arange(1, count + 2)
    ledgers = np.full(count + 1, Ledger.RECEIVABLE, dtype=np.int64)
    ledgers[-1] = journal.counter
    columns = [
        copy_rows.date(np.full(count + 1, day_number(journal.posted_on))),
        copy_rows.int64(np.full(count + 1, journal_id)),
        copy_rows.int32(lines),
        copy_rows.int16(ledgers),
        copy_rows.int64(np.append(journal.account_id, 0)),
        copy_rows.int64(np.append(journal.bill_id, 0)),
        copy_rows.int64(np.append(journal.amount_fen, -journal.total_fen)),
    ]
    statement = (
        "COPY money_entry (posted_on, journal_id, line, ledger, account_id, bill_id, amount_fen)"
        " FROM STDIN (FORMAT binary)"
    )
    with cursor(conn).copy(statement) as copy:
        copy.write(copy_rows.copy_rows(columns))
    return journal_id


def _write_head(conn: psycopg.Connection[Any], journal: Journal, *, by: Actor, at: datetime) -> int:
    digest = hashlib.sha256(
        journal.account_id.tobytes() + journal.bill_id.tobytes() + journal.amount_fen.tobytes()
    )
    row = (
        cursor(conn)
        .execute(
            """INSERT INTO money_journal
                   (kind, reference, posted_on, posted_at, posted_by, entries, content_hash)
               VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (reference) DO NOTHING RETURNING id""",
            (
                journal.kind, journal.reference, journal.posted_on, at, by.id,
                len(journal.amount_fen) + 1, digest.digest(),
            ),
        )
        .fetchone()
    )  # fmt: skip
    if row is None:
        raise JournalTwice(f"journal {journal.reference} was posted before", reference=journal.reference)
    return int(row[0])
