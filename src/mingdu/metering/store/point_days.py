"""Curves of one point, day by day, each in the interval that it is stored in; for pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from mingdu.base.database import cursor
from mingdu.core.clock import day_number, day_of
from mingdu.core.curves import unpack_curves
from mingdu.core.quality import Quality
from mingdu.core.registers import CHANNEL_SCALE, Channel
from mingdu.core.types import Bytes, Ints
from mingdu.metering.zone import INTERVAL_MINUTES, intervals_of

from .columns import Connection
from .sealed_curves import is_known, read_curves
from .sealed_parts import SEALED, Part, SealedPart, parts_of, wanted_days

# A row of NULLs when nothing is in the table, so that the files are always told.
_STORED = f"""
    SELECT sealed.parts, found.*
    FROM (SELECT {SEALED} AS parts) AS sealed
    LEFT JOIN LATERAL (
        SELECT DISTINCT ON (day) day, version, digits, quality, interval_minutes, decimals
        FROM metering_curve
        WHERE day = ANY(%s) AND usage_point_id = %s AND channel = %s
          AND (%s::timestamptz IS NULL OR recorded_at <= %s)
        ORDER BY day, version DESC
    ) AS found ON true
"""


@dataclass(frozen=True)
class PointDay:
    """
    One day of one channel of a point.

    minutes   of an interval
    decimals  of a digit, in the channel's unit
    values    int64 (interval,)  digits before the multiplier, 0 where missing
    quality   uint8 (interval,)  Quality
    version   0: nothing is stored
    """

    day: date
    minutes: int
    decimals: int
    values: Ints
    quality: Bytes
    version: int


def point_days(
    conn: Connection,
    usage_point_id: int,
    days: list[date],
    channel: Channel = Channel.IMPORT,
    known_at: datetime | None = None,
) -> list[PointDay]:
    """
    Return some days of a point's channel in one look, not filtered by actor.

    A day that is not stored is missing, in the interval of the latest stored one of them.
    known_at  only versions recorded until then
    """
    if not days:
        return []
    ids = np.array([usage_point_id], dtype=np.int64)
    span = day_number(min(days)), day_number(max(days))
    asked = *wanted_days(span, ids), days, usage_point_id, int(channel), known_at, known_at
    rows = cursor(conn, binary=True).execute(_STORED, asked).fetchall()
    found = {row[1]: _stored(row[1:]) for row in rows if row[1] is not None}
    for part in parts_of(Part.CURVES, rows[0][0]):
        for each in _sealed(part, ids, int(channel), known_at):
            if each.day not in found or found[each.day].version < each.version:
                found[each.day] = each
    found = {day: found[day] for day in days if day in found}
    latest = found[max(found)] if found else None
    minutes = latest.minutes if latest else INTERVAL_MINUTES
    decimals = latest.decimals if latest else CHANNEL_SCALE[channel].decimals
    return [found.get(day) or _missing(day, minutes, decimals) for day in days]


def _stored(row: tuple[date, int, bytes, bytes | None, int, int]) -> PointDay:
    day, version, digits, marks, minutes, decimals = row
    values, quality = unpack_curves([digits], [marks], intervals_of(day, minutes))
    return PointDay(day, minutes, decimals, values[0], quality[0], version)


def _sealed(part: SealedPart, ids: Ints, channel: int, known_at: datetime | None) -> Iterator[PointDay]:
    """Yield every version of the point's days that a file holds."""
    stored = read_curves(part, ids, channels=(channel, channel))
    if stored is None:
        return
    wanted = (stored.usage_point_id == ids[0]) & (stored.channel == channel)
    for row in np.flatnonzero(wanted & is_known(stored.recorded_at, known_at)):
        day, minutes = day_of(int(stored.day[row])), int(stored.minutes[row])
        values, quality = stored.block(np.array([row]), intervals_of(day, minutes))
        version, decimals = int(stored.version[row]), int(stored.decimals[row])
        yield PointDay(day, minutes, decimals, values[0], quality[0], version)


def _missing(day: date, minutes: int, decimals: int) -> PointDay:
    points = intervals_of(day, minutes)
    quality = np.full(points, Quality.MISSING, dtype=np.uint8)
    return PointDay(day, minutes, decimals, np.zeros(points, dtype=np.int64), quality, 0)
