"""
Versions of values that came between two instants, each with the one before it, from tables and sealed files.

A version counts as a change when another stood before it, or when its day had been closed without it. What
came for an open day is the day's own reading, not a change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

import numpy as np

from mingdu.core.clock import civil_day, day_of
from mingdu.core.curves import unpack_curves
from mingdu.core.instants import aware, instant64
from mingdu.core.registers import Channel
from mingdu.core.types import Bytes, Ints
from mingdu.metering.zone import intervals_of, zone

from .buckets import BUCKET_POINTS, bucket_ids
from .columns import Connection, fetch_rows
from .sealed_curves import read_curves
from .sealed_parts import Part, SealedPart, Wanted, month_span, next_month, sealed_parts
from .sealed_registers import read_registers

# A reading at midnight is the state at the end of the day before (零点冻结).
_REGISTER_DAY = "((r.read_at - interval '1 microsecond') AT TIME ZONE %(zone)s)::date"
_CLOSED_BEFORE = """
    EXISTS (SELECT FROM metering_dayclosing d WHERE d.bucket = {row}.usage_point_id / %(width)s
            AND d.day = {day} AND d.closed_at < {row}.recorded_at)"""
_IN_SPAN = """
    {row}.recorded_at > %(since)s AND {row}.recorded_at <= %(until)s
    AND (%(point)s::bigint IS NULL OR {row}.usage_point_id = %(point)s)
    AND ({row}.version > 1 OR {late})"""
_CURVE_CHANGED = _IN_SPAN.format(row="c", late=_CLOSED_BEFORE.format(row="c", day="c.day"))
_REGISTER_CHANGED = _IN_SPAN.format(row="r", late=_CLOSED_BEFORE.format(row="r", day=_REGISTER_DAY))
_PLACES = f"""
    SELECT DISTINCT date_trunc('month', c.day)::date, c.usage_point_id / %(width)s FROM metering_curve c
    WHERE {_CURVE_CHANGED}
    UNION
    SELECT DISTINCT date_trunc('month', r.read_at AT TIME ZONE %(zone)s)::date, r.usage_point_id / %(width)s
    FROM metering_registerreading r WHERE {_REGISTER_CHANGED}
    UNION
    SELECT s.month, s.bucket FROM metering_sealedpart s
    WHERE s.ended_at IS NULL AND s.sealed_at > %(since)s
      AND (%(point)s::bigint IS NULL OR s.bucket = %(point)s / %(width)s)
    ORDER BY 1, 2
"""
# All versions of the keys that changed: the one before is among them, unless it is sealed.
_CURVES = f"""
    WITH changed AS (
        SELECT DISTINCT c.day, c.usage_point_id, c.channel FROM metering_curve c
        WHERE c.day >= %(first)s AND c.day < %(past)s AND c.usage_point_id BETWEEN %(low)s AND %(high)s
          AND {_CURVE_CHANGED})
    SELECT c.usage_point_id, c.channel, (c.day - date '1970-01-01')::bigint, 0::bigint, c.version, c.source,
           c.evidence_id, c.recorded_at, c.interval_minutes, c.decimals, c.digits, c.quality
    FROM changed k JOIN metering_curve c USING (day, usage_point_id, channel)
    WHERE c.day >= %(first)s AND c.day < %(past)s
"""
_REGISTERS = f"""
    WITH changed AS (
        SELECT DISTINCT r.read_at, r.usage_point_id, r.register, r.meter_id FROM metering_registerreading r
        WHERE r.read_at >= %(first)s AND r.read_at < %(past)s
          AND r.usage_point_id BETWEEN %(low)s AND %(high)s AND {_REGISTER_CHANGED})
    SELECT r.usage_point_id, r.register, (extract(epoch FROM r.read_at) * 1000000)::bigint, r.meter_id,
           r.version, r.source, r.evidence_id, r.recorded_at, r.digits, r.quality
    FROM changed k JOIN metering_registerreading r USING (read_at, usage_point_id, register, meter_id)
    WHERE r.read_at >= %(first)s AND r.read_at < %(past)s
