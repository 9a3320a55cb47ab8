"""Register readings in the database: one row a register, meter, time and version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from mingdu.core import copy_rows
from mingdu.core.instants import instant64, microseconds
from mingdu.core.types import Bytes, Flags, Ints, Times
from mingdu.metering.readings import RegisterColumns

from .columns import INSTANT, Connection, copy_in, fetch_row, ints, marks, small_ints
from .curves import Origin
from .latest import latest_places

_PACKED = """
    SELECT string_agg(int8send(n), ''), string_agg(int8send(meter_id), ''),
           string_agg(int2send(register), ''),
           string_agg(int8send((extract(epoch FROM read_at) * 1000000)::bigint), ''),
           string_agg(int2send(version), ''), string_agg(int8send(digits), ''),
           string_agg(int2send(quality), '')
    FROM ({rows}) AS found
"""
_COLUMNS = "r.meter_id, r.register, r.read_at, r.version, r.digits, r.quality"
_BY_KEY = f"""
    SELECT k.n - 1 AS n, {_COLUMNS}
    FROM unnest(%s, %s, %s, %s) WITH ORDINALITY AS k(usage_point_id, meter_id, register, read_at, n)
    JOIN metering_registerreading r
      ON r.read_at = {INSTANT.format("k.read_at")} AND r.usage_point_id = k.usage_point_id
      AND r.register = k.register AND r.meter_id = k.meter_id
    WHERE r.read_at BETWEEN {INSTANT.format("%s")} AND {INSTANT.format("%s")}
"""
_BETWEEN = f"""
    SELECT k.n - 1 AS n, {_COLUMNS}
    FROM unnest(%s) WITH ORDINALITY AS k(usage_point_id, n)
    JOIN metering_registerreading r ON r.usage_point_id = k.usage_point_id
    WHERE r.read_at BETWEEN %s AND %s AND r.register = ANY(%s)
      AND (%s::timestamptz IS NULL OR r.recorded_at <= %s)
"""
_AT = f"""
    SELECT k.n - 1 AS n, {_COLUMNS}
    FROM unnest(%s) WITH ORDINALITY AS k(usage_point_id, n)
    JOIN metering_registerreading r ON r.usage_point_id = k.usage_point_id
    WHERE r.read_at = ANY(%s) AND r.register = ANY(%s)
      AND (%s::timestamptz IS NULL OR r.recorded_at <= %s)
"""
_TABLE = (
    "metering_registerreading (read_at, usage_point_id, register, version, meter_id, source, quality,"
    " evidence_id, recorded_at, digits)"
)


@dataclass(frozen=True)
class StoredRegisters:
    """
    Readings found, the latest version of each.

    place                                        int64 (found,)  which of the asked keys or points
    meter_id, register, version, digits          int64 (found,)
    read_at                                      datetime64[us] (found,)
    quality                                      uint8 (found,)
    """

    place: Ints
    meter_id: Ints
    register: Ints
    read_at: Times
    version: Ints
    digits: Ints
    quality: Bytes

    def __len__(self) -> int:
        return len(self.place)

    def take(self, rows: Ints | Flags) -> StoredRegisters:
        """Return the chosen rows."""
        return StoredRegisters(
            self.place[rows], self.meter_id[rows], self.register[rows], self.read_at[rows],
            self.version[rows], self.digits[rows], self.quality[rows],
        )  # fmt: skip


def fetch_registers(conn: Connection, keys: RegisterColumns) -> StoredRegisters:
    """Return what is stored for at least one key (point, meter, register, time); `place` is its row."""
    read_at = microseconds(keys.read_at)
    parameters = (
        keys.usage_point_id, keys.meter_id, keys.register, read_at, int(read_at.min()), int(read_at.max())
    )  # fmt: skip
    return _unpack(fetch_row(conn, _PACKED.format(rows=_BY_KEY), parameters))


def fetch_at(
    conn: Connection,
    usage_point_ids: Ints,
    registers: Sequence[int],
    instants: Sequence[datetime],
    known_at: datetime | None = None,
) -> StoredRegisters:
    """Return readings of some points and registers at exactly these instants; `place` is a point's row."""
    wanted = [int(register) for register in registers]
    parameters = usage_point_ids, list(instants), wanted, known_at, known_at
    return _unpack(fetch_row(conn, _PACKED.format(rows=_AT), parameters))


def fetch_between(
    conn: Connection,
    usage_point_ids: Ints,
    registers: Sequence[int],
    span: tuple[datetime, datetime],
    known_at: datetime | None = None,
) -> StoredRegisters:
    """Return the readings of some points and registers in a span, both ends included."""
    wanted = [int(register) for register in registers]
    parameters = usage_point_ids, *span, wanted, known_at, known_at
    return _unpack(fetch_row(conn, _PACKED.format(rows=_BETWEEN), parameters))


def write_registers(conn: Connection, readings: RegisterColumns, version: Ints, origin: Origin) -> None:
    """Write readings as these versions, always new rows; version int64 (row,)."""
    rows = len(readings)
    if not rows:
        return
    copy_in(
        conn,
        _TABLE,
        [
            copy_rows.timestamptz(readings.read_at),
            copy_rows.int64(readings.usage_point_id),
            copy_rows.int16(readings.register),
            copy_rows.int16(version),
            copy_rows.int64(readings.meter_id),
            copy_rows.int16(np.full(rows, origin.source)),
            copy_rows.int16(readings.quality),
            copy_rows.int64(np.full(rows, origin.evidence_id)),
            copy_rows.timestamptz(np.full(rows, instant64(origin.recorded_at))),
            copy_rows.int64(readings.digits),
        ],
    )


def _unpack(row: tuple[bytes | None, ...]) -> StoredRegisters:
    found = StoredRegisters(
        place=ints(row[0]),
        meter_id=ints(row[1]),
        register=small_ints(row[2]),
        read_at=ints(row[3]).astype("datetime64[us]"),
        version=small_ints(row[4]),
        digits=ints(row[5]),
        quality=marks(row[6]),
    )
    instants = microseconds(found.read_at)
    return found.take(latest_places(found.version, instants, found.register, found.meter_id, found.place))
