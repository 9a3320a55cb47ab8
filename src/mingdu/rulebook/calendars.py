"""Reads rules/calendars: holidays (节假日), days worked in their place (调休), opening hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from re import fullmatch
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mingdu.core.working_time import WorkingCalendar
from mingdu.rulebook.document import Node, placed, read_yaml_file
from mingdu.rulebook.folders import find_rules_folder

SCHEMA = "mingdu/calendar/1"
CALENDAR = "china.yaml"
HEAD_KEYS = ("schema", "zone", "valid_from", "valid_to", "hours", "notices")
WINDOW = r"([0-9]{2}):([0-5][0-9])-([0-9]{2}):([0-5][0-9])"


@dataclass(frozen=True)
class Holiday:
    """One holiday as its notice gives it; valid_to is excluded."""

    name_zh: str
    name_en: str
    valid_from: date
    valid_to: date
    source: str
    is_verified: bool

    @property
    def days(self) -> list[date]:
        """Return its days."""
        return [self.valid_from + timedelta(days=k) for k in range((self.valid_to - self.valid_from).days)]


@dataclass(frozen=True)
class HolidayCalendar:
    """Working calendar and the holidays behind it, by name."""

    working: WorkingCalendar
    holidays: tuple[Holiday, ...]


@cache
def working_calendar(rules_folder: Path | None = None) -> WorkingCalendar:
    """Return the working calendar of rules/calendars, read once; raises as `read_calendar` does."""
    return holiday_calendar(rules_folder).working


def holiday_calendar(rules_folder: Path | None = None) -> HolidayCalendar:
    """Read the calendar of rules/calendars; raises as `read_calendar` does."""
    return read_calendar(find_rules_folder(rules_folder) / "calendars" / CALENDAR)


def read_calendar(path: Path) -> HolidayCalendar:
    """
    Read a calendar file.

    raises  BadDocument, BadWorkingCalendar
    """
    node = read_yaml_file(path)
    node.only(HEAD_KEYS)
    node.at("schema").choice((SCHEMA,))
    notices = node.at("notices").items()
    holidays = [holiday for notice in notices for holiday in _holidays(notice)]
    moved_days = [item.day() for notice in notices for item in notice.at("moved_days").items()]
    with placed(node):
        working = WorkingCalendar(
            zone=_zone(node.at("zone")),
            valid_from=node.at("valid_from").day(),
            valid_to=node.at("valid_to").day(),
            holidays=frozenset(day for holiday in holidays for day in holiday.days),
            moved_days=frozenset(moved_days),
            windows=_windows(node.at("hours")),
        )
    return HolidayCalendar(working, tuple(holidays))


def _holidays(notice: Node) -> list[Holiday]:
    notice.only(("source", "confidence", "verified", "holidays", "moved_days"))
    source, is_verified = notice.at("source").text(), notice.at("verified").boolean()
    holidays = []
    for item in notice.at("holidays").items():
        item.only(("name", "from", "to"))
        name, valid_from, valid_to = item.at("name"), item.at("from").day(), item.at("to").day()
        if valid_to <= valid_from:
            raise item.bad("a holiday ends after it begins; its end is excluded", "to")
        names = name.at("zh").text(), name.at("en").text()
        holidays.append(Holiday(*names, valid_from, valid_to, source, is_verified))
    return holidays


def _windows(hours: Node) -> tuple[tuple[int, int], ...]:
    hours.only(("windows", "source", "confidence", "verified"))
    windows = []
    for item in hours.at("windows").items():
        found = fullmatch(WINDOW, item.text())
        if found is None:
            raise item.bad("a window like 08:30-12:00 is expected")
        opens_hour, opens_minute, closes_hour, closes_minute = (int(part) for part in found.groups())
        windows.append((opens_hour * 60 + opens_minute, closes_hour * 60 + closes_minute))
    return tuple(windows)


def _zone(node: Node) -> ZoneInfo:
    try:
        return ZoneInfo(node.text())
    except (ZoneInfoNotFoundError, ValueError):
        raise node.bad("no such time zone") from None
