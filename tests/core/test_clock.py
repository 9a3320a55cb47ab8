"""Civil days: worked cases, a twin that walks minute by minute, refusals."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingdu.core import clock
from tables import worked_cases

CASES = worked_cases("clock_days")
SHANGHAI = ZoneInfo("Asia/Shanghai")
ZONES = st.sampled_from(("Asia/Shanghai", "Europe/Berlin", "Africa/Cairo", "America/Santiago")).map(ZoneInfo)


def hours_twin(day: date, zone: ZoneInfo) -> list[int]:
    """Civil hour of every quarter of an hour that carries the day's date, walking through UTC."""
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=1)
    steps = [(at + timedelta(minutes=15 * k)).astimezone(zone) for k in range(3 * 96)]
    return [step.hour for step in steps if step.date() == day]


@pytest.mark.parametrize("case", CASES, ids=[case["source"] for case in CASES])
def test_counts_the_worked_case(case: dict[str, str]) -> None:
    day, zone, minutes = (
        date.fromisoformat(case["day"]),
        ZoneInfo(case["zone"]),
        int(case["interval_minutes"]),
    )
    assert clock.points_in_day(day, zone, minutes) == int(case["points"])
    starts = clock.interval_starts(day, zone, minutes)
    assert starts.dtype == np.dtype("datetime64[us]")
    assert str(starts[0].astype("datetime64[m]")) == case["begins_utc"]
    assert len(starts) == int(case["points"])
    assert set(np.diff(starts)) == {np.timedelta64(minutes, "m")}
    assert starts[-1] + np.timedelta64(minutes, "m") == np.datetime64(
        clock.day_bounds(day, zone)[1].replace(tzinfo=None)
    )


@settings(max_examples=60, deadline=None)
@given(day=st.dates(date(1986, 1, 1), date(2030, 12, 31)), zone=ZONES)
def test_agrees_with_the_twin_and_days_lie_end_to_end(day: date, zone: ZoneInfo) -> None:
    hours = hours_twin(day, zone)
    assert clock.hours_of_points(day, zone, 15).tolist() == hours
    assert clock.points_in_day(day, zone, 15) == len(hours)
    assert clock.day_bounds(day, zone)[1] == clock.day_bounds(day + timedelta(days=1), zone)[0]


@given(day=st.dates())
def test_a_day_and_its_number_are_the_same(day: date) -> None:
    assert clock.day_of(clock.day_number(day)) == day
    assert clock.day_number(day) == (np.datetime64(day, "D") - np.datetime64("1970-01-01", "D")).astype(int)


def test_midnight_freeze_is_the_state_at_the_end_of_the_day_before() -> None:
    day = date(2026, 12, 2)
    assert clock.freeze_instant(day, SHANGHAI) == datetime(2026, 12, 1, 16, tzinfo=UTC)
    assert clock.freeze_instant(day, SHANGHAI) == clock.day_bounds(date(2026, 12, 1), SHANGHAI)[1]
    assert clock.day_closed_by_freeze(day) == date(2026, 12, 1)


def test_an_instant_belongs_to_the_day_of_its_zone() -> None:
    assert clock.civil_day(datetime(2026, 12, 31, 16, tzinfo=UTC), SHANGHAI) == date(2027, 1, 1)


@pytest.mark.parametrize("minutes", [0, -15, 7, 45, 120])
def test_refuses_an_interval_that_does_not_divide_the_hour(minutes: int) -> None:
    with pytest.raises(clock.BadInterval, match=f"{minutes} minutes"):
        clock.points_in_day(date(2026, 12, 1), SHANGHAI, minutes)


def test_refuses_a_day_that_is_no_whole_number_of_intervals() -> None:
    with pytest.raises(clock.BadInterval, match="no whole number"):
        clock.interval_starts(date(2026, 10, 4), ZoneInfo("Australia/Lord_Howe"), 60)
