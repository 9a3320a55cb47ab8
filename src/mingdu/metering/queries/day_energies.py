"""Energy of whole days, interval by interval, behind the multiplier: what is billed by a curve."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

import numpy as np

from mingdu.core.clock import day_number
from mingdu.core.registers import Channel
from mingdu.core.types import Bytes, Ints
from mingdu.metering.store.columns import Connection
from mingdu.metering.store.curves import Days, StoredCurves, fetch_days
from mingdu.metering.store.profiles import MOST_DECIMALS
from mingdu.metering.zone import INTERVAL_MINUTES, day_starts, intervals_of

from .scales import multipliers_at


@dataclass(frozen=True)
class DayEnergies:
    """
    Stored days of one interval and length; days that are not stored are in none.

    place      int64 (row,)           which of the asked points
    day        int64 (row,)           number of the civil day
    minutes    length of an interval
    energy_wh  int64 (row, interval)  [Wh], 0 where missing
    quality    uint8 (row, interval)  Quality
    version    int64 (row,)
    """

    place: Ints
    day: Ints
    minutes: int
    energy_wh: Ints
    quality: Bytes
    version: Ints


def energies_of_days(
    conn: Connection, usage_point_ids: Ints, first: date, end: date, channel: Channel = Channel.IMPORT
) -> list[DayEnergies]:
    """Return an energy channel of some points through the days first ≤ day < end; not filtered by actor."""
    days = [first + timedelta(days=offset) for offset in range((end - first).days)]
    found = []
    for minutes_long, run in groupby(days, key=lambda day: intervals_of(day, 1)):
        same = list(run)
        begin, count = day_number(same[0]), len(same)
        usual = fetch_days(
            conn, usage_point_ids, Days(begin, count, minutes_long // INTERVAL_MINUTES), int(channel)
        )
        parts = [(INTERVAL_MINUTES, usual)]
        for minutes in np.unique(usual.other_minutes).tolist():
            block = Days(begin, count, minutes_long // minutes)
            parts.append((minutes, fetch_days(conn, usage_point_ids, block, int(channel))))
        found += [
            _energies(conn, usage_point_ids, (begin, count), minutes, stored)
            for minutes, stored in parts
            if len(stored.place)
        ]
    return found


def _energies(
    conn: Connection, ids: Ints, span: tuple[int, int], minutes: int, stored: StoredCurves
) -> DayEnergies:
    place, offset = np.divmod(stored.place, span[1])
    day, intervals = span[0] + offset, stored.values.shape[1]
    step = np.timedelta64(minutes * 60_000_000, "us")
    begins = day_starts(day)[:, np.newaxis] + np.arange(intervals) * step
    owners = np.repeat(ids[place], intervals)
    multiplier = multipliers_at(conn, owners, begins.reshape(-1)).reshape(stored.values.shape)
    wh_per_digit = 10 ** (MOST_DECIMALS - stored.decimals)
    energy_wh = stored.values * wh_per_digit[:, np.newaxis] * multiplier
    return DayEnergies(place, day, minutes, energy_wh, stored.quality, stored.version)
