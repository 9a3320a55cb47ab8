"""What one meter of the town remembers: registers at any quarter hour, demand, holes in its record."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mingdu.core.registers import Register
from mingdu.core.types import Ints
from mingdu.town.areas import AREA_MULTIPLIER
from mingdu.town.factory import demand_digits
from mingdu.town.faults import Kind
from mingdu.town.identity import (
    area_meter_address,
    area_terminal_address,
    meter_address,
    new_meter_address,
    terminal_address,
)
from mingdu.town.model import Town
from mingdu.town.recording import register_digits
from mingdu.town.roster import AREAS, FACTORY
from mingdu.town.span import INTERVALS
from mingdu.town.streams import bucket_of


@dataclass(frozen=True)
class MeterMemory:
    """
    The memory of one meter. Times are quarter hours counted from the town's first midnight.

    number       the point where it hangs, or the area whose meter it is
    is_area      whether it is an area's meter
    begins       when it came
    ends         when an exchange took it away; None while it hangs
    gaps         quarter hours without a record, as (first, end)

    Nothing is used after the town's last day: registers stand, and neither freezes nor records are made.
    """

    town: Town
    address: str
    terminal: str
    number: int
    multiplier: int
    is_area: bool = False
    begins: int = 0
    ends: int | None = None
    gaps: tuple[tuple[int, int], ...] = ()

    def hangs(self, interval: int) -> bool:
        """Say whether the meter was in its place."""
        return self.begins <= interval and (self.ends is None or interval < self.ends)

    def energies(self, interval: int) -> dict[Register, int]:
        """Return TOTAL, PEAK, FLAT, VALLEY at a quarter hour [digits]."""
        offset, part = self._day_and_part(interval)
        running_wh = self._running_day(offset)[None, part : part + 1]
        shown = register_digits(running_wh, np.array([10 * self.multiplier]))
        return {register: int(digits[0, 0]) for register, digits in shown.items()}

    def reactive(self, interval: int) -> tuple[int, int] | None:
        """Return the forward and the reverse reactive register, or None if the meter has none [digits]."""
        if self.is_area or self.number != FACTORY:
            return None
        return self.town.factory.reactive_digits(min(interval, self.recorded_until))

    def demand(self, first: int, end: int) -> tuple[int, int | None]:
        """Return the maximum demand between two quarter hours [digits] and its moment; None = none."""
        best, at = 0, None
        first = max(first, self.begins)
        for offset in range(first // INTERVALS, -(-min(end, self.recorded_until) // INTERVALS)):
            counted_wh = np.diff(self._running_day(offset).sum(axis=1))
            times = np.arange(offset * INTERVALS, (offset + 1) * INTERVALS)
            counted_wh[(times < first) | (times >= end)] = 0
            digits = demand_digits(counted_wh, np.array([self.multiplier]))
            if digits.max() > best:
                best, at = int(digits.max()), int(times[digits.argmax()]) + 1
        return best, at

    def has_record(self, interval: int) -> bool:
        """Say whether the load profile holds the register of this moment."""
        return self.hangs(interval) and not any(first < interval < end for first, end in self.gaps)

    def _running_day(self, offset: int) -> Ints:
        if self.is_area:
            return self.town.area_running_day(self.number, offset)
        return self.town.running_day(self.number, offset, self.begins > 0)

    def _day_and_part(self, interval: int) -> tuple[int, int]:
        """Return the day and the quarter hour in it; the end of the town is the end of its last day."""
        if interval >= self.recorded_until:
            return self.town.span.days - 1, INTERVALS
        return divmod(interval, INTERVALS)

    @property
    def recorded_until(self) -> int:
        return self.town.span.days * INTERVALS


def memories_of(town: Town) -> list[MeterMemory]:
    """Return the memory of every meter in town, exchanged ones too."""
    points = [memory for number in range(1, town.points + 1) for memory in _of_point(town, number)]
    areas = [
        MeterMemory(
            town,
            area_meter_address(area),
            area_terminal_address(area, town.points),
            area,
            AREA_MULTIPLIER,
            is_area=True,
        )
        for area in range(1, AREAS + 1)
    ]
    return points + areas


def _of_point(town: Town, number: int) -> list[MeterMemory]:
    bucket = town.bucket(bucket_of(number))
    multiplier, terminal = int(bucket.roster.multiplier[bucket.row(number)]), terminal_address(number)
    faults = [fault for fault in bucket.faults if fault.point == number]
    gaps = tuple((fault.start, fault.stop) for fault in faults if fault.kind is Kind.GAP)
    exchanged = next((fault.start for fault in faults if fault.kind is Kind.EXCHANGE), None)
    old = MeterMemory(town, meter_address(number), terminal, number, multiplier, ends=exchanged, gaps=gaps)
    if exchanged is None:
        return [old]
    return [old, MeterMemory(town, new_meter_address(number), terminal, number, multiplier, begins=exchanged)]
