"""The planter: which points are faulty, how and when; written without sight of the rules that find them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.random import Generator

from mingdu.core.types import Ints
from mingdu.town.profiles import Profile
from mingdu.town.roster import DEMO_SHOP, FACTORY, QUESTIONED, Roster
from mingdu.town.span import INTERVALS, Span
from mingdu.town.streams import Purpose, bucket_of, stream


class Kind(StrEnum):
    """What is wrong."""

    GAP = "gap"
    SPIKE = "spike"
    STUCK = "stuck"
    ROLL_OVER = "roll_over"
    REVERSED = "reversed"
    EXCHANGE = "exchange"
    THIEF = "thief"


@dataclass(frozen=True)
class Fault:
    """
    One planted fault.

    point        number of the point
    start, stop  intervals counted from the first midnight, stop excluded; equal at an exchange
    size         SPIKE: multiple of the contract capacity that the curve shows; else 0
    """

    kind: Kind
    point: int
    start: int
    stop: int
    size: int = 0


# How many of each kind stand in 600 points. The first bucket never has fewer: a small town has them all.
PER_600_POINTS = {
    Kind.GAP: 4,
    Kind.SPIKE: 4,
    Kind.STUCK: 3,
    Kind.ROLL_OVER: 3,
    Kind.REVERSED: 3,
    Kind.EXCHANGE: 3,
    Kind.THIEF: 1,
}
# How long a fault lasts, in intervals [least, most). A stuck meter stands for more than two days.
LENGTH = {Kind.GAP: (2, 300), Kind.SPIKE: (1, 2), Kind.STUCK: (200, 400), Kind.REVERSED: (8, 120)}
SPIKE_TIMES = (3, 30)
# A meter is exchanged on a working morning or early afternoon.
EXCHANGE_INTERVALS = (36, 60)
# The thief begins so many days before the last month; of his evenings 30 % are still counted.
THIEF_DAYS_BEFORE = (10, 40)
THIEF_PERCENT = 30
EVENING = slice(72, 96)
# Every third fault of a kind lies before the last month; the others inside it.
EARLIER_EVERY = 3
LEAST_DAYS = 14
MARGIN_DAYS = 2


def plant(seed: int, roster: Roster, span: Span) -> list[Fault]:
    """
    Choose the faults of one bucket; no point has two, and a town of less than 14 days has none.

    Excluded are the accounts of the demo and homes that stand empty or are away: what is wrong there could
    not be seen in any data.
    """
    if span.days < LEAST_DAYS:
        return []
    generator = stream(seed, Purpose.FAULTS, bucket_of(int(roster.number[0])))
    points = generator.permutation(_candidates(roster)).tolist()
    kinds = [(kind, nth) for kind in Kind for nth in range(_count(kind, roster))]
    return [
        _fault(kind, int(point), generator, span, is_earlier=nth % EARLIER_EVERY == EARLIER_EVERY - 1)
        for (kind, nth), point in zip(kinds, points, strict=False)
    ]


def counted_percent(fault: Fault, offset: int) -> Ints:
    """
    Return how much of the true energy the meter counts on one day, int64 (96,) [%].

    100 where it is sound, 0 where it is stuck, −100 where it runs backwards, less in a thief's evenings.
    """
    percent = np.full(INTERVALS, 100, dtype=np.int64)
    begin, end = _within_day(fault, offset)
    if fault.kind is Kind.THIEF:
        percent[EVENING] = THIEF_PERCENT
    elif fault.kind in LOST_PERCENT:
        percent[begin:end] = LOST_PERCENT[fault.kind]
    return percent


def faulty_intervals(fault: Fault, offset: int) -> slice:
    """Return the part of a day, counted in days from the first, that the fault covers."""
    return slice(*_within_day(fault, offset))


def fault_days(fault: Fault) -> range:
    """Return the offsets of the days that the fault touches."""
    return range(fault.start // INTERVALS, max(fault.start, fault.stop - 1) // INTERVALS + 1)


LOST_PERCENT = {Kind.STUCK: 0, Kind.REVERSED: -100}
LOSSY = (Kind.STUCK, Kind.REVERSED, Kind.THIEF)


def _within_day(fault: Fault, offset: int) -> tuple[int, int]:
    first = offset * INTERVALS
    return max(0, min(INTERVALS, fault.start - first)), max(0, min(INTERVALS, fault.stop - first))


def _candidates(roster: Roster) -> Ints:
    is_seen = (roster.profile != Profile.VACANT) & (roster.away[:, 0] == roster.away[:, 1])
    is_shown = np.isin(roster.number, (QUESTIONED, DEMO_SHOP, FACTORY))
    return np.asarray(roster.number[is_seen & ~is_shown])


def _count(kind: Kind, roster: Roster) -> int:
    wanted = len(roster.number) * PER_600_POINTS[kind] // 600
    return max(wanted, PER_600_POINTS[kind]) if int(roster.number[0]) == 1 else wanted


def _fault(kind: Kind, point: int, generator: Generator, span: Span, is_earlier: bool) -> Fault:
    if kind is Kind.THIEF:
        return _thief(point, generator, span)
    length = int(generator.integers(*LENGTH[kind])) if kind in LENGTH else INTERVALS
    day = int(generator.integers(*_window(span, 1 + length // INTERVALS, is_earlier)))
    if kind is Kind.ROLL_OVER:
        return Fault(kind, point, day * INTERVALS, (day + 1) * INTERVALS)
    if kind is Kind.EXCHANGE:
        at = day * INTERVALS + int(generator.integers(*EXCHANGE_INTERVALS))
        return Fault(kind, point, at, at)
    start = day * INTERVALS + int(generator.integers(INTERVALS))
    size = int(generator.integers(*SPIKE_TIMES)) if kind is Kind.SPIKE else 0
    return Fault(kind, point, start, start + length, size)


def _window(span: Span, lasting_days: int, is_earlier: bool) -> tuple[int, int]:
    """Return the days [first, end) on which a fault may begin, so that it is over before its window is."""
    month = span.billed_month()
    earlier_end = month - lasting_days - MARGIN_DAYS
    if is_earlier and earlier_end > MARGIN_DAYS:
        return MARGIN_DAYS, earlier_end
    return month + 1, max(month + 2, span.days - lasting_days - MARGIN_DAYS)


def _thief(point: int, generator: Generator, span: Span) -> Fault:
    day = max(MARGIN_DAYS, span.billed_month() - int(generator.integers(*THIEF_DAYS_BEFORE)))
    return Fault(Kind.THIEF, point, day * INTERVALS, span.days * INTERVALS)
