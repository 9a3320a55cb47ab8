"""
What a register is expected to show (示数合理性), from the months before: a phone checks with it offline.

The value that is on file for the asked instant is never part of it: the reader reads blind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

import numpy as np

from mingdu.base.database import reading_connection
from mingdu.core.clock import civil_day
from mingdu.core.registers import WH_PER_DIGIT, Register
from mingdu.core.types import Flags, Ints
from mingdu.metering.queries import Installations, installations, register_values
from mingdu.metering.zone import midnight, zone

from .operations.field_items import DECIMALS, DEMAND_DECIMALS

# So many months before the start make the mean; our own first value.
MONTHS = 3
# More than so many times the mean is unlikely, but never less than this; our own first values.
MOST_TIMES = 3
MOST_FLOOR_WH = 50_000


@dataclass(frozen=True)
class Expected:
    """
    What one register is expected to show; figures are register digits, before the multiplier.

    places      digits before the point
    start       what it showed at the beginning of the month before the asked instant; None: not known
    usual       how far it moved in a month, mean of the months before the start; None: not known
    most        how far it may have moved since the start before it is unlikely; None: nothing to tell from
    """

    register: Register
    places: int
    decimals: int
    start: int | None = None
    usual: int | None = None
    most: int | None = None


@dataclass(frozen=True)
class PointExpected:
    """What is expected of the registers of one usage point, and the multiplier (倍率) of its meter."""

    multiplier: int
    registers: tuple[Expected, ...]


def expectations(
    usage_point_ids: Ints, registers: Sequence[Register], read_at: datetime
) -> list[PointExpected]:
    """
    Return what is expected at an instant, one entry a usage point.

    Only readings of the meter that hung there at that instant count; demand starts anew each month and has no
    expectation. For subjects that have asked their own door.
    """
    hung = installations(reading_connection(), usage_point_ids, read_at)
    columns = _columns(usage_point_ids, registers, read_at, hung)
    return [
        PointExpected(
            max(int(hung.multiplier[row]), 1),
            tuple(
                _expected(register, int(hung.digits[row]), columns, (row, column))
                for column, register in enumerate(registers)
            ),
        )
        for row in range(len(usage_point_ids))
    ]


@dataclass(frozen=True)
class _Columns:
    """int64 (point, register) each, with a mask of where it is known."""

    start: Ints
    has_start: Flags
    usual: Ints
    has_usual: Flags
    most: Ints


def _columns(
    usage_point_ids: Ints, registers: Sequence[Register], read_at: datetime, hung: Installations
) -> _Columns:
    instants = [midnight(day) for day in month_starts(read_at)]
    found = [register_values(reading_connection(), usage_point_ids, registers, at) for at in instants]
    own = [each.found & (each.meter_id == hung.meter_id[:, np.newaxis]) for each in found]
    wrap = np.power(np.int64(10), hung.digits)[:, np.newaxis]
    moved, months = np.zeros((2, *found[0].digits.shape), dtype=np.int64)
    for (later, is_later), (earlier, is_earlier) in pairwise(zip(found, own, strict=True)):
        both = is_later & is_earlier
        moved += np.where(both, (later.digits - earlier.digits) % wrap, 0)
        months += both
    usual = moved // np.maximum(months, 1)
    most = _most(usual, months > 0, hung, read_at - instants[0])
    return _Columns(found[0].digits, own[0], usual, months > 0, most)


def _most(usual: Ints, is_known: Flags, hung: Installations, span: timedelta) -> Ints:
    """Three months' use at once is unlikely; without a history, only what the contract cannot deliver is."""
    floor = MOST_FLOOR_WH // WH_PER_DIGIT // np.maximum(hung.multiplier, 1)
    hours = span // timedelta(hours=1)
    by_capacity = hung.capacity_w * hours // WH_PER_DIGIT // np.maximum(hung.multiplier, 1)
    by_history = np.maximum(MOST_TIMES * usual, floor[:, np.newaxis])
    most: Ints = np.where(is_known, by_history, np.maximum(by_capacity, floor)[:, np.newaxis])
    return most


def month_starts(read_at: datetime) -> list[date]:
    """Return the first days of the month that ends at or holds the instant, and of those before it."""
    day = civil_day(read_at - timedelta(microseconds=1), zone()).replace(day=1)
    days = [day]
    for _ in range(MONTHS):
        day = (day - timedelta(days=1)).replace(day=1)
        days.append(day)
    return days


def _expected(register: Register, digits: int, columns: _Columns, at: tuple[int, int]) -> Expected:
    if register is Register.DEMAND:
        return Expected(register, max(digits - DEMAND_DECIMALS, 1), DEMAND_DECIMALS)
    if not columns.has_start[at]:
        return Expected(register, max(digits - DECIMALS, 1), DECIMALS)
    usual = int(columns.usual[at]) if columns.has_usual[at] else None
    return Expected(
        register, digits - DECIMALS, DECIMALS, int(columns.start[at]), usual, int(columns.most[at])
    )
