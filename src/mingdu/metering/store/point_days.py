"""Curves of one point, day by day, each in the interval that it is stored in; for pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from mingdu.base.database import cursor
from mingdu.core.curves import unpack_curves
from mingdu.core.quality import Quality
from mingdu.core.registers import CHANNEL_SCALE, Channel
from mingdu.core.types import Bytes, Ints
from mingdu.metering.zone import INTERVAL_MINUTES, intervals_of

from .columns import Connection

_STORED = """
    SELECT DISTINCT ON (day) day, version, digits, quality, interval_minutes, decimals
    FROM metering_curve
    WHERE day = ANY(%(days)s) AND usage_point_id = %(point)s AND channel = %(channel)s
      AND (%(known_at)s::timestamptz IS NULL OR recorded_at <= %(known_at)s)
    ORDER BY day, version DESC
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
    asked = {"days": days, "point": usage_point_id, "channel": int(channel), "known_at": known_at}
    found = {row[0]: _stored(row) for row in cursor(conn, binary=True).execute(_STORED, asked)}
    latest = found[max(found)] if found else None
    minutes = latest.minutes if latest else INTERVAL_MINUTES
    decimals = latest.decimals if latest else CHANNEL_SCALE[channel].decimals
    return [found.get(day) or _missing(day, minutes, decimals) for day in days]


def _stored(row: tuple[date, int, bytes, bytes | None, int, int]) -> PointDay:
    day, version, digits, marks, minutes, decimals = row
    values, quality = unpack_curves([digits], [marks], intervals_of(day, minutes))
    return PointDay(day, minutes, decimals, values[0], quality[0], version)


def _missing(day: date, minutes: int, decimals: int) -> PointDay:
    points = intervals_of(day, minutes)
    quality = np.full(points, Quality.MISSING, dtype=np.uint8)
    return PointDay(day, minutes, decimals, np.zeros(points, dtype=np.int64), quality, 0)