"""


_CLOSED = "SELECT day, closed_at FROM metering_dayclosing WHERE bucket = %s AND day BETWEEN %s AND %s"
OWN_DECIMALS = -1


@dataclass(frozen=True)
class Version:
    """
    One version of a curve's day or of a register reading.

    item         number of the channel or register
    at           day number of a curve, microseconds since 1970 of a register
    meter_id     of a register; 0 for a curve
    minutes      of an interval; 0 for a register
    decimals     digits behind the point; -1: the register's own
    values       int64 (interval,), of a register (1,)
    quality      uint8, as values
    """

    usage_point_id: int
    item: int
    at: int
    meter_id: int
    version: int
    source: int
    evidence_id: int
    recorded_at: datetime
    minutes: int
    decimals: int
    values: Ints
    quality: Bytes

    @property
    def key(self) -> tuple[int, int, int, int]:
        """Return what all versions of one value share."""
        return self.usage_point_id, self.item, self.at, self.meter_id


# The version before, None where nothing was stored; the version that came.
Change = tuple[Version | None, Version]


@dataclass(frozen=True)
class Span:
    """Versions recorded after `since`, until `until` included; of one point, or of all."""

    since: datetime
    until: datetime
    point: int | None = None

    def asked(self) -> dict[str, Any]:
        """Return the parameters that all statements share."""
        return {**vars(self), "width": BUCKET_POINTS, "zone": str(zone())}

    def holds(self, at: datetime) -> bool:
        """Tell whether something was recorded in the span."""
        return self.since < at <= self.until


def changed_places(conn: Connection, span: Span) -> list[tuple[date, int]]:
    """Return the months and buckets in which anything may have changed, in rising order."""
    return [(month, bucket) for month, bucket in fetch_rows(conn, _PLACES, span.asked())]


def changed_curves(conn: Connection, span: Span, month: date, bucket: int) -> Iterator[Change]:
    """Yield the changes of a bucket's curves in a month, by point, channel, day and version."""
    asked = _asked(span, bucket, month, next_month(month))
    rows, parts = _steady(conn, _CURVES, asked, (Part.CURVES, month, month, bucket, bucket))
    hot = [_curve(row) for row in rows]
    sealed = [each for part in parts for each in _sealed_curves(part, _ids(span, bucket), span, hot)]
    yield from _pairs([*hot, *sealed], span, _closings(conn, month, bucket), day_of)


def changed_registers(conn: Connection, span: Span, month: date, bucket: int) -> Iterator[Change]:
    """Yield the changes of a bucket's register readings in a month, by point, register, instant, version."""
    asked = _asked(span, bucket, *month_span(month))
    rows, parts = _steady(conn, _REGISTERS, asked, (Part.REGISTERS, month, month, bucket, bucket))
    hot = [_register(row) for row in rows]
    sealed = [each for part in parts for each in _sealed_registers(part, _ids(span, bucket), span, hot)]
    yield from _pairs([*hot, *sealed], span, _closings(conn, month, bucket), _register_day)


def _asked(span: Span, bucket: int, first: date, past: date) -> dict[str, Any]:
    ids = bucket_ids(bucket)
    return {**span.asked(), "first": first, "past": past, "low": ids[0], "high": ids[-1]}


def _steady(
    conn: Connection, statement: str, asked: dict[str, Any], wanted: Wanted
) -> tuple[list[tuple[Any, ...]], list[SealedPart]]:
    """Return rows and the files beside them, of one state: asked again when a seal came in between."""
    parts = sealed_parts(conn, wanted)
    while True:
        rows = fetch_rows(conn, statement, asked)
        now = sealed_parts(conn, wanted)
        if now == parts:
            return rows, parts
        parts = now


def _curve(row: tuple[Any, ...]) -> Version:
    point, item, day, meter, version, source, evidence, recorded_at, minutes, decimals, digits, runs = row
    values, quality = unpack_curves([digits], [runs], intervals_of(day_of(day), minutes))
    return Version(
        point,
        item,
        day,
        meter,
        version,
        source,
        evidence,
        recorded_at,
        minutes,
        decimals,
        values[0],
        quality[0],
    )


