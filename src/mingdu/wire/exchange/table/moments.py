"""Dates and times as tables write them: with any separator, in three orders, in Chinese, or ISO 8601."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Final

from mingdu.wire.exchange.series import BadRecord

ORDERS: Final = ("ymd", "dmy", "mdy")
MOST_CHARACTERS: Final = 40

_SEPARATED: Final = re.compile(r"([0-9]{1,4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,4})日?", re.ASCII)
_PLAIN: Final = re.compile(r"([12][0-9]{3})([0-9]{2})([0-9]{2})", re.ASCII)
_CLOCK: Final = re.compile(
    r"([0-9]{1,2})[:时点]([0-9]{2})?分?(?::?([0-9]{2})(?:\.0+)?)?秒?|([0-9]{2})([0-9]{2})([0-9]{2})?",
    re.ASCII,
)
_ZONE: Final = re.compile(r"(Z|[+-][0-9]{2}:?[0-9]{2})$", re.ASCII)


class BadTime(BadRecord):
    """A text is no date or time in the order that the mapping names."""


def read_moment(text: str, order: str = "ymd", *, line: int) -> tuple[dt.datetime, int | None]:
    """
    Read a date, or a date and a clock time; 24:00 is the next midnight.

    order     "ymd", "dmy" or "mdy"; a four-digit first part is always the year
    returns   naive civil time, and the offset from UTC in minutes if the text names one
    raises    BadTime
    """
    stripped = text.strip()
    if len(stripped) > MOST_CHARACTERS:
        raise _refused(text, line)
    zone = _ZONE.search(stripped) if ":" in stripped or stripped.endswith("Z") else None
    body = stripped[: zone.start()].strip() if zone else stripped
    found = _SEPARATED.match(body) or _PLAIN.match(body)
    if not found:
        raise _refused(text, line)
    try:
        day = _day((found[1], found[2], found[3]), order)
        moment = day + read_clock(body[found.end() :].lstrip(" T\t"), line=line)
    except (ValueError, OverflowError) as error:
        raise _refused(text, line) from error
    return moment, _offset(zone[1]) if zone else None


def read_clock(text: str, *, line: int) -> dt.timedelta:
    """Read "08:30", "8:30:00", "0830", "8时30分" or nothing as time since midnight; raises BadTime."""
    stripped = text.strip()
    if not stripped:
        return dt.timedelta()
    found = _CLOCK.fullmatch(stripped)
    if not found:
        raise _refused(text, line)
    hour, minute, second = (
        int(part or 0) for part in (found.groups()[:3] if found[1] else found.groups()[3:])
    )
    since = dt.timedelta(hours=hour, minutes=minute, seconds=second)
    if minute > 59 or second > 59 or since > dt.timedelta(hours=24):
        raise _refused(text, line)
    return since


def guess_order(texts: Sequence[str]) -> str:
    """Guess the order of the parts: a part above 12 is the day; "ymd" and then "dmy" where nothing tells."""
    parts = [found.groups() for text in texts if (found := _SEPARATED.match(text.strip()))]
    trailing = [each for each in parts if len(each[2]) == 4]
    if not trailing or len(trailing) < len(parts):
        return "ymd"
    return "mdy" if any(int(each[1]) > 12 for each in trailing) else "dmy"


def _day(parts: tuple[str, str, str], order: str) -> dt.datetime:
    actual = "ymd" if len(parts[0]) == 4 else order
    year, month, day = (int(parts[actual.index(letter)]) for letter in "ymd")
    return dt.datetime(year + 2000 if year < 100 else year, month, day)  # noqa: DTZ001


def _offset(zone: str) -> int:
    if zone == "Z":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return -minutes if zone[0] == "-" else minutes


def _refused(text: str, line: int) -> BadTime:
    return BadTime(f"{text[:MOST_CHARACTERS]!r} is no time", line=line, value=text, expected="date and time")
