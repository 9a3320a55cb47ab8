"""A block of usage points and days, as the day close takes it; rows do not know of each other."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np

from mingdu.core.quality import ESTIMATED, Quality
from mingdu.core.registers import PERIOD_REGISTERS, WH_PER_DIGIT
from mingdu.core.types import Bytes, Flags, Ints
from mingdu.errors import TradeError

NOT_READ = -1
NOT_KNOWN = -1
NO_TIME = -(2**40)
HOURS = 24
# A day is judged beside so many before it, and its curve beside those of so many.
DAYS_BEFORE = 28
RECENT_DAYS = 3
LARGEST_CAPACITY_W = 10**11
LARGEST_FACTOR_WH = 2**30
LARGEST_DIGITS = 11
# Every product and sum of the kernels on a block stays below this, sixty times of it within 64 bits; it is
# proven when the block is made.
LARGEST_ENERGY_WH = 2**56
# A day of more than this, 17 TWh, counts as not known: with any factor of a rule it would leave them.
LARGEST_DAY_WH = 2**44
LARGEST_DEMAND = 10**8


class BadBlock(TradeError):
    """Facts of a block that contradict each other or leave the whole numbers."""


@dataclass(frozen=True)
class _Rows:
    """Facts whose every field has one entry a row."""

    def take(self, rows: Ints) -> Self:
        """Return the chosen rows."""
        return replace(self, **{field.name: getattr(self, field.name)[rows] for field in fields(self)})


@dataclass(frozen=True)
class PointFacts(_Rows):
    """
    What is known of each usage point; int64 (row,).

    capacity_w    contract capacity, more than zero [W]
    wh_per_digit  scale of a digit, the same for curve and registers
    multiplier    倍率, CT × PT
    digit_count   whole digits of a register, decimals included; it wraps at 10**digit_count
    kind          which of the thresholds hold for it
    is_off        1 where the supply is suspended or ended (停电, 销户), else 0
    """

    capacity_w: Ints
    wh_per_digit: Ints
    multiplier: Ints
    digit_count: Ints
    kind: Ints
    is_off: Ints

    @property
    def factor_wh(self) -> Ints:
        """Energy of one digit [Wh]."""
        return self.wh_per_digit * self.multiplier

    @property
    def register_step(self) -> Ints:
        """How many of the curve's digits one digit of a register is: what cutting it off may hide."""
        return np.maximum(WH_PER_DIGIT // self.wh_per_digit, 1)


@dataclass(frozen=True)
class Freezes(_Rows):
    """
    Midnight freezes (零点冻结) around and between the days; NOT_READ where there is none.

    total        int64 (row, day + 1)            [digits]
    periods      int64 (row, day + 1, register)  in the order of PERIOD_REGISTERS; NOT_READ too where
                                                 the meter has no such register
    export       int64 (row, day + 1)            reverse active energy (反向有功) [digits]
    demand       int64 (row, day + 1)            highest demand of the month so far (最大需量) [0.0001 kW]
    demand_time  int64 (row, day + 1)            when that was: minutes from the first midnight of the block,
                                                 below zero before it; NO_TIME where not read
    """

    total: Ints
    periods: Ints
    export: Ints
    demand: Ints
    demand_time: Ints

    @classmethod
    def unread(cls, rows: int, days: int) -> Freezes:
        """Return the freezes of points none of which was read."""
        none = np.full((rows, days + 1), NOT_READ, dtype=np.int64)
        periods = np.repeat(none[:, :, np.newaxis], len(PERIOD_REGISTERS), axis=2)
        return cls(none, periods, none, none, np.full_like(none, NO_TIME))

    def finer(self, decimals: int) -> Freezes:
        """Return the same energy registers with so many more decimals."""
        if not decimals:
            return self
        factor = 10**decimals
        total, periods, export = (
            np.where(each == NOT_READ, each, each * factor)
            for each in (self.total, self.periods, self.export)
        )
        return replace(self, total=total, periods=periods, export=export)


@dataclass(frozen=True)
class History(_Rows):
    """
    What the rules and fills know of the time before the block.

    gap_run, over_run  int64 (row,)  missing, and over-capacity, intervals in a row just before
    zero_run           int64 (row,)  zeros read since the latest value that was not zero
    used_digits        int64 (row,)  sum of the intervals read before those zeros [digits]
    used_intervals     int64 (row,)  their count
    like_hour_p99      int64 (row, 24)            99th percentile by civil hour [digits]; 0: not enough known
    like_day           int64 (row, 2, point)      mean working day, mean day of rest [digits]; or NOT_KNOWN
    daily_wh           int64 (row, DAYS_BEFORE)   energy of the days before, the latest last [Wh]; NOT_KNOWN
                                                  where an interval was not read or ran backwards
    daily_read         int64 (row, DAYS_BEFORE)   intervals read of those days; NOT_KNOWN before the first
    recent             int64 (row, RECENT_DAYS, point)  curves of the latest days [digits]; or NOT_KNOWN
    class_shape        int64 (row, 2, point)      what each interval of the customer class's mean working day
                                                  and day of rest has of it [millionths]; or NOT_KNOWN
    class_mean_wh      int64 (row,)               mean interval of the class [Wh]; or NOT_KNOWN
    """

    gap_run: Ints
    over_run: Ints
    zero_run: Ints
    used_digits: Ints
    used_intervals: Ints
    like_hour_p99: Ints
    like_day: Ints
    daily_wh: Ints
    daily_read: Ints
    recent: Ints
    class_shape: Ints
    class_mean_wh: Ints

    @classmethod
    def unknown(cls, rows: int, points: int) -> History:
        """Return the history of points of which nothing is known yet."""
        none = np.zeros(rows, dtype=np.int64)
        p99 = np.zeros((rows, HOURS), dtype=np.int64)
        like_day, daily, recent = (
            np.full((rows, *shape), NOT_KNOWN, dtype=np.int64)
            for shape in ((2, points), (DAYS_BEFORE,), (RECENT_DAYS, points))
        )
        unknown_mean = np.full(rows, NOT_KNOWN, dtype=np.int64)
        return cls(
            none, none, none, none, none, p99, like_day, daily, daily, recent, like_day, unknown_mean
        )  # fmt: skip


@dataclass(frozen=True)
class BlockDays:
    """
    The civil days of a block: consecutive, with the same number of intervals each.

    first_day         day number (days since 1970-01-01) of the first
    is_rest           bool (day,)    a day of rest, as its like days are
    hour              int64 (point,) civil hour of each interval
    interval_minutes  length of an interval
    """

    first_day: int
    is_rest: Flags
    hour: Ints
    interval_minutes: int

    @property
    def numbers(self) -> Ints:
        """Return the day numbers, int64 (day,)."""
        return self.first_day + np.arange(len(self.is_rest), dtype=np.int64)


@dataclass(frozen=True)
class DayBlock:
    """
    Curves of many usage points through a few days, with all that closing them needs.

    values   int64 (row, day, point)  register digits, 0 where missing
    quality  uint8 (row, day, point)  Quality
    raises   BadBlock
    """

    values: Ints
    quality: Bytes
    days: BlockDays
    points: PointFacts
    freezes: Freezes
    history: History

    def __post_init__(self) -> None:
        _check_shapes(self)
        _check_sizes(self)

    @property
    def missing(self) -> Flags:
        """Return where nothing was read, bool (row, day, point)."""
        missing: Flags = self.quality == Quality.MISSING
        return missing

    @property
    def read_count(self) -> Ints:
        """Return how many intervals of each day were read, int64 (row, day)."""
        count: Ints = np.count_nonzero(self.quality != Quality.MISSING, axis=2)
        return count

    @property
    def is_whole(self) -> Flags:
        """Return the days without a missing interval, bool (row, day)."""
        whole: Flags = self.read_count == self.values.shape[2]
        return whole

    @property
    def intervals(self) -> int:
        """Return how many intervals a row has in all."""
        _, days, points = self.values.shape
        return int(days * points)

    def take(self, rows: Ints) -> DayBlock:
        """Return the chosen rows as a block of its own."""
        return DayBlock(
            values=self.values[rows],
            quality=self.quality[rows],
            days=self.days,
            points=self.points.take(rows),
            freezes=self.freezes.take(rows),
            history=self.history.take(rows),
        )

    def without_estimates(self) -> DayBlock:
        """Return the block as it was read: earlier estimates are missing again."""
        estimated = np.isin(self.quality, ESTIMATED)
        if not estimated.any():
            return self
        quality = np.where(estimated, np.uint8(Quality.MISSING), self.quality)
        return replace(self, values=np.where(estimated, 0, self.values), quality=quality)


def _check_shapes(block: DayBlock) -> None:
    rows, days, points = block.values.shape
    registers = len(PERIOD_REGISTERS)
    expected = [
        (block.quality, (rows, days, points)),
        (block.days.is_rest, (days,)),
        (block.days.hour, (points,)),
        (block.freezes.total, (rows, days + 1)),
        (block.freezes.periods, (rows, days + 1, registers)),
        (block.freezes.export, (rows, days + 1)),
        (block.freezes.demand, (rows, days + 1)),
        (block.freezes.demand_time, (rows, days + 1)),
        (block.history.like_hour_p99, (rows, HOURS)),
        (block.history.like_day, (rows, 2, points)),
        (block.history.daily_wh, (rows, DAYS_BEFORE)),
        (block.history.daily_read, (rows, DAYS_BEFORE)),
        (block.history.recent, (rows, RECENT_DAYS, points)),
        (block.history.class_shape, (rows, 2, points)),
        (block.history.class_mean_wh, (rows,)),
    ]
    by_row = [getattr(block.points, field.name) for field in fields(block.points)]
    by_row += [block.history.gap_run, block.history.over_run, block.history.zero_run]
    by_row += [block.history.used_digits, block.history.used_intervals]
    for column, shape in expected + [(column, (rows,)) for column in by_row]:
        if column.shape != shape:
            raise BadBlock(f"a column of shape {column.shape} where {shape} belongs")


def _check_sizes(block: DayBlock) -> None:
    """Prove in Python's unbounded integers that no product or sum of the kernels can wrap."""
    if not block.values.size:
        return
    facts = block.points
    _check_range("capacity_w", facts.capacity_w, 1, LARGEST_CAPACITY_W)
    _check_range("wh_per_digit", facts.wh_per_digit, 1, LARGEST_FACTOR_WH)
    _check_range("multiplier", facts.multiplier, 1, LARGEST_FACTOR_WH)
    _check_range("digit_count", facts.digit_count, 1, LARGEST_DIGITS)
    wraps_at = 10 ** facts.digit_count[:, np.newaxis]
    _check_range("total", block.freezes.total, NOT_READ, wraps_at - 1)
    _check_range("export", block.freezes.export, NOT_READ, wraps_at - 1)
    _check_range("demand", block.freezes.demand, NOT_READ, LARGEST_DEMAND)
    _check_range("daily_wh", block.history.daily_wh, NOT_KNOWN, LARGEST_DAY_WH)
    _check_range("periods", block.freezes.periods, NOT_READ, wraps_at[..., np.newaxis] - 1)
    digits = max(_largest(block.values) * block.intervals, 10 ** int(facts.digit_count.max()))
    digits += _largest(block.history.used_digits)
    if digits * int(facts.factor_wh.max()) > LARGEST_ENERGY_WH:
        raise BadBlock(f"{digits} digits of up to {facts.factor_wh.max()} Wh leave the whole numbers")


def _check_range(name: str, column: Ints, low: int, high: Ints | int) -> None:
    bad = np.argwhere((column < low) | (column > high))
    if bad.size:
        at = tuple(bad[0].tolist())
        raise BadBlock(f"{name} of row {at[0]} is {column[at]}", row=at[0], name=name, value=int(column[at]))


def _largest(column: Ints) -> int:
    return max(abs(int(column.min())), abs(int(column.max())))
