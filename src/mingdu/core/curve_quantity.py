"""Billed energy out of a curve (按曲线计量): in which period of the price table an interval lies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mingdu.core.tariff import PeriodRow
from mingdu.core.time_of_use import registers_by_minute
from mingdu.core.types import Ints
from mingdu.errors import TradeError


class IntervalAcrossPeriods(TradeError):
    """An interval of the curve lies in two periods of the price table, so its energy belongs to neither."""

    next_step = "bill the account by registers, or have its curve stored in shorter intervals"


def interval_registers(
    rows: Sequence[PeriodRow], months: Ints, begin_minutes: Ints, interval_minutes: int
) -> Ints:
    """
    Tell which register's period each interval lies in.

    rows              of the price table
    months            int64 (interval,)  1 … 12, of the civil day
    begin_minutes     int64 (interval,)  civil clock at its begin, minutes after midnight
    interval_minutes  length of an interval; it divides the hour
    returns           int64 (interval,)  number of the Register; see core.periods.sum_by_period
    raises            IntervalAcrossPeriods, with the first such time of day
    """
    registers = np.zeros(len(months), dtype=np.int64)
    for month in np.unique(months).tolist():
        here = np.flatnonzero(months == month)
        by_minute = registers_by_minute(rows, month)
        begin = begin_minutes[here]
        registers[here] = by_minute[begin]
        within = by_minute[begin[:, np.newaxis] + np.arange(interval_minutes)]
        cut = np.flatnonzero((within != within[:, :1]).any(axis=1))
        if cut.size:
            at = f"{begin[cut[0]] // 60:02}:{begin[cut[0]] % 60:02}"
            told = f"the interval of {interval_minutes} min at {at} lies in two periods"
            raise IntervalAcrossPeriods(told, at=at, interval_minutes=interval_minutes, month=month)
    return registers
