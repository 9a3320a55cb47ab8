"""Curves in the database: one row a day of one channel of one point and version, packed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from mingdu.core import copy_rows
from mingdu.core.curves import is_guess, pack_curves, unpack_curves
from mingdu.core.instants import instant64
from mingdu.core.quality import Quality
from mingdu.core.types import Bytes, Flags, Ints
from mingdu.metering.readings import CurveColumns, Source
from mingdu.metering.zone import intervals_minutes

from .columns import Connection, copy_in, cut, fetch_row, ints, run, small_ints
from .latest import latest_places
from .sealed_curves import sealed_curves, sealed_days
from .sealed_parts import SEALED, Part, parts_of, wanted_days
from .stored_curves import Days, StoredCurves, newest

__all__ = ("Days", "Origin", "StoredCurves", "fetch_curves", "fetch_days", "fill_days", "write_curves")

_DAY = "(date '1970-01-01' + {}::int)"
_PACKED = f"""
    SELECT {SEALED}, string_agg(int8send(n), ''), string_agg(int2send(version), ''),
           string_agg(digits, ''), string_agg(int8send(length(digits)), ''),
           string_agg(quality, ''), string_agg(int8send(coalesce(length(quality), -1)), ''),
           string_agg(int2send(interval_minutes), ''), string_agg(int2send(decimals), '')
    FROM ({{rows}}) AS found
"""
_BY_KEY = f"""
    SELECT k.n - 1 AS n, c.version, c.digits, c.quality, c.interval_minutes, c.decimals
    FROM unnest(%s, %s, %s) WITH ORDINALITY AS k(day, usage_point_id, channel, n)
    JOIN metering_curve c
      ON c.day = {_DAY.format("k.day")} AND c.usage_point_id = k.usage_point_id AND c.channel = k.channel
    WHERE c.day BETWEEN {_DAY.format("%s")} AND {_DAY.format("%s")} AND c.usage_point_id BETWEEN %s AND %s
"""
_BY_RANGE = f"""
    SELECT (k.n - 1) * %s + (c.day - {_DAY.format("%s")}) AS n, c.version, c.digits, c.quality,
           c.interval_minutes, c.decimals
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
    " (day, usage_point_id, channel, version, source, evidence_id, recorded_at, digits, quality,"
    " interval_minutes, decimals)"
)


@dataclass(frozen=True)
class Origin:
    """Where written rows come from, and when they were written."""

    source: Source
    evidence_id: int
    recorded_at: datetime


def fetch_curves(conn: Connection, keys: CurveColumns) -> StoredCurves:
    """Return what is stored for the keys of at least one curve; `place` is the row of the key."""
    days = _bounds(keys.day)
    parameters = (
        *wanted_days(days, keys.usage_point_id), keys.day, keys.usage_point_id, keys.channel,
        *days, *_bounds(keys.usage_point_id),
    )  # fmt: skip
    sealed, *row = fetch_row(conn, _PACKED.format(rows=_BY_KEY), parameters)
    points = keys.values.shape[1]
    minutes = intervals_minutes(keys.day, points)
    return _with_sealed(
        _unpack(row, points, minutes), sealed_curves(parts_of(Part.CURVES, sealed), keys, minutes)
    )


def fetch_days(
    conn: Connection, usage_point_ids: Ints, days: Days, channel: int, known_at: datetime | None = None
) -> StoredCurves:
    """
    Return what is stored for some points and days; `place` is row · days + day.

    known_at  only versions recorded until then
    """
    if not len(usage_point_ids):
        return _unpack([None] * 8, days.points, np.zeros(0, dtype=np.int64))
    past = days.first + days.count
    parameters = (
        *wanted_days((days.first, past - 1), usage_point_ids),
        days.count, days.first, usage_point_ids, days.first, past, channel, *_bounds(usage_point_ids),
        known_at, known_at,
    )  # fmt: skip
    sealed, *row = fetch_row(conn, _PACKED.format(rows=_BY_RANGE), parameters)
    minutes = intervals_minutes(days.first + np.arange(days.count), days.points)
    asked = usage_point_ids, days, np.tile(minutes, len(usage_point_ids))
    found = sealed_days(parts_of(Part.CURVES, sealed), asked, int(channel), known_at)
    return _with_sealed(_unpack(row, days.points, asked[2]), found)


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
            copy_rows.int16(intervals_minutes(curves.day, curves.values.shape[1])),
            copy_rows.int16(curves.scale),
        ],
    )


def _delete(conn: Connection, keys: CurveColumns, version: Ints) -> None:
    bounds = *_bounds(keys.day), *_bounds(keys.usage_point_id)
    run(conn, _DELETE, (keys.day, keys.usage_point_id, keys.channel, version, *bounds))


def _bounds(column: Ints) -> tuple[int, int]:
    return int(column.min()), int(column.max())


def _with_sealed(hot: StoredCurves, sealed: Iterator[StoredCurves]) -> StoredCurves:
    parts = [hot, *sealed]
    return hot if len(parts) == 1 else newest(parts)


def _unpack(row: Sequence[bytes | None], points: int, minutes: Ints) -> StoredCurves:
    """Unpack what has the asked interval; `minutes` is int64 (asked,)."""
    place, version = ints(row[0]), small_ints(row[1])
    digits, quality_lengths = cut(row[2], ints(row[3])), ints(row[5])
    runs = cut(row[4], np.maximum(quality_lengths, 0))
    marks = [None if length < 0 else run for run, length in zip(runs, quality_lengths.tolist(), strict=True)]
    stored_minutes, decimals = small_ints(row[6]), small_ints(row[7])
    latest = latest_places(version, place)
    is_like = stored_minutes[latest] == minutes[place[latest]]
    kept, other = latest[is_like], latest[~is_like]
    chosen = kept.tolist()
    values, quality = unpack_curves([digits[n] for n in chosen], [marks[n] for n in chosen], points)
    guesses = np.array([is_guess(marks[n]) for n in other.tolist()], dtype=bool)
    return StoredCurves(
        place[kept], version[kept], values, quality, decimals[kept],
        place[other], stored_minutes[other], version[other], guesses,
    )  # fmt: skip
