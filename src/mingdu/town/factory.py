"""The one factory: its load in watts for every quarter hour, its reactive energy, its maximum demand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from mingdu.core.registers import DEMAND_DIGITS_PER_KW, Register
from mingdu.core.types import Ints
from mingdu.town.roster import FACTORY_MULTIPLIER
from mingdu.town.span import INTERVALS, Span
from mingdu.town.streams import Purpose, stream
from mingdu.town.weather import SPRING_FESTIVAL, is_rest

# Load by hour on a working day [kW]; two shifts with a pause at noon.
WORK_KW = (110,) * 7 + (300, 610, 615, 620, 610, 420, 600, 615, 620, 615, 600, 430, 430, 420, 410, 150, 120)
REST_KW = 90
# The highest quarter hour of a month [W]. In the billed month it stands a little above 105 % of the contract
# demand of 700 kW (735 kW): the part above the band is what the bill has to treat.
BILLED_MONTH_PEAK_W = 741_200
# Reactive energy of 1,000 Wh taken [varh]: forward by day and, from an oversized capacitor, reverse by night.
FORWARD_VARH = 495
REVERSE_VARH = 60
REVERSE_INTERVALS = slice(0, 24)
# The maximum falls between 09:00 and 11:30 on one working day of the month.
PEAK_INTERVALS = (36, 46)
FORWARD_START_DIGITS = 21_053_418
REVERSE_START_DIGITS = 884_271


@dataclass(frozen=True)
class Factory:
    """
    What the factory takes.

    import_wh     int64 (day, 96)  true active energy [Wh]
    forward_varh  int64 (day, 96)  [varh]
    reverse_varh  int64 (day, 96)  [varh]
    """

    import_wh: Ints
    forward_varh: Ints
    reverse_varh: Ints

    def registers(self, span: Span, offsets: Ints) -> dict[Register, Ints]:
        """
        Return the registers that only the factory's meter has, at some midnights, each int64 (day,) [digits].

        DEMAND is the maximum of the month up to that midnight; on the first, of the month that ends there.
        """
        scale = 10 * FACTORY_MULTIPLIER
        highest = demand_digits(self.import_wh, np.array([FACTORY_MULTIPLIER])).max(axis=1)
        return {
            Register.REACTIVE_FORWARD: _running_digits(self.forward_varh, FORWARD_START_DIGITS, scale)[
                offsets
            ],
            Register.REACTIVE_REVERSE: _running_digits(self.reverse_varh, REVERSE_START_DIGITS, scale)[
                offsets
            ],
            Register.DEMAND: _month_to_date(highest, span)[offsets],
        }

    def reactive_digits(self, interval: int) -> tuple[int, int]:
        """Return the forward and the reverse register at a quarter hour counted from the first midnight."""
        forward, reverse = (
            int(varh.ravel()[:interval].sum()) for varh in (self.forward_varh, self.reverse_varh)
        )
        scale = 10 * FACTORY_MULTIPLIER
        return FORWARD_START_DIGITS + forward // scale, REVERSE_START_DIGITS + reverse // scale


def demand_digits(interval_wh: Ints, multiplier: Ints) -> Ints:
    """Return quarter hours' mean power as demand digits (0.0001 kW before the multiplier), same shape."""
    counted_wh = np.where(interval_wh > 0, interval_wh, 0)
    return counted_wh * 4 * (DEMAND_DIGITS_PER_KW // 1_000) // multiplier


def factory_of(seed: int, span: Span) -> Factory:
    """Draw the factory's days; the peak of the last month is known, those of the others lie below it."""
    import_wh = np.stack([_day_wh(seed, span.day(offset), span) for offset in range(span.days)])
    reverse_varh = np.zeros_like(import_wh)
    reverse_varh[:, REVERSE_INTERVALS] = import_wh[:, REVERSE_INTERVALS] * REVERSE_VARH // 1_000
    forward_varh = import_wh * FORWARD_VARH // 1_000
    forward_varh[:, REVERSE_INTERVALS] = 0
    return Factory(import_wh, forward_varh, reverse_varh)


def _day_wh(seed: int, day: date, span: Span) -> Ints:
    works = _works(day)
    hourly = np.array(WORK_KW if works else (REST_KW,) * 24, dtype=np.int64).repeat(4)
    noise = stream(seed, Purpose.FACTORY, part=day.toordinal()).integers(
        0, 256, size=INTERVALS, dtype=np.uint8
    )
    # Within 4 % of the table: the highest ordinary quarter hour stays below 645 kW, so below every peak.
    day_wh = hourly * 250 * (960 + noise.astype(np.int64) * 80 // 255) // 1_000
    peak_day, peak_interval, peak_w = _peak(seed, day.replace(day=1), span)
    if day == peak_day:
        day_wh[peak_interval] = peak_w // 4
    return day_wh


def _running_digits(varh: Ints, start_digits: int, scale: int) -> Ints:
    """Return a register at every midnight, int64 (day + 1,)."""
    running = varh.sum(axis=1, dtype=np.int64).cumsum(dtype=np.int64)
    return start_digits + np.concatenate([np.zeros(1, dtype=np.int64), running]) // scale


def _month_to_date(highest: Ints, span: Span) -> Ints:
    """Return the running maximum of the month at every midnight, int64 (day + 1,)."""
    reached = [0]
    for offset, digits in enumerate(highest.tolist()):
        starts = offset == 0 or span.day(offset).day == 1
        reached.append(digits if starts else max(reached[-1], digits))
    return np.array(reached, dtype=np.int64)


def _works(day: date) -> bool:
    return not is_rest(day) and not SPRING_FESTIVAL[0] <= day <= SPRING_FESTIVAL[1]


def _peak(seed: int, month: date, span: Span) -> tuple[date, int, int]:
    """Return the day, interval and power of the month's maximum."""
    chance = stream(seed, Purpose.FACTORY, bucket=1, part=month.toordinal())
    working = [day for day in (month + timedelta(days=n) for n in range(28)) if _works(day)]
    day = working[int(chance.integers(len(working)))]
    interval = int(chance.integers(*PEAK_INTERVALS))
    drawn_w = 400 * int(chance.integers(1_630, 1_725))
    is_billed = (month.year, month.month) == (span.last_day.year, span.last_day.month)
    return day, interval, BILLED_MONTH_PEAK_W if is_billed else drawn_w
