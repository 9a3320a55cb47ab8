"""Polls: what is missing is asked for once, in its lane; what is stored or waits is not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from mingdu.base import ledger
from mingdu.base.actors import SYSTEM, Actor, Grant
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.headend.items import ITEMS as HEAD_END_ITEMS
from mingdu.metering import queries
from mingdu.metering.models import Installation, Poll, Terminal, UsagePoint
from mingdu.metering.operations import (
    NoTerminal,
    UnknownPollItem,
    accept_readings,
    close_days,
    plan_polls,
    request_poll,
)
from mingdu.metering.operations.polls import ITEMS
from mingdu.metering.readings import NotInstalled, UnknownUsagePoint

pytestmark = pytest.mark.database

DAY = date(2026, 12, 30)
MIDNIGHT = datetime(2026, 12, 29, 16, tzinfo=UTC)


@pytest.fixture
def terminal(network: Any) -> Terminal:
    """All meters of the network hang behind one terminal."""
    row = Terminal.objects.create(terminal_address="530126000001", profile="dtu-demo", unit_id=network.unit)
    Installation.objects.update(terminal=row)
    return row


def planned() -> list[tuple[str, date, int]]:
    rows = Poll.objects.order_by("item", "day", "meter_id").values_list("item", "day", "meter_id")
    return [(item, day, meter) for item, day, meter in rows]


def test_plans_what_is_missing_once(network: Any, terminal: Terminal, now: datetime) -> None:
    assert plan_polls(DAY, DAY, at=now) == 9
    freezes = [
        ("daily_freeze", day, meter) for day in (DAY, DAY + timedelta(days=1)) for meter in network.meters
    ]
    assert planned() == [*freezes, *(("load_profile", DAY, meter) for meter in network.meters)]
    assert plan_polls(DAY, DAY, at=now) == 0
    assert set(Poll.objects.values_list("lane", "item")) == {(3, "daily_freeze"), (5, "load_profile")}


def test_does_not_ask_for_what_is_stored(network: Any, terminal: Terminal, now: datetime) -> None:
    batch = network.batch(network.curves(7), network.registers([100, 200, 300]))
    accept_readings(batch, by=SYSTEM, at=now)
    assert plan_polls(DAY, DAY, at=now) == 3
    assert {item for item, _, _ in planned()} == {"daily_freeze"}
    assert {day for _, day, _ in planned()} == {DAY + timedelta(days=1)}


def test_asks_two_part_points_for_reactive_and_demand(
    network: Any, terminal: Terminal, now: datetime
) -> None:
    UsagePoint.objects.filter(pk=network.points[0]).update(customer_class="large_industry")
    plan_polls(DAY, DAY, at=now)
    extra = [
        (item, meter) for item, day, meter in planned() if day == DAY and item.startswith(("react", "dem"))
    ]
    assert extra == [("demand_freeze", network.meters[0]), ("reactive_freeze", network.meters[0])]


def test_plans_nothing_that_cannot_exist_yet(network: Any, terminal: Terminal, now: datetime) -> None:
    today = date(2027, 1, 4)
    assert plan_polls(today, today, at=now) == 3
    assert {(item, day) for item, day, _ in planned()} == {("daily_freeze", today)}
    assert plan_polls(today + timedelta(days=1), today + timedelta(days=2), at=now) == 0


def test_plans_again_after_a_rest(network: Any, terminal: Terminal, now: datetime) -> None:
    plan_polls(DAY, DAY, at=now)
    Poll.objects.filter(item="load_profile").update(given_up_at=now)
    assert plan_polls(DAY, DAY, at=now + timedelta(hours=5)) == 0
    assert plan_polls(DAY, DAY, at=now + timedelta(hours=7)) == 3


def test_asks_no_meter_without_a_terminal(network: Any, now: datetime) -> None:
    assert plan_polls(DAY, DAY, at=now) == 0


def test_a_request_goes_before_all_plans(network: Any, terminal: Terminal, now: datetime) -> None:
    plan_polls(DAY, DAY, at=now)
    later = now + timedelta(minutes=5)
    poll = request_poll("P0", "daily_freeze", day=DAY, by=SYSTEM, at=later)
    assert (poll.lane, poll.not_before, Poll.objects.count()) == (1, later, 9)
    fresh = request_poll("P0", "energy", day=date(2027, 1, 4), by=SYSTEM, at=later)
    assert (fresh.lane, fresh.requested_by, fresh.meter_id) == (1, "system", network.meters[0])


def test_refuses_a_request_that_cannot_be(network: Any, terminal: Terminal, now: datetime) -> None:
    with pytest.raises(UnknownPollItem):
        request_poll("P0", "weather", day=DAY, by=SYSTEM, at=now)
    with pytest.raises(UnknownUsagePoint):
        request_poll("nobody", "energy", day=DAY, by=SYSTEM, at=now)
    elsewhere = Actor("person:2", "计量员", (Grant(Role.ENGINEER, frozenset({network.unit + 1})),))
    with pytest.raises(UnknownUsagePoint):
        request_poll("P0", "energy", day=DAY, by=elsewhere, at=now)
    agent = Actor("person:3", "坐席", (Grant(Role.AGENT),))
    with pytest.raises(NotPermitted):
        request_poll("P0", "energy", day=DAY, by=agent, at=now)
    Installation.objects.update(terminal=None)
    with pytest.raises(NoTerminal):
        request_poll("P0", "energy", day=DAY, by=SYSTEM, at=now)
    Installation.objects.filter(usage_point_id=network.points[0]).update(valid_to=now)
    with pytest.raises(NotInstalled):
        request_poll("P0", "energy", day=DAY, by=SYSTEM, at=now)


def test_every_item_is_one_that_the_head_end_can_ask_for() -> None:
    assert set(ITEMS) == set(HEAD_END_ITEMS)


def test_shows_how_the_collection_stands(network: Any, terminal: Terminal, now: datetime) -> None:
    accept_readings(
        network.batch(network.curves(7).take(np.array([0, 1])), network.registers([100])), by=SYSTEM, at=now
    )
    plan_polls(DAY, DAY, at=now)
    Poll.objects.filter(day=DAY, item="daily_freeze").update(given_up_at=now)
    found = queries.collection_of(SYSTEM, DAY)
    assert (found.day, found.expected, found.stored, found.curves) == (DAY, 3, 0, 2)
    assert (found.answered, found.waiting_online, found.waiting_offline, found.given_up) == (0, 0, 4, 2)
    before = queries.collection_of(SYSTEM, DAY - timedelta(days=1))
    assert (before.stored, before.curves, before.waiting_offline, before.given_up) == (1, 0, 1, 2)
    elsewhere = Actor("person:2", "计量员", (Grant(Role.ENGINEER, frozenset({network.unit + 1})),))
    foreign = queries.collection_of(elsewhere, DAY)
    assert (foreign.expected, foreign.curves, foreign.waiting_offline) == (0, 0, 0)


def test_a_curve_that_was_only_estimated_is_not_collected(
    network: Any, terminal: Terminal, now: datetime
) -> None:
    ledger.finish_run(close_days(DAY, DAY, by=SYSTEM, at=now).pk, now)
    found = queries.collection_of(SYSTEM, DAY)
    assert (found.curves, found.is_closed) == (0, True)
