"""Looking at curves, days that change the clocks, months ahead, and columns that do not fit together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.test import override_settings

from mingdu.base import ledger
from mingdu.base.actors import SYSTEM, Actor, Grant
from mingdu.base.database import reading_connection
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.core.quality import ESTIMATED
from mingdu.metering import queries
from mingdu.metering.closing.steps import Step, step_between, steps_of
from mingdu.metering.operations import accept_readings, close_days, make_months
from mingdu.metering.readings import CurveColumns, UnknownUsagePoint, UnlikeReadingColumns
from mingdu.metering.store.layout import laid_out_months
from mingdu.metering.zone import intervals_of, midnight

pytestmark = pytest.mark.database

DAY = date(2026, 12, 30)
# In Europe the last Sunday of October 2026 has 25 hours.
LONG_DAY = date(2026, 10, 25)


@pytest.fixture
def berlin(network: Any) -> Iterator[None]:
    """A utility whose zone changes its clocks."""
    with override_settings(TIME_ZONE="Europe/Berlin"):
        yield


def long_day(network: Any, digits: int) -> CurveColumns:
    """The curves of a day of 100 quarter hours."""
    curves = network.curves(digits, day=LONG_DAY)
    shape = len(curves), 100
    return replace(
        curves, values=np.full(shape, digits, dtype=np.int64), quality=np.zeros(shape, dtype=np.uint8)
    )


def test_shows_one_points_days(network: Any, now: datetime) -> None:
    accept_readings(network.batch(network.curves(np.arange(96), missing=[3])), by=SYSTEM, at=now)
    empty, full = queries.curve_of(SYSTEM, "P1", DAY - timedelta(days=1), DAY)
    assert (empty.version, set(empty.quality)) == (0, {6})
    assert (full.day, full.version, full.digits[2:5], full.quality[2:5]) == (DAY, 1, [2, 0, 4], [0, 6, 0])


def test_shows_nothing_of_a_foreign_or_unknown_point(network: Any) -> None:
    elsewhere = Actor("person:2", "计量员", (Grant(Role.ENGINEER, frozenset({network.unit + 1})),))
    for by, code in ((elsewhere, "P1"), (SYSTEM, "nobody")):
        with pytest.raises(UnknownUsagePoint):
            queries.curve_of(by, code, DAY, DAY)
    with pytest.raises(NotPermitted):
        queries.curve_of(Actor("person:3", "nobody"), "P1", DAY, DAY)


@pytest.mark.usefixtures("berlin")
def test_a_day_of_25_hours_is_kept_closed_and_read_alone(network: Any, now: datetime) -> None:
    curves = long_day(network, 7)
    curves.values[:, 8:12], curves.quality[:, 8:12] = 0, 6
    accept_readings(network.batch(curves), by=SYSTEM, at=now)
    run = close_days(LONG_DAY - timedelta(days=1), LONG_DAY, by=SYSTEM, at=now)
    assert ledger.finish_run(run.pk, now).is_done
    conn, ids = reading_connection(), np.array(network.points)
    block = queries.curves(conn, ids, LONG_DAY, 1)
    assert block.values.shape == (3, 1, 100)
    assert np.isin(block.quality[:, 0, 8:12], ESTIMATED).all()
    with pytest.raises(queries.UnlikeDays):
        queries.curves(conn, ids, LONG_DAY - timedelta(days=1), 2)


@pytest.mark.usefixtures("berlin")
def test_cuts_a_span_at_the_change_of_the_clocks() -> None:
    steps = steps_of(LONG_DAY - timedelta(days=1), LONG_DAY + timedelta(days=8), intervals_of)
    after = LONG_DAY + timedelta(days=1)
    assert steps == [
        Step(LONG_DAY - timedelta(days=1), 1, 28, 96), Step(LONG_DAY, 1, 0, 100),
        Step(after, 7, 0, 96), Step(after + timedelta(days=7), 1, 7, 96),
    ]  # fmt: skip
    assert steps[2].last == after + timedelta(days=6)


@pytest.mark.usefixtures("berlin")
def test_a_gap_across_the_change_of_the_clocks_is_estimated_without_its_registers(
    network: Any, now: datetime
) -> None:
    """A block has equal days, so nothing scales the two unlike days of the gap together."""
    before, after = LONG_DAY - timedelta(days=1), LONG_DAY + timedelta(days=1)
    assert step_between(before, after, intervals_of) is None
    assert step_between(before, LONG_DAY, intervals_of) == Step(before, 1, 28, 96)
    for digits, day in ((1_000, before), (9_000, after)):
        readings = network.registers([digits], at=midnight(day))
        accept_readings(network.batch(registers=readings), by=SYSTEM, at=now)
    run = close_days(before, LONG_DAY, by=SYSTEM, at=now)
    assert ledger.finish_run(run.pk, now).is_done
    block = queries.curves(reading_connection(), np.array(network.points[:1]), before, 1)
    assert np.isin(block.quality, ESTIMATED).all()


def test_lays_out_the_months_ahead_once(network: Any, now: datetime) -> None:
    conn = reading_connection()
    before = laid_out_months(conn)
    for _ in range(2):
        make_months(date(2027, 4, 15), by=SYSTEM, at=now)
    after = laid_out_months(conn)
    assert (after.first, after.past_last - before.past_last) == (before.first, 31 + 30 + 31)
    agent = Actor("person:3", "坐席", (Grant(Role.AGENT),))
    with pytest.raises(NotPermitted):
        make_months(date(2027, 9, 1), by=agent, at=now)


def test_days_beyond_the_notices_of_holidays_are_closed_by_the_week(network: Any) -> None:
    later = datetime(2027, 4, 6, tzinfo=UTC)
    first = date(2027, 4, 1)
    accept_readings(network.batch(network.curves(7, day=first, missing=[3])), by=SYSTEM, at=later)
    run = close_days(first, first + timedelta(days=3), by=SYSTEM, at=later)
    assert ledger.finish_run(run.pk, later).is_done


def test_exports_only_what_the_actor_may_see(network: Any, now: datetime) -> None:
    accept_readings(network.batch(network.curves(7), network.registers([1, 2])), by=SYSTEM, at=now)
    lines = list(queries.export_lines(SYSTEM, DAY, DAY + timedelta(days=1)))
    assert lines[1] == "P0,TOTAL,2026-12-30T00:00:00+08:00,0.01,kWh,measured"
    assert lines[-1] == "P2,IMPORT,2026-12-30T23:45:00+08:00,0.07,kWh,measured"
    assert len(lines) == 1 + 2 + 3 * 96
    elsewhere = Actor("person:2", "计量员", (Grant(Role.ENGINEER, frozenset({network.unit + 1})),))
    assert len(list(queries.export_lines(elsewhere, DAY, DAY + timedelta(days=1)))) == 1


def test_refuses_columns_that_do_not_fit_together(network: Any) -> None:
    curves, readings = network.curves(7), network.registers([1, 2])
    with pytest.raises(UnlikeReadingColumns):
        replace(curves, quality=curves.quality[:, :95])
    with pytest.raises(UnlikeReadingColumns):
        replace(readings, digits=readings.digits[:1])


def test_the_utility_lives_in_its_zone(network: Any) -> None:
    from mingdu.metering.zone import midnight, zone

    assert zone() == ZoneInfo("Asia/Shanghai")
    assert midnight(DAY) == datetime(2026, 12, 29, 16, tzinfo=UTC)
