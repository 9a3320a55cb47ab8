"""
Energy between two register readings (电量 from 示数).

A billing register is never interpolated: there is no function here that makes a reading between two others.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

import numpy as np

from mingdu.core.types import Bytes, Flags, Ints
from mingdu.errors import TradeError

LARGEST_DIGIT_COUNT = 12
LARGEST_ENERGY_WH = 2**62
SECONDS_PER_HOUR = 3600


class RegisterOutOfRange(TradeError):
    """A reading that the register cannot show."""

    next_step = "check the reading and the number of digits of the meter model"


class EnergyTooLarge(TradeError):
    """Energy, scale and multiplier that together leave the whole numbers."""

    next_step = "check the multiplier and the scale"


class Remark(IntFlag):
    """What is remarkable about a pair of readings; all of it waits for a person's word."""

    NONE = 0
    NEGATIVE = 1
    ROLLED_OVER = 2
    JUMP = 4


@dataclass(frozen=True)
class RegisterPairs:
    """
    Two readings of one register each, and what the register is.

    start, end    int64 (row,)  readings [register digits]
    digit_count   int64 (row,)  whole digits shown, decimals included; the register wraps at 10**digit_count
    wh_per_digit  int64 (row,)  scale
    multiplier    int64 (row,)  倍率, CT × PT
    limit_wh      int64 (row,)  most that the capacity allows between the two: see `capacity_limit_wh`
    """

    start: Ints
    end: Ints
    digit_count: Ints
    wh_per_digit: Ints
    multiplier: Ints
    limit_wh: Ints


@dataclass(frozen=True)
class Usage:
    """used_digits int64, energy_wh int64 and remarks uint8 (Remark), each (row,)."""

    used_digits: Ints
    energy_wh: Ints
    remarks: Bytes


def capacity_limit_wh(capacity_w: Ints, seconds: Ints | int) -> Ints:
    """
    Return the energy of full capacity through a time, rounded down.

    capacity_w  int64 (row,)  contract capacity [W]
    seconds     int64 (row,) or one  time between the readings
    returns     int64 (row,)  [Wh]
    """
    return capacity_w * seconds // SECONDS_PER_HOUR


def register_usage(pairs: RegisterPairs) -> Usage:
    """
    Return the energy between two readings of a register, in digits and in Wh.

    An end below its start is a roll-over only where the wrapped energy is within the limit; elsewhere the
    difference stays negative with the remark NEGATIVE. Energy above the limit has the remark JUMP, unaltered.

    raises  RegisterOutOfRange, EnergyTooLarge
    source  worked cases in tests/golden/usage.csv
    """
    wraps_at = _wraps_at(pairs)
    factor = pairs.wh_per_digit * pairs.multiplier
    # The largest energy is proven on the whole span of the register before anything is multiplied.
    too_large = wraps_at > LARGEST_ENERGY_WH // np.maximum(factor, 1)
    if too_large.any():
        row = int(np.flatnonzero(too_large)[0])
        raise EnergyTooLarge(
            f"row {row}: a digit of {factor[row]} Wh", row=row, wh_per_digit=int(factor[row])
        )
    used = pairs.end - pairs.start
    wrapped = used + wraps_at
    falls = used < 0
    rolled = falls & (wrapped * factor <= pairs.limit_wh)
    used = np.where(rolled, wrapped, used)
    energy = used * factor
    return Usage(
        used_digits=used, energy_wh=energy, remarks=_remarks(falls & ~rolled, rolled, energy > pairs.limit_wh)
    )


def _wraps_at(pairs: RegisterPairs) -> Ints:
    if (
        pairs.digit_count.size
        and not 1 <= pairs.digit_count.min() <= pairs.digit_count.max() <= LARGEST_DIGIT_COUNT
    ):
        raise RegisterOutOfRange(f"a register has 1 to {LARGEST_DIGIT_COUNT} digits")
    wraps_at: Ints = np.int64(10) ** pairs.digit_count
    low, high = np.minimum(pairs.start, pairs.end), np.maximum(pairs.start, pairs.end)
    bad = np.flatnonzero((low < 0) | (high >= wraps_at))
    if bad.size:
        row = int(bad[0])
        start, end = int(pairs.start[row]), int(pairs.end[row])
        raise RegisterOutOfRange(
            f"row {row}: {start} to {end} on a register of {pairs.digit_count[row]} digits",
            row=row,
            start=start,
            end=end,
        )
    return wraps_at


def _remarks(negative: Flags, rolled: Flags, jump: Flags) -> Bytes:
    remarks = negative * Remark.NEGATIVE + rolled * Remark.ROLLED_OVER + jump * Remark.JUMP
    column: Bytes = remarks.astype(np.uint8)
    return column
