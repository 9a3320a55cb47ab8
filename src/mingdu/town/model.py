"""The town (模拟小镇): from one seed the same people, meters, faults and digits, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cached_property, lru_cache
from typing import NamedTuple, TypeAlias

import numpy as np

from mingdu.core.registers import Register
from mingdu.core.types import Flags, Ints, Times
from mingdu.errors import TradeError
from mingdu.town.areas import AreaMeters, area_meters, members_days
from mingdu.town.factory import demand_digits, factory_of
from mingdu.town.faults import Fault
from mingdu.town.recording import Bucket, DayCurves, bucket_at
from mingdu.town.roster import FACTORY
from mingdu.town.span import INTERVAL_MINUTES, INTERVALS, Span
from mingdu.town.streams import BUCKET_POINTS, bucket_of
from mingdu.town.weather import weather_of

# A register that a meter does not have.
NO_REGISTER = -1
TARIFF_REGISTERS = (Register.TOTAL, Register.PEAK, Register.FLAT, Register.VALLEY)
FACTORY_ONLY = (Register.REACTIVE_FORWARD, Register.REACTIVE_REVERSE, Register.DEMAND)
# So many buckets with all their days, and days of a bucket, stay in memory: meters are asked one by one.
BUCKETS_KEPT = 4
DAYS_KEPT = 12
# Days of single meters: 97 quarter hours by three periods each.
METER_DAYS_KEPT = 4_096

Points: TypeAlias = slice | Sequence[int] | Ints


class BadTown(TradeError):
    """The town cannot be built so."""

    next_step = "give a seed from 0, at least one point, and a last day not before the first"


class OutsideTown(TradeError):
    """The point or the day does not exist in this town."""

    next_step = "ask for a point from 1 to `points` and a day from `first_day` to `last_day`"


class Curves(NamedTuple):
    """Recorded curves: digits int64 (point, day, 96), 0.01 kWh before the multiplier; missing bool alike."""

    digits: Ints
    missing: Flags


class Demand(NamedTuple):
    """Maximum demand of a month: digits int64 (point,), 0.0001 kW before the multiplier; at local minutes."""

    digits: Ints
    at: Times


class Town:
    """
    A town of points numbered from 1: homes, every twentieth a shop, the factory at 201; three area meters.

    Every question names points by number: `slice(1, 601)` and `range(1, 601)` are the first 600,
    `slice(None)` is all, an int64 array is itself. Digits are what a meter shows: 0.01 kWh, before the
    multiplier. Ask large towns bucket by bucket (`buckets`).
    raises  BadTown, and OutsideTown when asked for what does not exist
    """

    def __init__(
        self,
        seed: int,
        points: int = 600,
        first_day: date = date(2025, 12, 1),
        last_day: date = date(2026, 12, 31),
    ) -> None:
        if not (0 <= seed < 1 << 63 and points >= 1 and first_day <= last_day):
            raise BadTown(
                f"no town of {points} points from {first_day} to {last_day} grows from seed {seed}",
                seed=seed,
                points=points,
            )
        self.seed = seed
        self.points = points
        self.span = Span(first_day, last_day)
        self.weather = weather_of(seed, self.span)
        self.factory = factory_of(seed, self.span)
        self.bucket = lru_cache(BUCKETS_KEPT)(self._make_bucket)
        self._recorded = lru_cache(DAYS_KEPT)(self._make_recorded)
        self.running_day = lru_cache(METER_DAYS_KEPT)(self._make_running_day)
        self.area_running_day = lru_cache(METER_DAYS_KEPT)(self._make_area_running_day)
        self._members_day = lru_cache(DAYS_KEPT)(self._make_members_day)

    def buckets(self) -> list[range]:
        """Return the numbers of every bucket's points."""
        firsts = range(1, self.points + 1, BUCKET_POINTS)
        return [range(first, min(self.points + 1, first + BUCKET_POINTS)) for first in firsts]

    @property
    def faults(self) -> list[Fault]:
        """Return every planted fault, by point."""
        return sorted(
            (fault for bucket in self._every_bucket() for fault in bucket.faults), key=lambda f: f.point
        )

    @cached_property
    def areas(self) -> AreaMeters:
        """The area meters; the first question adds up the whole town."""
        return area_meters(self.seed, self.points, self.span, self._every_bucket())

    def curves(self, points: Points, first_day: date, days: int) -> Curves:
        """Return the recorded curves of some points and days, faults and all."""
        numbers, offsets = self._numbers(points), self._offsets(first_day, days)
        digits = np.empty((len(numbers), days, INTERVALS), dtype=np.int64)
        missing = np.empty(digits.shape, dtype=np.bool_)
        for index, places, rows in self._by_bucket(numbers):
            for nth, offset in enumerate(offsets):
                day = self._recorded(index, offset)
                digits[places, nth], missing[places, nth] = day.digits[rows], day.missing[rows]
        return Curves(digits, missing)

    def true_wh(self, points: Points, first_day: date, days: int) -> Ints:
        """Return what was really used, int64 (point, day, 96) [Wh]."""
        numbers, offsets = self._numbers(points), self._offsets(first_day, days)
        energy = np.empty((len(numbers), days, INTERVALS), dtype=np.int64)
        for index, places, rows in self._by_bucket(numbers):
            for nth, offset in enumerate(offsets):
                energy[places, nth] = self.bucket(index).true_rows(rows, offset)
        return energy

    def registers(self, points: Points, at_days: Sequence[date]) -> dict[Register, Ints]:
        """
        Return the freezes (零点冻结) at 00:00 of some days, each int64 (point, day) [digits].

        The day after the last is allowed. TOTAL, PEAK, FLAT, VALLEY exist everywhere; reactive registers and
        DEMAND, the maximum of the month that the freeze ends or divides, only in the factory; others hold
        NO_REGISTER.
        """
        numbers, offsets = self._numbers(points), self._midnights(at_days)
        shape = (len(numbers), len(offsets))
        found = {
            each: np.full(shape, NO_REGISTER, dtype=np.int64) for each in (*TARIFF_REGISTERS, *FACTORY_ONLY)
        }
        for index, places, rows in self._by_bucket(numbers):
            for register, digits in self.bucket(index).registers(offsets).items():
                found[register][places] = digits[rows]
        for register, digits in self.factory.registers(self.span, offsets).items():
            found[register][numbers == FACTORY] = digits
        return found

    def demand(self, points: Points, month: date) -> Demand:
        """
        Return the maximum demand (最大需量) of each point in the month of a day, and when its quarter ended.

        The window slides by a whole quarter hour. An exchange does not reset it.
        """
        numbers = self._numbers(points)
        inside = [n for n in range(self.span.days) if self.span.day(n).replace(day=1) == month.replace(day=1)]
        best, at = np.zeros(len(numbers), dtype=np.int64), np.zeros(len(numbers), dtype=np.int64)
        for index, places, rows in self._by_bucket(numbers):
            bucket = self.bucket(index)
            for offset in inside:
                digits = demand_digits(bucket.counted_day(offset)[rows], bucket.roster.multiplier[rows, None])
                highest, top = digits.argmax(axis=1), digits.max(axis=1)
                is_new = top > best[places]
                best[places] = np.where(is_new, top, best[places])
                at[places] = np.where(is_new, offset * INTERVALS + highest + 1, at[places])
        return Demand(
            best, np.datetime64(self.span.first_day, "m") + at * np.timedelta64(INTERVAL_MINUTES, "m")
        )

    def area_curves(self, first_day: date, days: int) -> Ints:
        """Return the recorded curves of PA1, PA2, PA3, int64 (area, day, 96) [digits]."""
        offsets = self._offsets(first_day, days)
        members = members_days(self.points, offsets, self._every_bucket())
        return np.stack([self.areas.digits(members[n], offset) for n, offset in enumerate(offsets)], axis=1)

    def area_registers(self, at_days: Sequence[date]) -> dict[Register, Ints]:
        """Return the freezes of PA1, PA2, PA3, each int64 (area, day) [digits]."""
        return self.areas.registers(self._midnights(at_days))

    def _make_bucket(self, index: int) -> Bucket:
        return bucket_at(self.seed, index, self.points, self.span, self.weather, self.factory)

    def _make_recorded(self, index: int, offset: int) -> DayCurves:
        return self.bucket(index).recorded_day(offset)

    def _make_running_day(self, number: int, offset: int, is_new: bool) -> Ints:
        """Return what a point's meter has counted at each quarter hour of a day, int64 (97, 3) [Wh]."""
        bucket = self.bucket(bucket_of(number))
        return bucket.running_day(bucket.row(number), offset, is_new=is_new)

    def _make_area_running_day(self, area: int, offset: int) -> Ints:
        return self.areas.running_day(area, self._members_day(offset), offset)

    def _make_members_day(self, offset: int) -> Ints:
        (members,) = members_days(self.points, range(offset, offset + 1), self._every_bucket())
        return np.asarray(members)

    def _every_bucket(self) -> Iterator[Bucket]:
        return (self.bucket(index) for index in range(len(self.buckets())))

    def _numbers(self, points: Points) -> Ints:
        if isinstance(points, slice):
            points = range(*slice(points.start or 1, points.stop, points.step).indices(self.points + 1))
        numbers = np.asarray(points, dtype=np.int64)
        if len(numbers) and not (numbers.min() >= 1 and numbers.max() <= self.points):
            raise OutsideTown(f"points are numbered from 1 to {self.points}", points=self.points)
        return numbers

    def _offsets(self, first_day: date, days: int) -> range:
        first = self.span.offset(first_day)
        if not 0 <= first <= first + days <= self.span.days:
            raise OutsideTown(
                f"{days} days from {first_day} leave {self.span.first_day} to {self.span.last_day}",
                first_day=f"{first_day}",
                days=days,
            )
        return range(first, first + days)

    def _midnights(self, at_days: Sequence[date]) -> Ints:
        offsets = np.array([self.span.offset(day) for day in at_days], dtype=np.int64)
        if len(offsets) and not (offsets.min() >= 0 and offsets.max() <= self.span.days):
            raise OutsideTown(
                f"midnights exist from {self.span.first_day} to the day after {self.span.last_day}",
                first_day=f"{self.span.first_day}",
                last_day=f"{self.span.last_day}",
            )
        return offsets

    def _by_bucket(self, numbers: Ints) -> Iterator[tuple[int, Ints, Ints]]:
        """Yield each bucket's index, the places of its points in the question, their rows in the bucket."""
        index = (numbers - 1) // BUCKET_POINTS
        for each in np.unique(index).tolist():
            places = np.flatnonzero(index == each)
            yield each, places, (numbers[places] - 1) % BUCKET_POINTS
