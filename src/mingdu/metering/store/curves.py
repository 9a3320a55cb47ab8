"""Curves in the database: one row a day of one channel of one point and version, packed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from mingdu.core import copy_rows
from mingdu.core.curves import pack_curves, unpack_curves
from mingdu.core.quality import Quality
from mingdu.core.types import Bytes, Flags, Ints
from mingdu.metering.readings import CurveColumns, Source

from .columns import Connection, copy_in, cut, fetch_row, instant64, ints, run, small_ints
from .latest import latest_places

_DAY = "(date '1970-01-01' + {}::int)"
_PACKED = """
    SELECT string_agg(int8send(n), ''), string_agg(int2send(version), ''),
           string_agg(digits, ''), string_agg(int8send(length(digits)), ''),
           string_agg(quality, ''), string_agg(int8send(coalesce(length(quality), -1)), '')
    FROM ({rows}) AS found
"""
_BY_KEY = f"""
    SELECT k.n - 1 AS n, c.version, c.digits, c.quality
    FROM unnest(%s, %s, %s) WITH ORDINALITY AS k(day, usage_point_id, channel, n)
    JOIN metering_curve c
      ON c.day = {_DAY.format("k.day")} AND c.usage_point_id = k.usage_point_id AND c.channel = k.channel
    WHERE c.day BETWEEN {_DAY.format("%s")} AND {_DAY.format("%s")} AND c.usage_point_id BETWEEN %s AND %s
"""
_BY_RANGE = f"""
    SELECT (k.n - 1) * %s + (c.day - {_DAY.format("%s")}) AS n, c.version, c.digits, c.quality
    FROM unnest(%s) WITH ORDINALITY AS k(usage_point_id, n)
    JOIN metering_curve c ON c.usage_point_id = k.usage_point_id
    WHERE c.day >= {_DAY.format("%s")} AND c.day < {_DAY.format("%s")} AND c.channel = %s
      AND c.usage_point_id BETWEEN %s AND %s AND (%s::timestamptz IS NULL OR c.recorded_at <= %s)
"""
_DELETE = f"""
    DELETE FROM metering_curve c
    USING unnest(%s, %s, %s, %s) AS k(day, usage_point_id, channel, version)
    WHERE c.day = {_DAY.format("k.day")} AND c.usage_point_id = k.usage_point_id AND c.channel = k.channel
      AND c.version = k.version
      AND c.day BETWEEN {_DAY.format("%s")} AND {_DAY.format("%s")} AND c.usage_point_id BETWEEN %s AND %s
"""
_TABLE = (
    "metering_curve"
    " (day, usage_point_id, channel, version, source, evidence_id, recorded_at, digits, quality)"
)


@dataclass(frozen=True)
class StoredCurves:
    """
    The latest version of each curve found.

    place            int64 (found,)          which of the asked
    version          int64 (found,)
    values, quality  int64, uint8 (found, point)
    """

    place: Ints
    version: Ints
    values: Ints
    quality: Bytes


@dataclass(frozen=True)
class Origin:
    """Where written rows come from, and when they were written."""

    source: Source
    evidence_id: int
    recorded_at: datetime


def fetch_curves(conn: Connection, keys: CurveColumns) -> StoredCurves:
    """Return what is stored for the keys of at least one curve; `place` is the row of the key."""
    bounds = *_bounds(keys.day), *_bounds(keys.usage_point_id)
    row = fetch_row(
        conn, _PACKED.format(rows=_BY_KEY), (keys.day, keys.usage_point_id, keys.channel, *bounds)
    )
    return _unpack(row, keys.values.shape[1])


@dataclass(frozen=True)
class Days:
    """Consecutive civil days: number of the first (days since 1970-01-01), how many, intervals of each."""

    first: int
    count: int
    points: int = 96


def fetch_days(
    conn: Connection, usage_point_ids: Ints, days: Days, channel: int, known_at: datetime | None = None
) -> StoredCurves:
    """
    Return what is stored for some points and days; `place` is row · days + day.

    known_at  only versions recorded until then
    """
    if not len(usage_point_ids):
        return _unpack((None,) * 6, days.points)
    last = days.first + days.count
    parameters = (
        days.count, days.first, usage_point_ids, days.first, last, channel, *_bounds(usage_point_ids),
        known_at, known_at,
    )  # fmt: skip
    return _unpack(fetch_row(conn, _PACKED.format(rows=_BY_RANGE), parameters), days.points)


def fill_days(stored: StoredCurves, rows: int, days: Days) -> tuple[Ints, Bytes, Ints]:
    """
    Spread what was found over a whole block; what is not stored is missing, at version 0.

    returns  int64 (row, day, point) values, uint8 (row, day, point) quality, int64 (row, day) version
    """
    values = np.zeros((rows * days.count, days.points), dtype=np.int64)
    quality = np.full((rows * days.count, days.points), Quality.MISSING, dtype=np.uint8)
    version = np.zeros(rows * days.count, dtype=np.int64)
    values[stored.place], quality[stored.place] = stored.values, stored.quality
    version[stored.place] = stored.version
    shape = rows, days.count, days.points
    return values.reshape(shape), quality.reshape(shape), version.reshape(shape[:2])


def write_curves(
    conn: Connection, curves: CurveColumns, version: Ints, in_place: Flags, origin: Origin
) -> None:
    """
    Write curves as these versions; the flagged ones replace their version, the others are new rows.

    version   int64 (row,)
    in_place  bool (row,)
    """
    if not len(curves):
        return
    if in_place.any():
        _delete(conn, curves.take(in_place), version[in_place])
    packed, runs = pack_curves(curves.values, curves.quality)
    rows = len(curves)
    recorded_at = np.full(rows, instant64(origin.recorded_at))
    copy_in(
        conn,
        _TABLE,
        [
            copy_rows.date(curves.day),
            copy_rows.int64(curves.usage_point_id),
            copy_rows.int16(curves.channel),
            copy_rows.int16(version),
            copy_rows.int16(np.full(rows, origin.source)),
            copy_rows.int64(np.full(rows, origin.evidence_id)),
            copy_rows.timestamptz(recorded_at),
            copy_rows.bytea(packed),
            copy_rows.bytea(runs),
        ],
    )


def _delete(conn: Connection, keys: CurveColumns, version: Ints) -> None:
    bounds = *_bounds(keys.day), *_bounds(keys.usage_point_id)
    run(conn, _DELETE, (keys.day, keys.usage_point_id, keys.channel, version, *bounds))


def _bounds(column: Ints) -> tuple[int, int]:
    return int(column.min()), int(column.max())


def _unpack(row: tuple[bytes | None, ...], points: int) -> StoredCurves:
    place, version = ints(row[0]), small_ints(row[1])
    digits, quality_lengths = cut(row[2], ints(row[3])), ints(row[5])
    runs = cut(row[4], np.maximum(quality_lengths, 0))
    marks = [None if length < 0 else run for run, length in zip(runs, quality_lengths.tolist(), strict=True)]
    kept = latest_places(version, place)
    chosen = kept.tolist()
    values, quality = unpack_curves([digits[n] for n in chosen], [marks[n] for n in chosen], points)
    return StoredCurves(place[kept], version[kept], values, quality)
