"""Write times as meters want them: BCD, the smallest part first, two-digit year, the meter's own clock."""

from __future__ import annotations

from datetime import date, datetime, time

from .bcd import write_bcd


def minute_bytes(at: datetime) -> bytes:
    """mm hh DD MM YY, for freezes, demands and profiles. Zone and seconds are not sent."""
    return _each((at.minute, at.hour, at.day, at.month, at.year % 100))


def second_bytes(at: datetime) -> bytes:
    """ss mm hh DD MM YY, for setting the clock."""
    return _each((at.second, at.minute, at.hour, at.day, at.month, at.year % 100))


def date_bytes(on: date) -> bytes:
    """WW DD MM YY; the weekday counts from Sunday = 0."""
    return _each((on.isoweekday() % 7, on.day, on.month, on.year % 100))


def time_of_day_bytes(at: time) -> bytes:
    """ss mm hh."""
    return _each((at.second, at.minute, at.hour))


def _each(parts: tuple[int, ...]) -> bytes:
    return b"".join(write_bcd(part, 1) for part in parts)
