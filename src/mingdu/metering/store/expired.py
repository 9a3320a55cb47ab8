"""Rows of the tables that are past their time: counted, and taken out in bounded steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from mingdu.base.database import cursor
from mingdu.core.types import Ints
from mingdu.metering.zone import zone

from .buckets import BUCKET_POINTS, bucket_ids
from .columns import ColumnDumper, Connection, fetch_row
from .sealed_parts import Part, next_month

# Frames whose answer nobody has read yet stay: they are not evidence, but work.
_FRAMES = """
    FROM metering_inboxframe f
    WHERE f.received_at < %s AND f.ingested_at IS NOT NULL AND NOT EXISTS (
        SELECT FROM metering_meter m JOIN metering_installation i ON i.meter_id = m.id
        WHERE m.meter_address = f.meter_address AND i.usage_point_id = ANY(%s))
"""
# Late versions of a sealed month go with its file: without them an older version would hold again.
_UNSEALED = f"""
    NOT EXISTS (SELECT FROM metering_sealedpart s WHERE s.ended_at IS NULL AND s.part = '{{part}}'
                AND s.bucket = {{row}}.usage_point_id / {BUCKET_POINTS} AND s.month = {{month}})"""
_CURVES = f"""
    FROM metering_curve c
    WHERE c.day < %s AND c.channel = ANY(%s) AND c.usage_point_id <> ALL(%s)
      AND {_UNSEALED.format(part=Part.CURVES, row="c", month="date_trunc('month', c.day)")}
"""
_REGISTER_MONTH = "date_trunc('month', r.read_at AT TIME ZONE %s)"
_REGISTERS = f"""
    FROM metering_registerreading r
    WHERE r.read_at < %s AND r.usage_point_id <> ALL(%s)
      AND {_UNSEALED.format(part=Part.REGISTERS, row="r", month=_REGISTER_MONTH)}
"""
_LATE_CURVES = """
    DELETE FROM metering_curve
    WHERE day >= %s AND day < %s AND usage_point_id BETWEEN %s AND %s AND channel = ANY(%s)
"""
# The first rows that are found, by their place in the table: one step, however many there are.
_STEP = """
    DELETE FROM {table} t USING (SELECT {short}.tableoid, {short}.ctid {rows} LIMIT %s) AS gone
    WHERE t.tableoid = gone.tableoid AND t.ctid = gone.ctid
"""


@dataclass(frozen=True)
class Held:
    """Usage points whose readings and evidence stay, however old: int64 (point,)."""

    ids: Ints


def count_curves(conn: Connection, oldest: date, channels: Sequence[int], held: Held) -> int:
    """Count the curves of some channels before a day."""
    return int(fetch_row(conn, f"SELECT count(*) {_CURVES}", (oldest, list(channels), held.ids))[0])


def count_registers(conn: Connection, oldest: datetime, held: Held) -> int:
    """Count the register readings before an instant."""
    return int(fetch_row(conn, f"SELECT count(*) {_REGISTERS}", (oldest, held.ids, str(zone())))[0])


def count_frames(conn: Connection, oldest: datetime, held: Held) -> int:
    """Count the frames that came before an instant."""
    return int(fetch_row(conn, f"SELECT count(*) {_FRAMES}", (oldest, held.ids))[0])


def remove_curves(conn: Connection, oldest: date, channels: Sequence[int], held: Held, most: int) -> int:
    """Remove curves of some channels before a day, at most so many; returns how many."""
    return _removed(conn, "metering_curve", _CURVES, (oldest, list(channels), held.ids, most))


def remove_registers(conn: Connection, oldest: datetime, held: Held, most: int) -> int:
    """Remove register readings before an instant, at most so many; returns how many."""
    return _removed(conn, "metering_registerreading", _REGISTERS, (oldest, held.ids, str(zone()), most))


def remove_frames(conn: Connection, oldest: datetime, held: Held, most: int) -> int:
    """Remove frames that came before an instant, at most so many; returns how many."""
    return _removed(conn, "metering_inboxframe", _FRAMES, (oldest, held.ids, most))


def remove_late_curves(conn: Connection, month: date, bucket: int, channels: Sequence[int]) -> int:
    """Remove what the table holds of some channels of a bucket's month; returns how many rows."""
    ids = bucket_ids(bucket)
    span = month, next_month(month), ids[0], ids[-1]
    with cursor(conn) as opened:
        return opened.execute(_LATE_CURVES, (*span, list(channels)), prepare=False).rowcount


def _removed(conn: Connection, table: str, rows: str, parameters: tuple[object, ...]) -> int:
    with cursor(conn) as opened:
        opened.adapters.register_dumper(np.ndarray, ColumnDumper)
        return opened.execute(
            _STEP.format(table=table, rows=rows, short=rows.split()[2]), parameters, prepare=False
        ).rowcount
