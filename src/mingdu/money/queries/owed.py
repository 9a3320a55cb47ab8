"""What an account owes, bill by bill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg

from mingdu.base.actors import Actor
from mingdu.base.database import cursor, reading_connection
from mingdu.base.permissions import require
from mingdu.core.open_items import open_items
from mingdu.money.ledgers import Ledger

# A reversal has an entry of its own; it belongs to the bill that it takes back, which its reference names.
_BALANCES = """
    SELECT CASE j.kind WHEN 'reversal' THEN split_part(j.reference, ':', 2)::bigint
                       ELSE e.bill_id END AS bill,
           sum(e.amount_fen)::bigint
    FROM money_entry e JOIN money_journal j ON j.id = e.journal_id
    WHERE e.account_id = %s AND e.ledger = %s
    GROUP BY bill HAVING sum(e.amount_fen) <> 0 ORDER BY bill"""


@dataclass(frozen=True)
class OwedBill:
    """A bill and what it still owes [fen]."""

    bill_id: int
    amount_fen: int


@dataclass(frozen=True)
class Owed:
    """
    What an account owes: its open bills, the oldest first, and what stands in its favour.

    At most one of the two is there: whatever stands in favour settles the oldest bill first.
    """

    bills: tuple[OwedBill, ...]
    credit_fen: int

    @property
    def total_fen(self) -> int:
        """What is to be paid [fen], zero or more."""
        return sum(bill.amount_fen for bill in self.bills)

    def through(self, bill_id: int) -> int:
        """Return what settles a bill together with all older ones; 0 when it is not open [fen]."""
        places = [place for place, bill in enumerate(self.bills) if bill.bill_id == bill_id]
        return sum(bill.amount_fen for bill in self.bills[: places[0] + 1]) if places else 0


def owed_by_account(by: Actor, account_id: int, unit_id: int) -> Owed:
    """Return what the account owes."""
    require(by, "money.read", unit_id, account_id=account_id)
    return read_owed(reading_connection(), account_id)


def read_owed(conn: psycopg.Connection[Any], account_id: int) -> Owed:
    """Return what an account owes, for operations that have asked their own door."""
    rows = cursor(conn).execute(_BALANCES, (account_id, Ledger.RECEIVABLE)).fetchall()
    owed_fen, credit_fen = open_items(np.array([amount for _, amount in rows], dtype=np.int64))
    bills = (OwedBill(row[0], int(amount)) for row, amount in zip(rows, owed_fen, strict=True) if amount)
    return Owed(tuple(bills), credit_fen)
