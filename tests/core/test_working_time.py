"""Working time: worked cases on the real calendar, a twin that walks minute by minute, refusals."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingdu.core.working_time import (
    BadWorkingCalendar,
    DayOutsideCalendar,
    NegativeWorkingTime,
    WorkingCalendar,
    add_working_days,
    add_working_hours,
)
from mingdu.rulebook.calendars import holiday_calendar
from tables import worked_cases

CASES = worked_cases("working_time")
CALENDAR = holiday_calendar().working
# Berlin moves its clocks at night: in these windows an hour is missing once, and once there are two.
NIGHTS = WorkingCalendar(
    zone=ZoneInfo("Europe/Berlin"),
    valid_from=date(2026, 1, 1),
    valid_to=date(2027, 1, 1),
    holidays=frozenset({date(2026, 3, 30)}),
    moved_days=frozenset({date(2026, 3, 29), date(2026, 10, 25)}),
    windows=((0, 300), (1200, 1440)),
)


def hours_twin(start: datetime, hours: int, calendar: WorkingCalendar) -> datetime:
    """Walk minute by minute on the wall and count those that are worked."""
    left, at = hours * 60, start.astimezone(UTC)
    while left:
        wall = at.astimezone(calendar.zone)
        minute = wall.hour * 60 + wall.minute
        is_open = any(opens <= minute < closes for opens, closes in calendar.windows)
        left -= is_open and calendar.is_working_day(wall.date())
        at += timedelta(minutes=1)
    return at


@pytest.mark.parametrize("case", CASES, ids=[case["source"] for case in CASES])
def test_is_due_as_in_the_worked_case(case: dict[str, str]) -> None:
    start, due = (datetime.fromisoformat(case[key]).replace(tzinfo=CALENDAR.zone) for key in ("start", "due"))
    add = {"hours": add_working_hours, "days": add_working_days}[case["unit"]]
    assert add(start, int(case["amount"]), CALENDAR) == due


@settings(max_examples=25, deadline=None)
@given(
    minute=st.integers(0, 60 * 24 * 4), hours=st.integers(0, 30), month=st.sampled_from(((3, 27), (10, 23)))
)
def test_agrees_with_the_twin_when_the_clocks_change(minute: int, hours: int, month: tuple[int, int]) -> None:
    start = datetime(2026, *month, tzinfo=UTC) + timedelta(minutes=minute)
    assert add_working_hours(start, hours, NIGHTS) == hours_twin(start, hours, NIGHTS)


@settings(max_examples=40, deadline=None)
@given(minute=st.integers(0, 60 * 24 * 300), first=st.integers(0, 20), second=st.integers(0, 20))
def test_adding_twice_is_adding_the_sum(minute: int, first: int, second: int) -> None:
    start = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(minutes=minute)
    in_two = add_working_hours(add_working_hours(start, first, CALENDAR), second, CALENDAR)
    assert in_two == add_working_hours(start, first + second, CALENDAR)


def test_refuses_to_guess_a_day_outside_the_calendar() -> None:
    start = datetime(2027, 2, 26, 17, tzinfo=CALENDAR.zone)
    with pytest.raises(DayOutsideCalendar, match="2027-03-01"):
        add_working_hours(start, 100, CALENDAR)
    with pytest.raises(DayOutsideCalendar):
        add_working_days(start, 3, CALENDAR)
    with pytest.raises(DayOutsideCalendar, match="2025-11-30"):
        CALENDAR.is_working_day(date(2025, 11, 30))


def test_refuses_to_take_working_time_away() -> None:
    start = datetime(2026, 12, 1, 9, tzinfo=CALENDAR.zone)
    with pytest.raises(NegativeWorkingTime, match="-1 working hours"):
        add_working_hours(start, -1, CALENDAR)
    with pytest.raises(NegativeWorkingTime, match="0 working days"):
        add_working_days(start, 0, CALENDAR)


@pytest.mark.parametrize("windows", [(), ((600, 540),), ((540, 720), (700, 900)), ((-1, 60),), ((60, 1441),)])
def test_refuses_windows_that_do_not_rise_inside_a_day(windows: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(BadWorkingCalendar, match="do not rise"):
        replace(CALENDAR, windows=windows)


def test_refuses_a_day_both_off_and_worked() -> None:
    with pytest.raises(BadWorkingCalendar, match="2026-01-04 is both"):
        replace(CALENDAR, holidays=frozenset({date(2026, 1, 4)}))
