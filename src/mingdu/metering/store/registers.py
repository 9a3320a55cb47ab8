"""Register readings in the database: one row a register, meter, time and version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import numpy as np

from mingdu.core import copy_rows
from mingdu.core.instants import aware, instant64, microseconds
from mingdu.core.types import Ints
from mingdu.metering.readings import RegisterColumns

from .columns import INSTANT, Connection, copy_in, fetch_row, ints, marks, small_ints
from .curves import Origin
from .sealed_parts import SEALED, Part, parts_of, wanted_instants
from .sealed_registers import sealed_at, sealed_between, sealed_registers
from .stored_registers import StoredRegisters, newest_registers

__all__ = ("StoredRegisters", "fetch_at", "fetch_between", "fetch_registers", "write_registers")

# Nothing is asked of it: the span of no instants.
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

_PACKED = f"""
    SELECT {SEALED}, string_agg(int8send(n), ''), string_agg(int8send(meter_id), ''),
           string_agg(int2send(register), ''),
           string_agg(int8send((extract(epoch FROM read_at) * 1000000)::bigint), ''),
           string_agg(int2send(version), ''), string_agg(int8send(digits), ''),
           string_agg(int2send(quality), '')
    FROM ({{rows}}) AS found
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


def fetch_registers(conn: Connection, keys: RegisterColumns) -> StoredRegisters:
    """Return what is stored for at least one key (point, meter, register, time); `place` is its row."""
    read_at = microseconds(keys.read_at)
    span = aware(keys.read_at.min()), aware(keys.read_at.max())
    parameters = (
        *wanted_instants(span, keys.usage_point_id), keys.usage_point_id, keys.meter_id, keys.register,
        read_at, int(read_at.min()), int(read_at.max()),
    )  # fmt: skip
    sealed, *row = fetch_row(conn, _PACKED.format(rows=_BY_KEY), parameters)
    return _latest(row, sealed_registers(parts_of(Part.REGISTERS, sealed), keys))


def fetch_at(
    conn: Connection,
    usage_point_ids: Ints,
    registers: Sequence[int],
    instants: Sequence[datetime],
    known_at: datetime | None = None,
) -> StoredRegisters:
    """Return readings of some points and registers at exactly these instants; `place` is a point's row."""
    wanted = [int(register) for register in registers]
    span = (min(instants), max(instants)) if instants else (LONG_AGO, LONG_AGO)
    parameters = (
        *wanted_instants(span, usage_point_ids), usage_point_ids, list(instants), wanted, known_at, known_at
    )  # fmt: skip
    sealed, *row = fetch_row(conn, _PACKED.format(rows=_AT), parameters)
    parts = parts_of(Part.REGISTERS, sealed)
    return _latest(row, sealed_at(parts, usage_point_ids, wanted, instants, known_at))


def fetch_between(
    conn: Connection,
    usage_point_ids: Ints,
    registers: Sequence[int],
    span: tuple[datetime, datetime],
    known_at: datetime | None = None,
) -> StoredRegisters:
    """Return the readings of some points and registers in a span, both ends included."""
    wanted = [int(register) for register in registers]
    parameters = (
        *wanted_instants(span, usage_point_ids), usage_point_ids, *span, wanted, known_at, known_at
    )  # fmt: skip
    sealed, *row = fetch_row(conn, _PACKED.format(rows=_BETWEEN), parameters)
    parts = parts_of(Part.REGISTERS, sealed)
    return _latest(row, sealed_between(parts, usage_point_ids, wanted, span, known_at))


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


def _latest(row: Sequence[bytes | None], sealed: Iterator[StoredRegisters]) -> StoredRegisters:
    hot = StoredRegisters(
        place=ints(row[0]),
        meter_id=ints(row[1]),
        register=small_ints(row[2]),
        read_at=ints(row[3]).astype("datetime64[us]"),
        version=small_ints(row[4]),
        digits=ints(row[5]),
        quality=marks(row[6]),
    )
    return newest_registers([hot, *sealed])
