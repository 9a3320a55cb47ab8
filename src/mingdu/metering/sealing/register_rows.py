"""Whole rows of register readings: out of the table, into a file, out of the file, back into the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import numpy as np

from mingdu.base.database import cursor
from mingdu.core import copy_rows
from mingdu.core.registers import REGISTER_SCALE, Register
from mingdu.core.types import Ints
from mingdu.metering.store.buckets import bucket_ids
from mingdu.metering.store.columns import Connection, copy_in, fetch_row, ints, small_ints
from mingdu.metering.store.sealed_files import arrow
from mingdu.metering.store.sealed_parts import month_span
from mingdu.metering.store.sealed_registers import registers_of

from .rows import Names, hash_numbers

# The key first; rows are sorted by it.
NUMBERS: Final = (
    "usage_point_id", "register", "read_at", "meter_id", "version", "source", "quality", "evidence_id",
    "recorded_at", "digits",
)  # fmt: skip
_KEY_LENGTH = 5
# Registers need no parts in their file.
CHAPTER = 0
_MICROSECONDS = "(extract(epoch FROM {}) * 1000000)::bigint"
_ROWS = f"""
    SELECT string_agg(int8send(usage_point_id), ''), string_agg(int2send(register), ''),
           string_agg(int8send({_MICROSECONDS.format("read_at")}), ''), string_agg(int8send(meter_id), ''),
           string_agg(int2send(version), ''), string_agg(int2send(source), ''),
           string_agg(int2send(quality), ''), string_agg(int8send(evidence_id), ''),
           string_agg(int8send({_MICROSECONDS.format("recorded_at")}), ''), string_agg(int8send(digits), '')
    FROM metering_registerreading
    WHERE read_at >= %s AND read_at < %s AND usage_point_id BETWEEN %s AND %s
"""
_DELETE = """
    DELETE FROM metering_registerreading
    WHERE read_at >= %s AND read_at < %s AND usage_point_id BETWEEN %s AND %s
"""
_TABLE = (
    "metering_registerreading (read_at, usage_point_id, register, version, meter_id, source, quality,"
    " evidence_id, recorded_at, digits)"
)
_NARROW = {"register", "version", "source", "quality"}


@dataclass(frozen=True)
class RegisterRows:
    """Rows of register readings: int64 (row,) each, by the names of NUMBERS; instants in microseconds."""

    numbers: Mapping[str, Ints]

    def __len__(self) -> int:
        return len(self.numbers["digits"])

    @property
    def readings(self) -> int:
        """Count the readings: one a row."""
        return len(self)

    def digest(self) -> bytes:
        """Hash the rows as the table holds them."""
        return bytes(hash_numbers(self.numbers).digest())

    def joined(self, other: RegisterRows) -> RegisterRows:
        """Return the rows of both, sorted."""
        return _sorted({name: np.concatenate([self.numbers[name], other.numbers[name]]) for name in NUMBERS})

    def table(self, names: Names) -> Any:
        """Return the rows as an Arrow table."""
        pa, numbers = arrow(), self.numbers
        registers = [Register(number) for number in numbers["register"].tolist()]
        scales = [REGISTER_SCALE[register] for register in registers]
        instant = pa.timestamp("us", "UTC")
        return pa.table(
            {
                "usage_point": pa.array([names.points[each] for each in numbers["usage_point_id"].tolist()]),
                "usage_point_id": pa.array(numbers["usage_point_id"]),
                "meter": pa.array([names.meters.get(each) for each in numbers["meter_id"].tolist()]),
                "meter_id": pa.array(numbers["meter_id"]),
                "register": pa.array([register.name for register in registers]),
                "register_id": pa.array(numbers["register"].astype(np.int16)),
                "unit": pa.array([scale.unit for scale in scales]),
                "decimals": pa.array(np.array([scale.decimals for scale in scales], dtype=np.int16)),
                "read_at": pa.array(numbers["read_at"]).cast(instant),
                "digits": pa.array(numbers["digits"]),
                "quality": pa.array(numbers["quality"].astype(np.int16)),
                "version": pa.array(numbers["version"].astype(np.int16)),
                "source": pa.array(numbers["source"].astype(np.int16)),
                "evidence_id": pa.array(numbers["evidence_id"]),
                "recorded_at": pa.array(numbers["recorded_at"]).cast(instant),
            }
        )


def hot_registers(conn: Connection, bucket: int, month: date) -> dict[int, RegisterRows]:
    """Return the table's rows of a bucket's month; nothing when there is none."""
    row = fetch_row(conn, _ROWS, _span(bucket, month))
    numbers = {
        name: (small_ints if name in _NARROW else ints)(column)
        for name, column in zip(NUMBERS, row, strict=True)
    }
    rows = _sorted(numbers)
    return {CHAPTER: rows} if len(rows) else {}


def remove_registers(conn: Connection, bucket: int, month: date) -> int:
    """Take a bucket's month out of the table; returns how many rows went."""
    with cursor(conn) as opened:
        return opened.execute(_DELETE, _span(bucket, month), prepare=False).rowcount


def write_back(conn: Connection, rows: RegisterRows) -> None:
    """Write rows into the table as they were."""
    numbers = rows.numbers
    copy_in(
        conn,
        _TABLE,
        [
            copy_rows.timestamptz(numbers["read_at"].astype("datetime64[us]")),
            copy_rows.int64(numbers["usage_point_id"]),
            copy_rows.int16(numbers["register"]),
            copy_rows.int16(numbers["version"]),
            copy_rows.int64(numbers["meter_id"]),
            copy_rows.int16(numbers["source"]),
            copy_rows.int16(numbers["quality"]),
            copy_rows.int64(numbers["evidence_id"]),
            copy_rows.timestamptz(numbers["recorded_at"].astype("datetime64[us]")),
            copy_rows.int64(numbers["digits"]),
        ],
    )


def register_rows(table: Any) -> RegisterRows:
    """Take an Arrow table back into rows."""
    found = registers_of(table)
    columns = (
        found.usage_point_id, found.register, found.read_at, found.meter_id, found.version,
        found.source, found.quality.astype(np.int64), found.evidence_id,
        found.recorded_at, found.digits,
    )  # fmt: skip
    return RegisterRows(dict(zip(NUMBERS, columns, strict=True)))


def _sorted(numbers: Mapping[str, Ints]) -> RegisterRows:
    order = np.lexsort([numbers[name] for name in reversed(NUMBERS[:_KEY_LENGTH])])
    return RegisterRows({name: column[order] for name, column in numbers.items()})


def _span(bucket: int, month: date) -> tuple[datetime, datetime, int, int]:
    ids = bucket_ids(bucket)
    return (*month_span(month), ids[0], ids[-1])
