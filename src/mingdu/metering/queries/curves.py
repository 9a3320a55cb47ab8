"""Looking at curves: whole blocks as columns for mass work, one point's for a page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from mingdu.base.actors import Actor
from mingdu.base.database import reading_connection
from mingdu.base.permissions import require
from mingdu.core.clock import day_number
from mingdu.core.registers import Channel
from mingdu.core.types import Bytes, Ints
from mingdu.errors import TradeError
from mingdu.metering.store.columns import Connection
from mingdu.metering.store.curves import Days, fetch_days, fill_days
from mingdu.metering.zone import intervals_of

from .points import usage_point_of


class UnlikeDays(TradeError):
    """Days of different lengths asked as one block."""

    next_step = "ask for the days before, on and after the change of the clocks apart"


@dataclass(frozen=True)
class CurveBlock:
    """
    Curves of points and days, latest version.

    values   int64 (point, day, interval)  register digits before the multiplier, 0 where missing
    quality  uint8 (point, day, interval)  Quality
    version  int64 (point, day)            0 where nothing is stored
    """

    values: Ints
    quality: Bytes
    version: Ints


def curves(
    conn: Connection,
    usage_point_ids: Ints,
    first_day: date,
    days: int,
    channel: Channel = Channel.IMPORT,
    known_at: datetime | None = None,
) -> CurveBlock:
    """
    Return the curves of some points through consecutive days; for mass work, not filtered by actor.

    known_at  as they were known then; None: as known now
    raises    UnlikeDays: a day of 23 or 25 hours among others
    """
    lengths = {intervals_of(first_day + timedelta(days=n)) for n in range(days)}
    if len(lengths) != 1:
        raise UnlikeDays(f"days of {sorted(lengths)} intervals from {first_day}", lengths=sorted(lengths))
    block = Days(day_number(first_day), days, lengths.pop())
    stored = fetch_days(conn, usage_point_ids, block, int(channel), known_at)
    return CurveBlock(*fill_days(stored, len(usage_point_ids), block))


@dataclass(frozen=True)
class CurveDay:
    """One day of one point for a page: digits and quality of each interval; version 0: nothing stored."""

    day: date
    digits: list[int]
    quality: list[int]
    version: int


def curve_of(
    by: Actor, code: str, first_day: date, last_day: date, channel: Channel = Channel.IMPORT
) -> list[CurveDay]:
    """
    Return one point's curves, day by day, both ends included.

    raises  UnknownUsagePoint: none of that code, or of a foreign unit
    """
    require(by, "metering.read")
    ids = np.array([usage_point_of(by, code).pk], dtype=np.int64)
    conn = reading_connection()
    found = []
    for offset in range((last_day - first_day).days + 1):
        day = first_day + timedelta(days=offset)
        block = curves(conn, ids, day, 1, channel)
        found.append(
            CurveDay(day, block.values[0, 0].tolist(), block.quality[0, 0].tolist(), int(block.version[0, 0]))
        )
    return found
