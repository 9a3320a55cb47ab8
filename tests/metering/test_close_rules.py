"""The day close finds what needs more than an energy curve: other channels, meters, the days before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from metering.conftest import DAY, MIDNIGHT, Network
from mingdu.base import ledger
from mingdu.base.actors import SYSTEM
from mingdu.base.database import reading_connection
from mingdu.core.clock import day_number
from mingdu.core.instants import instant64
from mingdu.core.quality import Quality
from mingdu.core.registers import Channel, Register
from mingdu.metering import queries
from mingdu.metering.closing.kinds import point_kinds
from mingdu.metering.models import Finding, Installation, Meter, UsagePoint
from mingdu.metering.operations import accept_readings, close_days
from mingdu.metering.readings import WHICHEVER_METER, CurveColumns, RegisterColumns
from mingdu.rulebook.validation import PointKind

pytestmark = pytest.mark.database
POINTS = 96
NEXT_MIDNIGHT = MIDNIGHT + timedelta(days=1)


def curves(
    network: Network, values: Any, *, point: int = 0, last: date = DAY, channel: Channel = Channel.IMPORT
) -> CurveColumns:
    """Days of one point that end with `last`; values (day, 96), or a number a day."""
    digits = np.asarray(values, dtype=np.int64)
    if digits.ndim == 1:
        digits = np.repeat(digits[:, np.newaxis], POINTS, axis=1)
    days = day_number(last) - np.arange(len(digits))[::-1]
    return CurveColumns(
        np.full(len(digits), network.points[point]), days, np.full(len(digits), int(channel)), digits,
        np.zeros(digits.shape, dtype=np.uint8),
    )  # fmt: skip


def register(
    network: Network, register: Register, digits: int, at: datetime, *, point: int = 0, meter: int = 0
) -> RegisterColumns:
    return RegisterColumns(
        np.array([network.points[point]]), np.array([meter or WHICHEVER_METER]), np.array([int(register)]),
        np.array([instant64(at)]), np.array([digits], dtype=np.int64), np.zeros(1, dtype=np.uint8),
    )  # fmt: skip


def accept(network: Network, now: datetime, *columns: CurveColumns | RegisterColumns) -> None:
    for each in columns:
        batch = network.batch(each) if isinstance(each, CurveColumns) else network.batch(registers=each)
        assert not accept_readings(batch, by=SYSTEM, at=now).bad


def close(at: datetime, first: date = DAY, last: date = DAY) -> None:
    run = close_days(first, last, by=SYSTEM, at=at)
    assert ledger.finish_run(run.pk, at).is_done, ledger.errors(run.pk)


def found(network: Network, rule: str, point: int = 0) -> list[tuple[date, int, int, int, int]]:
    rows = Finding.objects.filter(rule=rule, usage_point_id=network.points[point]).order_by("day")
    return list(rows.values_list("day", "first_interval", "latest_interval", "figure", "threshold"))


def test_voltage_is_judged_where_it_is_read(network: Network, now: datetime) -> None:
    volts = np.full((1, POINTS), 2200)
    volts[0, 40:44] = 2400
    accept(network, now, curves(network, [5]), curves(network, volts, channel=Channel.VOLTAGE_A))
    close(now)
    assert found(network, "VOLTAGE_LIMIT") == [(DAY, 40, 43, 2400, 2354)]
    assert found(network, "VOLTAGE_LIMIT", point=1) == []


def test_voltage_of_more_decimals_is_brought_to_the_usual_ones(network: Network, now: datetime) -> None:
    volts = np.full((1, POINTS), 22_000)
    volts[0, 40:44] = 24_009
    fine = replace(curves(network, volts, channel=Channel.VOLTAGE_B), decimals=np.array([2]))
    accept(network, now, curves(network, [5]), fine)
    close(now)
    assert found(network, "VOLTAGE_LIMIT") == [(DAY, 40, 43, 2400, 2354)]


def test_a_lost_phase_and_a_low_power_factor(network: Network, now: datetime) -> None:
    factor = np.full((1, POINTS), -980)
    factor[0, 10:20] = -300
    accept(
        network, now,
        curves(network, [60]),
        curves(network, [2200], channel=Channel.VOLTAGE_A),
        curves(network, [500], channel=Channel.VOLTAGE_B),
        curves(network, factor, channel=Channel.POWER_FACTOR),
    )  # fmt: skip
    close(now)
    assert found(network, "PHASE_LOSS") == [(DAY, 0, 95, 500, 1320)]
    assert found(network, "POWER_FACTOR_LIMIT") == [(DAY, 10, 19, 300, 500)]


def test_reverse_energy_and_a_demand_of_another_day(network: Network, now: datetime) -> None:
    yesterday = int((MIDNIGHT - timedelta(minutes=30)).timestamp()) // 60
    accept(
        network, now,
        curves(network, [5]),
        register(network, Register.EXPORT_TOTAL, 100, MIDNIGHT),
        register(network, Register.EXPORT_TOTAL, 130, NEXT_MIDNIGHT),
        register(network, Register.DEMAND, 0, MIDNIGHT),
        register(network, Register.DEMAND, 2000, NEXT_MIDNIGHT),
        register(network, Register.DEMAND_TIME, yesterday, NEXT_MIDNIGHT),
    )  # fmt: skip
    close(now)
    assert found(network, "UNEXPECTED_REVERSE") == [(DAY, 0, 95, 300, 100)]
    assert found(network, "CLOCK_DRIFT") == [(DAY, 0, 95, 30, 5)]
    assert found(network, "DEMAND_AGAINST_INTERVALS") == []


def test_an_exchange_without_its_readings(network: Network, now: datetime) -> None:
    """The last home's meter was put in at the day's first midnight; nobody noted what the two showed."""
    accept(network, now, curves(network, [5], point=2))
    close(now)
    assert found(network, "EXCHANGE_WITHOUT_READINGS", point=2) == [(DAY, 0, 95, 2, 0)]
    accept(
        network, now,
        register(network, Register.TOTAL, 700, MIDNIGHT, point=2, meter=network.old_meter),
        register(network, Register.TOTAL, 0, MIDNIGHT, point=2, meter=network.meters[2]),
    )  # fmt: skip
    close(now + timedelta(hours=1))
    assert Finding.objects.get(rule="EXCHANGE_WITHOUT_READINGS").closure.reason == "no_longer_found"


def test_a_first_reading_that_the_capacity_cannot_explain(network: Network, now: datetime) -> None:
    accept(
        network, now,
        register(network, Register.TOTAL, 0, MIDNIGHT, point=2, meter=network.meters[2]),
        register(network, Register.TOTAL, 20_000, NEXT_MIDNIGHT, point=2, meter=network.meters[2]),
    )  # fmt: skip
    close(now)
    assert found(network, "FIRST_READING", point=2) == [(DAY, 0, 95, 200_000, 192_000)]


def test_use_while_supply_is_off(network: Network, now: datetime) -> None:
    UsagePoint.objects.filter(pk=network.points[1]).update(supply_state="suspended")
    accept(network, now, curves(network, [5]), curves(network, [5], point=1))
    close(now)
    assert found(network, "USE_WHILE_SUSPENDED", point=1) == [(DAY, 0, 95, 4800, 200)]
    assert found(network, "USE_WHILE_SUSPENDED") == []


def test_two_meters_that_changed_places(network: Network, now: datetime) -> None:
    before, after = [20] * 25, [5] * 3
    accept(network, now, curves(network, before + after), curves(network, [5] * 25 + [20] * 3, point=1))
    close(now)
    assert found(network, "SWAPPED_METERS") == [(DAY, 0, 95, 250, 250)]
    assert found(network, "SWAPPED_METERS", point=1) == [(DAY, 0, 95, 4000, 4000)]


def test_a_new_multiplier_is_no_new_level_but_a_wrong_one_is(network: Network, now: datetime) -> None:
    """Through transformers of 10 since three days: right is a tenth of the digits, not as many as before."""
    since = MIDNIGHT - timedelta(days=2)
    for point in (0, 1):
        hung = Installation.objects.get(usage_point_id=network.points[point])
        hung.valid_to = since
        hung.save()
        meter = hung.meter
        Installation.objects.create(
            usage_point_id=network.points[point], meter=meter, multiplier=10, valid_from=since
        )
    accept(network, now, curves(network, [50] * 20 + [5] * 3), curves(network, [5] * 23, point=1))
    close(now)
    assert found(network, "MULTIPLIER_SUSPICION") == []
    assert found(network, "MULTIPLIER_SUSPICION", point=1) == [(DAY, 0, 95, 10_000, 10_000)]


def test_a_curve_that_is_an_hour_late(network: Network, now: datetime) -> None:
    true = np.random.default_rng(3).integers(0, 180, 6 * POINTS)
    late = true[POINTS - 4 : 5 * POINTS - 4].reshape(4, POINTS)
    total = 1000
    accept(network, now, curves(network, late))
    for back in range(4, -1, -1):
        at = NEXT_MIDNIGHT - timedelta(days=back)
        accept(network, now, register(network, Register.TOTAL, total, at))
        total += int(true[(5 - back) * POINTS : (6 - back) * POINTS].sum())
    close(now)
    assert len(found(network, "REGISTERS_AGAINST_INTERVALS")) == 1
    assert found(network, "SHIFTED_INTERVALS") == [(DAY, 0, 95, 60, 0)]


def test_a_day_that_comes_twice_and_days_that_are_not_read(network: Network, now: datetime) -> None:
    day = np.random.default_rng(4).integers(1, 40, POINTS)
    first = DAY - timedelta(days=12)
    accept(network, now, curves(network, [day, day]))
    accept(network, now, curves(network, [5], point=1, last=first - timedelta(days=1)))
    close(now, first, DAY)
    assert found(network, "DUPLICATE_INTERVALS") == [(DAY, 0, 95, 96, 48)]
    days = [found_day for found_day, *_ in found(network, "PROVISIONAL_TOO_OFTEN", point=1)]
    assert days == [first + timedelta(days=9)]


def test_a_point_of_which_nothing_is_known_is_filled_by_its_class(network: Network, now: datetime) -> None:
    """Five neighbours use twice as much in the second half of each day; a new one was read for an hour."""
    home = UsagePoint.objects.get(pk=network.points[0])
    day = np.where(np.arange(POINTS) < POINTS // 2, 10, 20)
    for number in range(5):
        point = UsagePoint.objects.create(
            code=f"N{number}", area=home.area, unit=home.unit, customer_class="residential", capacity_w=8_000
        )
        meter = Meter.objects.create(
            meter_number=f"9{number}", meter_address=f"9{number}", model="demo-meter-645"
        )
        Installation.objects.create(usage_point=point, meter=meter, valid_from=MIDNIGHT - timedelta(days=40))
        known = curves(network, [day] * 9)
        accept(network, now, replace(known, usage_point_id=np.full(9, point.pk)))
    short = curves(network, [day])
    short.values[0, 4:], short.quality[0, 4:] = 0, Quality.MISSING
    accept(network, now, short)
    close(now)
    closed = queries.curves(reading_connection(), np.array(network.points[:1]), DAY, 1)
    assert set(closed.quality[0, 0, 4:]) == {Quality.ESTIMATED_PROFILE}
    morning, evening = closed.values[0, 0, 10], closed.values[0, 0, 60]
    assert 0 < morning < evening <= 2 * morning + 1


def test_a_finding_of_another_origin_is_left_alone(network: Network, now: datetime) -> None:
    accept(network, now, curves(network, [5]))
    other = Finding.objects.create(
        rule="AREA_BALANCE", usage_point_id=network.points[0], day=DAY, first_interval=0, latest_interval=95,
        severity=2, figure=9, threshold=7, found_at=now,
    )  # fmt: skip
    close(now)
    other.refresh_from_db()
    assert not hasattr(other, "closure")


def test_points_are_of_the_kind_of_their_class_and_meter(network: Network) -> None:
    UsagePoint.objects.filter(pk=network.points[1]).update(customer_class="commercial", supply_state="closed")
    kinds = point_kinds(reading_connection(), np.array(network.points), np.array(network.meters))
    assert kinds.distinct == [
        PointKind("commercial", "demo-meter-645"),
        PointKind("residential", "demo-meter-645"),
    ]
    assert (kinds.kind.tolist(), kinds.is_off.tolist()) == ([1, 0, 1], [0, 1, 0])
