"""Weather and calendar of the town: daily mean temperature and days of rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from mingdu.core.types import Flags, Ints
from mingdu.town.span import Span
from mingdu.town.streams import Purpose, stream

# Monthly mean temperatures of a mild plateau climate, January to December [0.1 °C]; invented.
MONTH_MEAN_DC = (89, 108, 141, 173, 194, 203, 203, 199, 182, 157, 119, 89)

# Days of rest and of work outside the ordinary week. They steer only how the invented people use energy;
# nothing is billed by them, so they need no notice behind them.
HOLIDAYS = (
    (date(2026, 1, 1), date(2026, 1, 3)),
    (date(2026, 2, 15), date(2026, 2, 23)),
    (date(2026, 4, 4), date(2026, 4, 6)),
    (date(2026, 5, 1), date(2026, 5, 5)),
    (date(2026, 6, 19), date(2026, 6, 21)),
    (date(2026, 9, 25), date(2026, 9, 27)),
    (date(2026, 10, 1), date(2026, 10, 7)),
)
WORKED_WEEKENDS = frozenset(
    (
        date(2026, 1, 4),
        date(2026, 2, 14),
        date(2026, 2, 28),
        date(2026, 5, 9),
        date(2026, 9, 20),
        date(2026, 10, 10),
    )
)
SPRING_FESTIVAL = HOLIDAYS[1]


@dataclass(frozen=True)
class Weather:
    """
    What every day is like.

    temperature_dc  int64 (day,)  daily mean [0.1 °C]
    is_rest         bool  (day,)  weekend or holiday
    is_festival     bool  (day,)  Spring Festival (春节): shops shut, the factory stands
    """

    temperature_dc: Ints
    is_rest: Flags
    is_festival: Flags


def weather_of(seed: int, span: Span) -> Weather:
    """Make the weather of all days of the span; a day's weather does not depend on where the span begins."""
    days = [span.day(offset) for offset in range(span.days)]
    return Weather(
        temperature_dc=np.array([_temperature_dc(seed, day) for day in days], dtype=np.int64),
        is_rest=np.array([is_rest(day) for day in days], dtype=np.bool_),
        is_festival=np.array(
            [SPRING_FESTIVAL[0] <= day <= SPRING_FESTIVAL[1] for day in days], dtype=np.bool_
        ),
    )


def is_rest(day: date) -> bool:
    """Say whether people are at home on this day."""
    if day in WORKED_WEEKENDS:
        return False
    return day.weekday() >= 5 or any(first <= day <= last for first, last in HOLIDAYS)


def _temperature_dc(seed: int, day: date) -> int:
    """Interpolate the monthly means (each held on the 15th) and add a front that lasts some days."""
    before = (day.month - 1) if day.day >= 15 else (day.month - 2) % 12
    days_since_mean = day.day - 15 if day.day >= 15 else day.day + 15
    mean = (
        MONTH_MEAN_DC[before] * (30 - days_since_mean) + MONTH_MEAN_DC[(before + 1) % 12] * days_since_mean
    ) // 30
    # Four neighbouring days share most of their draws: cold spells last, as in life.
    draws = [
        int(stream(seed, Purpose.WEATHER, part=day.toordinal() - back).integers(-40, 41)) for back in range(4)
    ]
    return mean + sum(draws) // 2
