"""Values of many blocks as columns, and their exact way to stored digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from mingdu.core.types import Bytes, Flags, Ints, Times

# Powers and products up to this stay inside int64.
MOST_PLACES = 18


@dataclass(frozen=True)
class Values:
    """
    Values on their way to the door; all columns have the shape (value,).

    point, code, minutes   int64           usage point; number of channel or register; interval [min]
    begin                  datetime64[us]  UTC: start of the interval, or the moment
    digits, exponent       int64           value = digits · 10**exponent of our unit (kWh, kvarh, kW, V, A)
    quality                uint8           Quality
    line                   int64           of the file
    rounded                bool            the text had more places than are kept
    is_multiplied          bool            the value is behind the multiplier
    """

    point: Ints
    code: Ints
    minutes: Ints
    begin: Times
    digits: Ints
    exponent: Ints
    quality: Bytes
    line: Ints
    rounded: Flags
    is_multiplied: Flags

    def __len__(self) -> int:
        return len(self.point)

    def take(self, rows: Flags | Ints) -> Values:
        """Return the chosen values."""
        return Values(*(getattr(self, each.name)[rows] for each in fields(self)))

    @classmethod
    def joined(cls, parts: Sequence[Values]) -> Values:
        """Return the values of at least one part, one part after another."""
        return cls(*(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(cls)))


@dataclass(frozen=True)
class Scaled:
    """
    digits     int64 (…)  whole digits, rounded half away from zero
    rounded    bool (…)   something was lost
    too_large  bool (…)   the digits or what they are divided by do not fit; the digits are 0
    """

    digits: Ints
    rounded: Flags
    too_large: Flags


def scale_digits(digits: Ints, shift: Ints, divisor: Ints) -> Scaled:
    """
    Return digits · 10**shift / divisor, rounded once, half away from zero; all columns of one shape.

    digits   int64  below 10**18 in size
    shift    int64  places by which the point moves to the right; may be negative
    divisor  int64  1 or more: the multiplier
    """
    up = np.power(10, np.clip(shift, 0, MOST_PLACES))
    down = np.power(10, np.clip(-shift, 0, MOST_PLACES))
    size = np.abs(digits)
    too_large = (size > 10**MOST_PLACES // up) | (down > 10**MOST_PLACES // divisor)
    too_large |= np.abs(shift) > MOST_PLACES
    whole = np.where(too_large, 0, size) * np.where(too_large, 1, up)
    by = np.where(too_large, 1, down) * np.where(too_large, 1, divisor)
    quotient, rest = np.divmod(whole, by)
    quotient += (rest > 0) & (rest >= by - rest)
    return Scaled(np.where(digits < 0, -quotient, quotient), rest != 0, too_large)
