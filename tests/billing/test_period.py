"""Billing periods: whole months, half-open, by the meters' clock."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from mingdu.billing.period import BadPeriod, Period


@pytest.mark.parametrize(
    ("name", "before", "first", "end"),
    [
        ("2026-12", date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)),
        ("2026-01", date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)),
        ("2028-02", date(2028, 1, 1), date(2028, 2, 1), date(2028, 3, 1)),
    ],
)
def test_is_a_whole_month(name: str, before: date, first: date, end: date) -> None:
    period = Period.named(name)
    assert (period.before, period.first, period.end) == (before, first, end)
    assert period.name == name


def test_begins_and_ends_at_the_midnights_of_the_zone() -> None:
    starts_at, ends_at = Period.named("2026-12").instants(ZoneInfo("Asia/Shanghai"))
    assert starts_at == datetime(2026, 11, 30, 16, tzinfo=UTC)
    assert ends_at == datetime(2026, 12, 31, 16, tzinfo=UTC)


def test_a_month_that_changes_the_clock_is_an_hour_shorter() -> None:
    starts_at, ends_at = Period.named("2026-03").instants(ZoneInfo("Europe/Berlin"))
    assert (ends_at - starts_at).total_seconds() == (31 * 24 - 1) * 3600


@pytest.mark.parametrize("name", ["", "2026-00", "2026/12", "26-12", "9999-12"])
def test_refuses_what_is_not_a_month(name: str) -> None:
    with pytest.raises(BadPeriod) as refused:
        Period.named(name)
    assert refused.value.values == {"period": name}
