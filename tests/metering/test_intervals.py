"""Curves of every interval, scale and channel: stored, closed and given back as they came."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import override_settings

from metering.conftest import DAY, MIDNIGHT, Network
from mingdu.base import ledger
from mingdu.base.actors import SYSTEM
from mingdu.base.database import reading_connection
from mingdu.core.clock import INTERVALS, day_number
from mingdu.core.quality import ESTIMATED, Quality
from mingdu.core.registers import Channel, Register
from mingdu.metering.models import Finding
from mingdu.metering.operations import Kept, accept_readings, close_days, import_file
from mingdu.metering.queries import export_lines
from mingdu.metering.readings import BadValue, CurveColumns, Intent, OtherInterval, Outcome
from mingdu.metering.store.point_days import PointDay, point_days
from mingdu.metering.zone import intervals_of

pytestmark = pytest.mark.database
HALF_HOURS = 48


def curve(
    network: Network,
    values: Any,
    *,
    day: date = DAY,
    channel: Channel = Channel.IMPORT,
    decimals: int | None = None,
) -> CurveColumns:
    """One curve of the first point."""
    digits = np.atleast_2d(np.asarray(values, dtype=np.int64))
    return CurveColumns(
        np.array(network.points[:1]), np.array([day_number(day)]), np.array([int(channel)]), digits,
        np.zeros(digits.shape, dtype=np.uint8),
        None if decimals is None else np.array([decimals]),
    )  # fmt: skip


def with_gap(curves: CurveColumns, gap: slice) -> CurveColumns:
    values, quality = curves.values.copy(), curves.quality.copy()
    values[:, gap], quality[:, gap] = 0, Quality.MISSING
    return replace(curves, values=values, quality=quality)


def stored(network: Network, day: date = DAY, channel: Channel = Channel.IMPORT) -> PointDay:
    return point_days(reading_connection(), network.points[0], [day], channel)[0]


def freeze(network: Network, now: datetime, digits: int, at: datetime) -> None:
    accept_readings(network.batch(registers=network.registers([digits], at=at)), by=SYSTEM, at=now)


def close(first: date, last: date, at: datetime) -> None:
    run = close_days(first, last, by=SYSTEM, at=at)
    assert ledger.finish_run(run.pk, at).is_done, ledger.errors(run.pk)


@pytest.fixture(
    params=[date(2027, 3, 28), date(2027, 6, 1), date(2027, 10, 31)], ids=["23 h", "24 h", "25 h"]
)
def european_day(request: Any) -> Iterator[date]:
    with override_settings(TIME_ZONE="Europe/Berlin"):
        yield request.param


@pytest.mark.parametrize("minutes", INTERVALS)
def test_a_day_of_every_interval_and_length(network: Network, european_day: date, minutes: int) -> None:
    from mingdu.metering.operations import make_months

    later = datetime(2027, 12, 1, tzinfo=UTC)
    make_months(date(2027, 1, 1), months=12, by=SYSTEM, at=later)
    values = np.arange(intervals_of(european_day, minutes)) % 251
    taken = accept_readings(network.batch(curve(network, values, day=european_day)), by=SYSTEM, at=later)
    found = stored(network, european_day)
    assert (taken.accepted, taken.bad) == (len(values), ())
    assert (found.minutes, found.values.tolist()) == (minutes, values.tolist())


@pytest.mark.parametrize("channel", Channel)
def test_every_channel_comes_back_with_its_scale(network: Network, now: datetime, channel: Channel) -> None:
    values = np.arange(96) * 3
    for expected in ((96, 0), (0, 96)):
        taken = accept_readings(network.batch(curve(network, values, channel=channel)), by=SYSTEM, at=now)
        assert (taken.accepted, taken.same) == expected
    found = stored(network, channel=channel)
    assert found.values.tolist() == values.tolist()
    assert found.decimals == {11: 1, 12: 1, 13: 1, 21: 3, 22: 3, 23: 3, 24: 3, 31: 4, 41: 3, 51: 0}.get(
        channel, 2
    )


def test_a_day_keeps_its_interval_and_scale(network: Network, now: datetime) -> None:
    accept_readings(network.batch(curve(network, [7] * 96)), by=SYSTEM, at=now)
    for other in (curve(network, [14] * HALF_HOURS), curve(network, [70] * 96, decimals=3)):
        for intent in Intent:
            taken = accept_readings(network.batch(other, intent=intent), by=SYSTEM, at=now)
            assert isinstance(taken.bad[0].error, OtherInterval)
            assert (taken.curve_outcomes == Outcome.BAD).all()
    assert (stored(network).minutes, stored(network).values.tolist()) == (15, [7] * 96)


def test_the_rows_beside_an_unlike_one_stand(network: Network, now: datetime) -> None:
    accept_readings(network.batch(curve(network, [7] * 96)), by=SYSTEM, at=now)
    halves = replace(
        network.curves(0),
        values=np.full((3, HALF_HOURS), 14),
        quality=np.zeros((3, HALF_HOURS), dtype=np.uint8),
    )
    taken = accept_readings(network.batch(halves), by=SYSTEM, at=now)
    assert [(bad.part, bad.row) for bad in taken.bad] == [("curve", 0)]
    assert taken.accepted == 2 * HALF_HOURS


@pytest.mark.parametrize("decimals", [1, 4])
def test_energies_have_two_or_three_decimals(network: Network, now: datetime, decimals: int) -> None:
    taken = accept_readings(network.batch(curve(network, [7] * 96, decimals=decimals)), by=SYSTEM, at=now)
    assert isinstance(taken.bad[0].error, BadValue)


@pytest.mark.parametrize(
    ("register", "most"),
    [(Register.STATUS_1, 0xFFFF), (Register.DEMAND_TIME, 99_999_999), (Register.TOTAL, 99_999_999)],
)
def test_words_and_times_have_their_own_bounds(
    network: Network, now: datetime, register: Register, most: int
) -> None:
    def offer(digits: int, hour: int) -> Any:
        readings = network.registers([digits], at=MIDNIGHT + timedelta(hours=hour))
        coded = replace(readings, register=np.array([int(register)]))
        return accept_readings(network.batch(registers=coded), by=SYSTEM, at=now)

    assert offer(most, 1).accepted == 1
    assert isinstance(offer(most + 1, 2).bad[0].error, BadValue)


def test_a_gap_of_half_hours_in_watt_hours_has_the_registers_energy(network: Network, now: datetime) -> None:
    """12.34 kWh by the registers, curve in Wh: 12,340 Wh to the last watt-hour."""
    freeze(network, now, 1_000, MIDNIGHT)
    freeze(network, now, 2_234, MIDNIGHT + timedelta(days=1))
    fine = with_gap(curve(network, [257] * HALF_HOURS, decimals=3), slice(10, 20))
    accept_readings(network.batch(fine), by=SYSTEM, at=now)
    close(DAY, DAY, now)
    found = stored(network)
    assert (found.minutes, found.decimals, int(found.values.sum())) == (30, 3, 12_340)
    assert np.isin(found.quality[10:20], ESTIMATED).all()
    gap = Finding.objects.get(rule="GAP", usage_point_id=network.points[0])
    assert (gap.first_interval, gap.latest_interval, gap.interval_minutes) == (10, 19, 30)


def test_neighbours_of_other_intervals_close_as_if_alone(network: Network, now: datetime) -> None:
    def others() -> Any:
        conn = reading_connection()
        return [
            (found.minutes, found.version, found.values.tolist(), found.quality.tolist())
            for point in network.points[1:]
            for found in point_days(conn, point, [DAY])
        ]

    accept_readings(
        network.batch(network.curves(7, missing=range(10, 20)).take(np.array([1, 2]))), by=SYSTEM, at=now
    )
    close(DAY, DAY, now)
    alone = others()
    accept_readings(
        network.batch(with_gap(curve(network, [257] * 24, decimals=3), slice(3, 5))), by=SYSTEM, at=now
    )
    close(DAY, DAY, now + timedelta(hours=1))
    assert others() == alone
    assert stored(network).minutes == 60
    assert not (stored(network).quality == Quality.MISSING).any()


def test_a_point_that_changes_its_interval_keeps_both(network: Network, now: datetime) -> None:
    before = DAY - timedelta(days=1)
    for number in range(3):
        freeze(network, now, 1_000 + number * 672, MIDNIGHT + timedelta(days=number - 1))
    accept_readings(
        network.batch(with_gap(curve(network, [7] * 96, day=before), slice(0, 4))), by=SYSTEM, at=now
    )
    accept_readings(
        network.batch(with_gap(curve(network, [14] * HALF_HOURS), slice(0, 2))), by=SYSTEM, at=now
    )
    close(before, DAY, now)
    for day, minutes, value in ((before, 15, 7), (DAY, 30, 14)):
        found = stored(network, day)
        assert (found.minutes, found.values.tolist()) == (minutes, [value] * (24 * 60 // minutes))
    close(before, DAY, now + timedelta(hours=1))
    assert [stored(network, day).version for day in (before, DAY)] == [1, 1]


def test_a_day_without_any_row_is_closed_in_the_points_own_interval(network: Network, now: datetime) -> None:
    before = DAY - timedelta(days=1)
    for number in range(3):
        freeze(network, now, 1_000 + number * 672, MIDNIGHT + timedelta(days=number - 1))
    accept_readings(network.batch(curve(network, [14] * HALF_HOURS, day=before)), by=SYSTEM, at=now)
    close(before, DAY, now)
    assert (stored(network).minutes, int(stored(network).values.sum())) == (30, 672)


def test_what_was_written_out_comes_in_again(network: Network, now: datetime, tmp_path: Path) -> None:
    accept_readings(network.batch(curve(network, range(HALF_HOURS), decimals=3)), by=SYSTEM, at=now)
    accept_readings(
        network.batch(curve(network, [2304] * HALF_HOURS, channel=Channel.VOLTAGE_A)), by=SYSTEM, at=now
    )
    lines = list(export_lines(SYSTEM, DAY, DAY + timedelta(days=1), 30))
    assert f"P0,VOLTAGE_A,{DAY}T00:30:00+08:00,230.4,V,measured" in lines
    assert f"P0,IMPORT,{DAY}T00:30:00+08:00,0.001,kWh,measured" in lines
    assert len(list(export_lines(SYSTEM, DAY, DAY + timedelta(days=1)))) == 1
    path = tmp_path / "out.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    report = import_file(path, kept=Kept(30, 3), by=SYSTEM, at=now)
    assert (report.rows, report.same, report.bad) == (2 * HALF_HOURS, 2 * HALF_HOURS, [])
    quarter = import_file(path, by=SYSTEM, at=now)
    assert quarter.accepted == 0
    assert {each.error.name for each in quarter.bad} <= {"OtherInterval", "BadValue"}