def _register(row: tuple[Any, ...]) -> Version:
    point, item, at, meter, version, source, evidence, recorded_at, digits, quality = row
    values, marks = np.array([digits], dtype=np.int64), np.array([quality], dtype=np.uint8)
    return Version(
        point, item, at, meter, version, source, evidence, recorded_at, 0, OWN_DECIMALS, values, marks
    )


def _sealed_curves(part: SealedPart, ids: Ints, span: Span, hot: Sequence[Version]) -> Iterator[Version]:
    rows = read_curves(part, ids, channels=(0, int(max(Channel))))
    if rows is None:
        return
    keys = rows.usage_point_id, rows.channel, rows.day, np.zeros(len(rows), dtype=np.int64)
    for row in _wanted(keys, rows.recorded_at, ids, span, hot):
        day, minutes = int(rows.day[row]), int(rows.minutes[row])
        values, quality = rows.block(np.array([row]), intervals_of(day_of(day), minutes))
        yield Version(
            int(rows.usage_point_id[row]), int(rows.channel[row]), day, 0, int(rows.version[row]),
            int(rows.source[row]), int(rows.evidence_id[row]), _instant(rows.recorded_at[row]), minutes,
            int(rows.decimals[row]), values[0], quality[0],
        )  # fmt: skip


def _sealed_registers(part: SealedPart, ids: Ints, span: Span, hot: Sequence[Version]) -> Iterator[Version]:
    rows = read_registers(part, ids)
    if rows is None:
        return
    keys = rows.usage_point_id, rows.register, rows.read_at, rows.meter_id
    for row in _wanted(keys, rows.recorded_at, ids, span, hot):
        yield Version(
            int(rows.usage_point_id[row]), int(rows.register[row]), int(rows.read_at[row]),
            int(rows.meter_id[row]), int(rows.version[row]), int(rows.source[row]),
            int(rows.evidence_id[row]), _instant(rows.recorded_at[row]), 0, OWN_DECIMALS,
            rows.digits[[row]], rows.quality[[row]],
        )  # fmt: skip


def _wanted(
    keys: tuple[Ints, Ints, Ints, Ints], recorded_at: Ints, ids: Ints, span: Span, hot: Sequence[Version]
) -> list[int]:
    """Return the rows of all keys that changed in the span, here or in the table."""
    since, until = (int(instant64(at).astype(np.int64)) for at in (span.since, span.until))
    here = (recorded_at > since) & (recorded_at <= until) & np.isin(keys[0], ids)
    changed = {each.key for each in hot}
    changed |= set(zip(*(column[here].tolist() for column in keys), strict=True))
    all_keys = zip(*(column.tolist() for column in keys), strict=True)
    return [row for row, key in enumerate(all_keys) if key in changed]


def _pairs(
    found: Sequence[Version],
    span: Span,
    closed: Mapping[date, datetime],
    day_at: Callable[[int], date],
) -> Iterator[Change]:
    for _, group in groupby(sorted(found, key=lambda each: (each.key, each.version)), lambda each: each.key):
        before: Version | None = None
        for after in group:
            is_late = before is None and closed.get(day_at(after.at), after.recorded_at) < after.recorded_at
            if span.holds(after.recorded_at) and (before is not None or is_late):
                yield before, after
            before = after


def _closings(conn: Connection, month: date, bucket: int) -> dict[date, datetime]:
    """Return when the days of a month were closed, and the last of the month before it."""
    return dict(fetch_rows(conn, _CLOSED, (bucket, month - timedelta(days=1), next_month(month))))


def _register_day(read_at: int) -> date:
    """Return the day to whose end a reading belongs (零点冻结)."""
    return civil_day(_instant(read_at - 1), zone())


def _instant(microseconds: Any) -> datetime:
    return aware(np.datetime64(int(microseconds), "us"))


def _ids(span: Span, bucket: int) -> Ints:
    return np.array([span.point] if span.point is not None else bucket_ids(bucket), dtype=np.int64)
