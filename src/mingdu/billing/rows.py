"""Bills as rows of one COPY, and back from a row to what it was made from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import psycopg

from mingdu.base.database import cursor
from mingdu.core import copy_rows
from mingdu.core.clock import day_number
from mingdu.core.rated import RatedBills
from mingdu.core.types import Ints

from .inputs import Inputs
from .period import Period

COLUMNS = (
    "period_from, id, period_to, run_id, bucket, account_id, agreement_id, usage_point_id, kind, of_bill_id,"
    " rules_hash, registers, from_digits, to_digits, from_versions, to_versions, multiplier, register_range,"
    " quality, energy_wh, line_ids, quantities, prices, amounts_fen, total_fen"
)
BILL, REVERSAL, REBILL = 1, 2, 3
KIND_WORDS = {BILL: "bill", REVERSAL: "reversal", REBILL: "rebill"}
# Key of the advisory locks under which a month's rehearsals are numbered and its place is made.
_LAYING = 71_002


@dataclass(frozen=True)
class BillRow:
    """One stored bill; arrays as tuples, in the order of `registers` and `line_ids`."""

    period_from: date
    id: int
    period_to: date
    run_id: int
    bucket: int
    account_id: int
    agreement_id: int
    usage_point_id: int
    kind: int
    of_bill_id: int
    rules_hash: str
    registers: tuple[int, ...]
    from_digits: tuple[int, ...]
    to_digits: tuple[int, ...]
    from_versions: tuple[int, ...]
    to_versions: tuple[int, ...]
    multiplier: int
    register_range: int
    quality: int
    energy_wh: int
    line_ids: tuple[str, ...]
    quantities: tuple[int, ...]
    prices: tuple[int, ...]
    amounts_fen: tuple[int, ...]
    total_fen: int

    def reversed(self, new_id: int) -> BillRow:
        """Return the reversal: every quantity and amount with its sign turned, so that both cancel."""
        return replace(
            self,
            id=new_id,
            kind=REVERSAL,
            of_bill_id=self.id,
            energy_wh=-self.energy_wh,
            quantities=tuple(-quantity for quantity in self.quantities),
            amounts_fen=tuple(-amount for amount in self.amounts_fen),
            total_fen=-self.total_fen,
        )


@dataclass(frozen=True)
class Heading:
    """What all bills of one COPY share."""

    period: Period
    run_id: int
    bucket: int
    rules_hash: str
    kind: int = BILL
    of_bill_id: int = 0


def lay_out(conn: psycopg.Connection[Any], period: Period) -> None:
    """Make the place for a month's bills, once; whoever comes at the same time waits, until the commit."""
    cursor(conn).execute("SELECT pg_advisory_xact_lock(%s, %s)", (_LAYING, period.first.toordinal()))
    month = f"billing_bill_{period.first:%Y%m}"
    found = cursor(conn).execute("SELECT to_regclass(%s) IS NOT NULL", (month,)).fetchone()
    if found == (False,):
        cursor(conn).execute("SELECT billing_make_partitions(%s, 1)", (period.first,))


def reserve_ids(conn: psycopg.Connection[Any], count: int) -> Ints:
    """Draw bill numbers, int64 (count,)."""
    statement = "SELECT nextval('billing_bill_id') FROM generate_series(1, %s)"
    rows = cursor(conn).execute(statement, (count,)).fetchall()
    return np.array([row[0] for row in rows], dtype=np.int64)


def write_bills(
    conn: psycopg.Connection[Any], ids: Ints, inputs: Inputs, rated: RatedBills, heading: Heading
) -> None:
    """Write one bill a row of the inputs, in one COPY; the trigger holds totals against lines."""
    if not len(inputs):
        return
    buffer = copy_rows.copy_rows(_columns(ids, inputs, rated, heading))
    with cursor(conn).copy(f"COPY billing_bill ({COLUMNS}) FROM STDIN (FORMAT binary)") as copy:
        copy.write(buffer)


def insert_row(conn: psycopg.Connection[Any], row: BillRow) -> None:
    """Write one bill, for the few that corrections make."""
    values = [list(value) if isinstance(value, tuple) else value for value in vars(row).values()]
    places = ", ".join(["%s"] * len(values))
    cursor(conn).execute(f"INSERT INTO billing_bill ({COLUMNS}) VALUES ({places})", values)


def read_rows(
    conn: psycopg.Connection[Any], condition: str, values: tuple[Any, ...], *, most: int | None = None
) -> list[BillRow]:
    """Return stored bills, the oldest first; `condition` is SQL of ours over billing_bill b."""
    statement = f"SELECT {COLUMNS} FROM billing_bill b WHERE {condition} ORDER BY b.id LIMIT %s"
    rows = cursor(conn).execute(statement, (*values, most)).fetchall()
    return [_bill_row(row) for row in rows]


def _bill_row(row: tuple[Any, ...]) -> BillRow:
    values: list[Any] = [tuple(value) if isinstance(value, list) else value for value in row]
    return BillRow(*values)


def _columns(ids: Ints, inputs: Inputs, rated: RatedBills, heading: Heading) -> list[copy_rows.Column]:
    count, lines = len(inputs), rated.lines
    terms = inputs.terms

    def everywhere(value: int) -> Ints:
        return np.full(count, value, dtype=np.int64)

    registers = np.broadcast_to(np.array(inputs.registers, dtype=np.int64), (count, len(inputs.registers)))
    return [
        copy_rows.date(everywhere(day_number(heading.period.first))),
        copy_rows.int64(ids),
        copy_rows.date(everywhere(day_number(heading.period.end))),
        copy_rows.int64(everywhere(heading.run_id)),
        copy_rows.int32(everywhere(heading.bucket)),
        copy_rows.int64(terms.account_id),
        copy_rows.int64(terms.agreement_id),
        copy_rows.int64(terms.usage_point_id),
        copy_rows.int16(everywhere(heading.kind)),
        copy_rows.int64(everywhere(heading.of_bill_id)),
        copy_rows.constant_text(heading.rules_hash, count),
        copy_rows.int_array(registers, 2),
        copy_rows.int_array(inputs.from_digits),
        copy_rows.int_array(inputs.to_digits),
        copy_rows.int_array(inputs.from_versions),
        copy_rows.int_array(inputs.to_versions),
        copy_rows.int32(inputs.multiplier),
        copy_rows.int64(inputs.register_range),
        copy_rows.int16(inputs.quality),
        copy_rows.int64(rated.energy.metered_wh),
        _text_array([line.id for line in lines], count),
        copy_rows.int_array(np.stack([line.quantity for line in lines], axis=1)),
        copy_rows.int_array(np.stack([line.price for line in lines], axis=1)),
        copy_rows.int_array(np.stack([line.amount_fen for line in lines], axis=1)),
        copy_rows.int64(rated.total_fen),
    ]


def _text_array(values: list[str], count: int) -> copy_rows.Fixed:
    """Make a text[] column that says the same in every row."""
    text_oid = 25
    header = np.array([1, 0, text_oid, len(values), 1], dtype=">i4").tobytes()
    body = b"".join(len(value.encode()).to_bytes(4, "big") + value.encode() for value in values)
    field = len(header + body).to_bytes(4, "big") + header + body
    return copy_rows.Fixed(np.broadcast_to(np.frombuffer(field, dtype=np.uint8), (count, len(field))))
