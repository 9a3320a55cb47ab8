"""The holiday calendar: days of the notice for 2026, what is not verified, refusals that name the key."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from mingdu.core.working_time import BadWorkingCalendar
from mingdu.rulebook.calendars import CALENDAR, holiday_calendar, read_calendar, working_calendar
from mingdu.rulebook.document import BadDocument
from mingdu.rulebook.folders import find_rules_folder

FILE = find_rules_folder() / "calendars" / CALENDAR


def changed(folder: Path, old: str, new: str) -> Path:
    text = FILE.read_text("utf-8")
    assert old in text
    path = folder / CALENDAR
    path.write_text(text.replace(old, new, 1), "utf-8")
    return path


def test_2026_has_the_holidays_of_its_notice() -> None:
    of_2026 = [holiday for holiday in holiday_calendar().holidays if holiday.valid_from.year == 2026]
    assert [len(holiday.days) for holiday in of_2026] == [3, 9, 3, 5, 3, 3, 7]
    assert all(holiday.is_verified for holiday in of_2026)
    assert of_2026[1].days[0] == date(2026, 2, 15) and of_2026[1].name_zh == "春节"


def test_2026_has_248_working_days() -> None:
    calendar = holiday_calendar().working
    days = [date(2026, 1, 1) + timedelta(days=k) for k in range(365)]
    # 261 days are Monday to Friday; 19 of them are off, and 6 weekend days are worked.
    assert sum(calendar.is_working_day(day) for day in days) == 261 - 19 + 6


def test_what_no_notice_says_yet_is_not_verified() -> None:
    of_2027 = [holiday for holiday in holiday_calendar().holidays if holiday.valid_from.year == 2027]
    assert of_2027 and not any(holiday.is_verified for holiday in of_2027)
    assert holiday_calendar().working.valid_to == date(2027, 3, 1)


def test_the_working_calendar_is_read_once() -> None:
    assert working_calendar() is working_calendar()
    assert working_calendar() == holiday_calendar().working


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("mingdu/calendar/1", "mingdu/calendar/9", "schema"),
        ("zone: Asia/Shanghai", "zone: Asia/Nowhere", "no such time zone"),
        ("zone: Asia/Shanghai", "zone: ../etc", "no such time zone"),
        ("08:30-12:00", "8.30 to 12", "a window like"),
        ("to: 2026-01-04}", "to: 2026-01-01}", "its end is excluded"),
        ("moved_days: [2026-01-04", "worked: [2026-01-04", "unknown key worked"),
        ("2026-02-14", "some day", "a day like"),
    ],
)
def test_refuses_a_file_with_a_fault(tmp_path: Path, old: str, new: str, why: str) -> None:
    with pytest.raises(BadDocument, match=why):
        read_calendar(changed(tmp_path, old, new))


def test_refuses_windows_that_overlap_and_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(BadWorkingCalendar) as caught:
        read_calendar(changed(tmp_path, "13:30-18:00", "11:30-18:00"))
    assert caught.value.values["file"] == CALENDAR
