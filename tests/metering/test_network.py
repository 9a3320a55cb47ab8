"""The network from the town's registry, exchanges, and what hung where."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from mingdu.base.actors import SYSTEM, Actor, Grant
from mingdu.base.database import reading_connection
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.core.registers import Register
from mingdu.metering import queries
from mingdu.metering.models import Installation, Meter, UsagePoint
from mingdu.metering.operations import (
    BadRegistry,
    Exchange,
    InstallationsOverlap,
    MeterInUse,
    NewMeter,
    accept_readings,
    meter_exchange,
    register_network,
)
from mingdu.metering.readings import BadValue, FutureReading, NotInstalled
from mingdu.town.model import Town
from mingdu.town.registry import registry_of

pytestmark = pytest.mark.database

FIRST_MIDNIGHT = datetime(2026, 11, 30, 16, tzinfo=UTC)


@pytest.fixture(scope="module")
def registry() -> dict[str, Any]:
    """Twelve points of December."""
    return registry_of(Town(3, 12, date(2026, 12, 1), date(2026, 12, 31)))


def test_registers_the_town_once(database: str, now: datetime, registry: dict[str, Any]) -> None:
    first = register_network(registry, by=SYSTEM, at=now)
    assert (first.areas, first.usage_points, first.readings) == (3, 15, first.installations * 4)
    again = register_network(registry, by=SYSTEM, at=now)
    assert (again.meters, again.installations, again.readings) == (first.meters, first.installations, 0)


def test_answers_what_is_installed(database: str, now: datetime, registry: dict[str, Any]) -> None:
    register_network(registry, by=SYSTEM, at=now)
    conn = reading_connection()
    found = queries.points(conn)
    assert found.is_area.sum() == 3
    assert queries.points(conn, bucket=0).ids.tolist() == found.ids.tolist()
    assert queries.points(conn, bucket=1).ids.tolist() == []
    assert queries.point_buckets() == [0]
    assert queries.bucket_of(found.ids).tolist() == [0] * 15
    at = queries.installations(conn, found.ids, now)
    assert at.found.all()
    assert (at.digits == 8).all()
    assert (at.capacity_w == found.capacity_w).all()
    before = queries.installations(conn, found.ids, FIRST_MIDNIGHT - timedelta(seconds=1))
    assert not before.found.any()
    codes = queries.codes_of_ids(conn, found.ids)
    assert queries.ids_of_codes(conn, list(codes.values())) == {code: pk for pk, code in codes.items()}
    start = queries.register_values(conn, found.ids, [Register.TOTAL, Register.PEAK], FIRST_MIDNIGHT)
    assert start.found.all()
    noted = {row["usage_point"]: row["first_digits"] for row in registry["installations"]}
    for row, point in enumerate(found.ids.tolist()):
        assert start.digits[row].tolist() == [noted[codes[point]]["TOTAL"], noted[codes[point]]["PEAK"]]


def test_closes_an_installation_that_ended_since(
    database: str, now: datetime, registry: dict[str, Any]
) -> None:
    register_network(registry, by=SYSTEM, at=now)
    old = registry["installations"][0]
    ended = {
        **old,
        "to": "2026-12-20T10:00:00+08:00",
        "last_digits": {"TOTAL": old["first_digits"]["TOTAL"] + 9},
    }
    new = {**old, "meter": "202699999999", "from": ended["to"], "first_digits": {"TOTAL": 12}}
    meter = {"meter": "202699999999", "address": "202699999999", "model": "demo-meter-645"}
    later = {
        **registry,
        "meters": [*registry["meters"], meter],
        "installations": [ended, new, *registry["installations"][1:]],
    }
    assert register_network(later, by=SYSTEM, at=now).readings == 2
    point = UsagePoint.objects.get(code=old["usage_point"])
    segments = queries.register_segments(
        reading_connection(), np.array([point.pk]), [Register.TOTAL], (FIRST_MIDNIGHT, now)
    )
    assert len(segments) == 2
    assert (segments.end.digits[0, 0] - segments.start.digits[0, 0], segments.start.digits[1, 0]) == (9, 12)
    assert segments.end.found[:, 0].tolist() == [True, False]


def test_keeps_units_named_by_the_registry(database: str, now: datetime, registry: dict[str, Any]) -> None:
    units = [{"unit": "0530", "name": "供电所"}, {"unit": "0531", "name": "东站"}]
    points = [{**row, "unit": "0531"} if row["kind"] == "area" else row for row in registry["usage_points"]]
    register_network({**registry, "units": units, "usage_points": points}, by=SYSTEM, at=now)
    assert UsagePoint.objects.filter(unit__code="0531").count() == 3


def test_refuses_a_registry_that_lacks_a_key(database: str, now: datetime, registry: dict[str, Any]) -> None:
    broken = {name: rows for name, rows in registry.items() if name != "meters"}
    with pytest.raises(BadRegistry) as refused:
        register_network(broken, by=SYSTEM, at=now)
    assert refused.value.values == {"missing": "meters"}
    assert not UsagePoint.objects.exists()


def test_refuses_two_meters_at_one_point(database: str, now: datetime, registry: dict[str, Any]) -> None:
    first, second = registry["installations"][:2]
    double = {**registry, "installations": [first, {**second, "usage_point": first["usage_point"]}]}
    with pytest.raises(InstallationsOverlap):
        register_network(double, by=SYSTEM, at=now)
    assert not Meter.objects.exists()


def test_refuses_a_registry_with_an_impossible_reading(
    database: str, now: datetime, registry: dict[str, Any]
) -> None:
    first = {**registry["installations"][0], "first_digits": {"TOTAL": 10**9}}
    with pytest.raises(BadValue):
        register_network({**registry, "installations": [first]}, by=SYSTEM, at=now)
    assert not Installation.objects.exists()


def exchange_of(network: Any, at: datetime, *, number: str = "202600000001") -> Exchange:
    return Exchange(
        NewMeter(number, number, "demo-meter-645", 1), at, {Register.TOTAL: 950}, {Register.TOTAL: 3}
    )


def test_exchanges_a_meter_once(network: Any, now: datetime) -> None:
    point = UsagePoint.objects.get(pk=network.points[0])
    begin, when = now - timedelta(days=20), now - timedelta(days=2)
    accept_readings(network.batch(registers=network.registers([900], at=begin)), by=SYSTEM, at=now)
    new = meter_exchange(point, exchange_of(network, when), by=SYSTEM, at=now)
    assert meter_exchange(point, exchange_of(network, when), by=SYSTEM, at=now).pk == new.pk
    accept_readings(network.batch(registers=network.registers([13], at=now)), by=SYSTEM, at=now)
    segments = queries.register_segments(
        reading_connection(), np.array([point.pk]), [Register.TOTAL], (begin, now)
    )
    used = segments.end.digits - segments.start.digits
    assert used[:, 0].tolist() == [50, 10]
    assert segments.start.found.all()
    assert segments.end.found.all()
    assert segments.meter_id.tolist() == [network.meters[0], new.meter_id]


def test_refuses_an_exchange_that_cannot_be(network: Any, now: datetime) -> None:
    point, other = UsagePoint.objects.filter(pk__in=network.points[:2]).order_by("pk")
    taken = Meter.objects.get(pk=network.meters[1]).meter_number
    with pytest.raises(FutureReading):
        meter_exchange(point, exchange_of(network, now + timedelta(hours=1)), by=SYSTEM, at=now)
    with pytest.raises(MeterInUse):
        meter_exchange(point, exchange_of(network, now, number=taken), by=SYSTEM, at=now)
    with pytest.raises(NotInstalled):
        meter_exchange(point, exchange_of(network, datetime(2025, 11, 1, tzinfo=UTC)), by=SYSTEM, at=now)
    wrong = Exchange(exchange_of(network, now).new_meter, now, {Register.TOTAL: 10**9}, {})
    with pytest.raises(BadValue):
        meter_exchange(point, wrong, by=SYSTEM, at=now)
    agent = Actor("person:1", "坐席", (Grant(Role.AGENT),))
    with pytest.raises(NotPermitted):
        meter_exchange(other, exchange_of(network, now), by=agent, at=now)
    assert Installation.objects.filter(usage_point=point, valid_to__isnull=True).count() == 1
