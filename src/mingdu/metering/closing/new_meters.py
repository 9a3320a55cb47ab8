"""Finds the meters that were put in on days of a block, with what they and their forerunners showed."""

from __future__ import annotations

import numpy as np

from mingdu.core.day_block import NOT_READ
from mingdu.core.instants import aware, microseconds
from mingdu.core.registers import WH_PER_DIGIT, Register
from mingdu.core.types import Flags, Ints
from mingdu.core.validation_meters import NewMeters
from mingdu.metering.store.columns import Connection
from mingdu.metering.store.registers import StoredRegisters, fetch_at
from mingdu.metering.zone import day_starts

from .block import BucketDays
from .freezes import EVIDENCE

MICROSECONDS = 1_000_000


def read_new_meters(conn: Connection, fetched: BucketDays) -> NewMeters | None:
    """Return the meters that were put in on active days of a block; None where there is none."""
    each, days = fetched.installed, fetched.block.days.numbers
    edges = microseconds(day_starts(np.append(days, days[-1] + 1)))
    entry = np.flatnonzero((each.valid_from >= edges[0]) & (each.valid_from < edges[-1]))
    day = np.searchsorted(edges, each.valid_from[entry], side="right") - 1
    is_active = fetched.active[each.row[entry], day]
    entry, day = entry[is_active], day[is_active]
    if not len(entry):
        return None
    row, came, meter = each.row[entry], each.valid_from[entry], each.meter_id[entry]
    follows = _follows(each.row)[entry]
    old_meter, went = (np.where(follows, column[entry - 1], 0) for column in (each.meter_id, each.valid_to))
    next_midnight = edges[day + 1]
    # A meter that came at midnight shows at that midnight what it came with.
    instants = np.unique(np.concatenate([came, went[follows], next_midnight]))
    places = np.unique(row)
    moments = [aware(np.datetime64(int(at), "us")) for at in instants]
    found = fetch_at(conn, fetched.ids[places], (Register.TOTAL,), moments)
    found = found.take(np.isin(found.quality, EVIDENCE))
    readings = _Readings(found, places[found.place])
    return NewMeters(
        row=row,
        day=day,
        start=readings.of(row, meter, came),
        first=readings.of(row, meter, next_midnight),
        seconds=(next_midnight - came) // MICROSECONDS,
        replaces=follows.astype(np.int64),
        end=readings.of(row, old_meter, went),
        digit_count=each.digits[entry],
        multiplier=each.multiplier[entry],
        wh_per_digit=np.full(len(entry), WH_PER_DIGIT, dtype=np.int64),
    )


def _follows(row: Ints) -> Flags:
    """Tell which installations have one before them at the same point; entries lie by row and time."""
    follows = np.zeros(len(row), dtype=bool)
    follows[1:] = row[1:] == row[:-1]
    return follows


class _Readings:
    """Readings by point, meter and instant."""

    def __init__(self, found: StoredRegisters, row: Ints) -> None:
        instants = microseconds(found.read_at).tolist()
        keys = zip(row.tolist(), found.meter_id.tolist(), instants, strict=True)
        self._digits = dict(zip(keys, found.digits.tolist(), strict=True))

    def of(self, row: Ints, meter: Ints, at: Ints) -> Ints:
        """Return what these meters showed at these instants; NOT_READ where that is not known."""
        keys = zip(row.tolist(), meter.tolist(), at.tolist(), strict=True)
        return np.array([self._digits.get(key, NOT_READ) for key in keys], dtype=np.int64)
