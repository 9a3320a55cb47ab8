"""Sums of a curve by the period registers (尖峰平谷深谷) that its intervals belong to."""

from __future__ import annotations

import numpy as np

from mingdu.core.registers import PERIOD_REGISTERS
from mingdu.core.types import Ints
from mingdu.errors import TradeError


class UnknownPeriod(TradeError):
    """An interval whose register is none of the periods."""

    next_step = "check that the tariff's hours cover the whole day"


class BadPeriodShape(TradeError):
    """Period codes that do not lie along the intervals of the curve."""


def sum_by_period(values: Ints, period_codes: Ints) -> Ints:
    """
    Sum each row's intervals by period register.

    values        int64 (row, point) or (row, day, point)  digits or Wh
    period_codes  int64 (point,) or (day, point)           Register of each interval, for all rows alike
    returns       int64 (row, register)                    columns in the order of PERIOD_REGISTERS
    raises        UnknownPeriod, BadPeriodShape
    """
    shape = values.shape[1:]
    if not shape or period_codes.shape not in (shape, shape[-1:]):
        raise BadPeriodShape(f"codes {period_codes.shape} for values {values.shape}")
    unknown = np.setdiff1d(period_codes, PERIOD_REGISTERS)
    if unknown.size:
        raise UnknownPeriod(f"register {unknown[0]} is no period", register=int(unknown[0]))
    codes = np.broadcast_to(period_codes, shape).ravel()
    return _sum_runs(values.reshape(len(values), codes.size), codes)


def _sum_runs(values: Ints, codes: Ints) -> Ints:
    """Sum stretches of one code first: a day has about six of them, and memory is read once."""
    sums = np.zeros((len(values), len(PERIOD_REGISTERS)), dtype=np.int64)
    if not values.size:
        return sums
    begins = np.flatnonzero(np.diff(codes, prepend=-1))
    stretches = np.add.reduceat(values, begins, axis=1, dtype=np.int64)
    for column, register in enumerate(PERIOD_REGISTERS):
        sums[:, column] = stretches[:, codes[begins] == register].sum(axis=1, dtype=np.int64)
    return sums
