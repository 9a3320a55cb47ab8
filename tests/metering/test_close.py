"""The day close: gaps filled with exactly what the registers say, findings once, versions after closing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mingdu.base import ledger, outbox
from mingdu.base.actors import SYSTEM, Actor, Grant
from mingdu.base.database import reading_connection
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.core.quality import ESTIMATED, Quality
from mingdu.core.registers import Register
from mingdu.metering import queries
from mingdu.metering.events import FindingOpened
from mingdu.metering.models import DayClosing, Estimate, Finding, FindingClosure
from mingdu.metering.operations import (
    AlreadyExplained,
    DayNotOver,
    DaysOutOfOrder,
    Explanation,
    UnknownFinding,
    accept_readings,
    close_days,
    explain_finding,
    import_file,
    register_network,
)
from mingdu.metering.queries.estimates import estimates_of_day
from mingdu.town.files import write_town
from mingdu.town.model import Town
from mingdu.town.registry import registry_of

pytestmark = pytest.mark.database

DAY = date(2026, 12, 30)
MIDNIGHT = datetime(2026, 12, 29, 16, tzinfo=UTC)
NEXT_MIDNIGHT = MIDNIGHT + timedelta(days=1)


@pytest.fixture(autouse=True)
def listening() -> None:
    """Somebody listens to findings, else no event is written."""
    outbox.subscribe(FindingOpened, "tests.metering", ignore)


def ignore(payload: dict[str, Any], at: datetime) -> None:
    """Take an event."""


def told() -> list[dict[str, Any]]:
    from mingdu.base.models import OutboxEvent

    rows = OutboxEvent.objects.filter(event="FindingOpened", consumer="tests.metering").order_by("id")
    return list(rows.values_list("payload", flat=True))


def close(first: date, last: date, at: datetime) -> dict[str, int]:
    """Close days here and now; returns the figures of the only bucket."""
    run = close_days(first, last, by=SYSTEM, at=at)
    assert ledger.finish_run(run.pk, at).is_done
    (figures,) = ledger.results(run.pk)
    return figures


def block_of(network: Any, known_at: datetime | None = None) -> queries.CurveBlock:
    return queries.curves(reading_connection(), np.array(network.points), DAY, 1, known_at=known_at)


def accept(network: Any, now: datetime, curves: Any, start: list[int], end: list[int]) -> None:
    for digits, at in ((start, MIDNIGHT), (end, NEXT_MIDNIGHT)):
        accept_readings(network.batch(registers=network.registers(digits, at=at)), by=SYSTEM, at=now)
    accept_readings(network.batch(curves), by=SYSTEM, at=now)


def test_fills_a_gap_with_what_the_registers_say(network: Any, now: datetime) -> None:
    accept(network, now, network.curves(7, missing=range(10, 20)), [100, 200, 300], [800, 875, 975])
    figures = close(DAY, DAY, now)
    block = block_of(network)
    assert block.values.sum(axis=2)[:, 0].tolist() == [700, 675, 675]
    assert np.isin(block.quality[:, 0, 10:20], ESTIMATED).all()
    assert not block.quality[:, 0, :10].any()
    assert (figures["changed_curves"], figures["points"]) == (3, 3)
    gaps = Finding.objects.filter(rule="GAP").order_by("usage_point_id")
    assert [(gap.first_interval, gap.latest_interval, gap.figure) for gap in gaps] == [(10, 19, 10)] * 3
    assert [event["rule"] for event in told()].count("GAP") == 3
    assert DayClosing.objects.get().day == DAY


def test_closing_again_changes_nothing(network: Any, now: datetime) -> None:
    accept(network, now, network.curves(7, missing=range(10, 20)), [100, 200, 300], [800, 875, 975])
    close(DAY, DAY, now)
    before, events = everything(), len(told())
    figures = close(DAY, DAY, now + timedelta(hours=1))
    assert (figures["changed_curves"], figures["findings"], figures["settled"]) == (0, 0, 0)
    assert everything() == before
    assert len(told()) == events


def test_what_comes_late_makes_a_version_and_settles_the_finding(network: Any, now: datetime) -> None:
    accept(network, now, network.curves(7, missing=range(10, 20)), [100, 200, 300], [772, 872, 972])
    close(DAY, DAY, now)
    later = now + timedelta(hours=3)
    accept_readings(network.batch(network.curves(7)), by=SYSTEM, at=later)
    figures = close(DAY, DAY, later + timedelta(hours=1))
    assert (figures["settled"], figures["changed_curves"]) == (3, 0)
    assert block_of(network).version[:, 0].tolist() == [2, 2, 2]
    assert not block_of(network).quality.any()
    then = block_of(network, known_at=now)
    assert then.version[:, 0].tolist() == [1, 1, 1]
    assert np.isin(then.quality[0, 0, 10:20], ESTIMATED).all()
    assert set(FindingClosure.objects.values_list("reason", flat=True)) == {"no_longer_found"}


def test_keeps_the_energy_exact_across_an_exchange(network: Any, now: datetime) -> None:
    """The last point's new meter came at the day's begin: its registers go on where the old one ended."""
    old_end = network.registers([0, 0, 90_000], meter=network.old_meter).take(np.array([2]))
    accept_readings(network.batch(registers=old_end), by=SYSTEM, at=now)
    accept(network, now, network.curves(7, missing=range(90, 96)), [100, 200, 5], [772, 872, 705])
    day_before = DAY - timedelta(days=1)
    start = network.registers([0, 0, 89_328], at=MIDNIGHT - timedelta(days=1)).take(np.array([2]))
    accept_readings(network.batch(registers=start), by=SYSTEM, at=now)
    whole = network.curves(7, day=day_before, missing=range(0, 6))
    accept_readings(network.batch(whole), by=SYSTEM, at=now)
    close(day_before, DAY, now)
    conn, ids = reading_connection(), np.array(network.points[2:])
    values = queries.curves(conn, ids, day_before, 2).values
    assert values.sum(axis=2).tolist() == [[672, 700]]
    assert not Finding.objects.filter(rule__in=("NEGATIVE", "ROLL_OVER")).exists()


def test_an_exchange_without_last_registers_anchors_nothing_before_it(network: Any, now: datetime) -> None:
    day_before = DAY - timedelta(days=1)
    start = network.registers([0, 0, 89_328], at=MIDNIGHT - timedelta(days=1)).take(np.array([2]))
    accept_readings(network.batch(registers=start), by=SYSTEM, at=now)
    accept(network, now, network.curves(7), [100, 200, 5], [772, 872, 677])
    close(day_before, DAY, now)
    assert not Finding.objects.filter(rule__in=("NEGATIVE", "ROLL_OVER", "SPIKE")).exists()


def test_days_without_a_meter_are_left_alone(network: Any, now: datetime) -> None:
    first = date(2025, 11, 29)
    run = close_days(first, first, by=SYSTEM, at=now)
    ledger.finish_run(run.pk, now)
    assert not Finding.objects.exists()
    close(first, date(2025, 12, 2), now + timedelta(hours=1))
    days = Finding.objects.order_by("day").values_list("day", flat=True)
    assert days[0] == date(2025, 12, 1)
    row = reading_connection().execute("SELECT min(day) FROM metering_curve").fetchone()
    assert row == (date(2025, 12, 1),)


def test_refuses_days_that_cannot_be_closed(network: Any, now: datetime) -> None:
    today = date(2027, 1, 4)
    with pytest.raises(DayNotOver):
        close_days(DAY, today, by=SYSTEM, at=now)
    with pytest.raises(DaysOutOfOrder):
        close_days(DAY, DAY - timedelta(days=1), by=SYSTEM, at=now)
    with pytest.raises(NotPermitted):
        close_days(DAY, DAY, by=Actor("person:1", "坐席", (Grant(Role.AGENT),)), at=now)


def test_a_spike_holds_the_bill_until_it_is_explained(network: Any, now: datetime) -> None:
    curves = network.curves(7)
    curves.values[0, 40] = 2_000
    accept(network, now, curves, [100, 200, 300], [2_765, 872, 972])
    close(DAY, DAY, now)
    conn, ids = reading_connection(), np.array(network.points)
    next_day = DAY + timedelta(days=1)
    assert queries.points_on_hold(conn, ids, DAY, next_day) == [network.points[0]]
    assert queries.points_on_hold(conn, ids, DAY, DAY) == []
    assert queries.closed_until(0) == DAY
    assert queries.closed_until(7) is None
    (spike,) = [found for found in queries.findings_open(SYSTEM) if found.rule == "SPIKE"]
    assert (spike.usage_point, spike.first_interval, spike.figure) == ("P0", 40, 20_000)
    elsewhere = Actor("person:2", "计量员", (Grant(Role.ENGINEER, frozenset({network.unit + 1})),))
    assert queries.findings_open(elsewhere) == []
    with pytest.raises(UnknownFinding):
        explain_finding(spike.finding_id, reason=Explanation.TRUE_USE, note="", by=elsewhere, at=now)
    held = Finding.objects.filter(usage_point_id=network.points[0], severity=3)
    for finding in held:
        explain_finding(finding.pk, reason=Explanation.TRUE_USE, note="welding", by=SYSTEM, at=now)
    assert queries.points_on_hold(conn, ids, DAY, next_day) == []
    with pytest.raises(AlreadyExplained):
        explain_finding(spike.finding_id, reason=Explanation.THEFT, note="", by=SYSTEM, at=now)


def test_closes_the_history_of_a_town_to_its_registers(database: str, now: datetime, tmp_path: Path) -> None:
    """After closing, every day's curve adds up to its registers, unless a rule says that they contradict."""
    town = Town(20, 12, date(2026, 12, 1), date(2026, 12, 31))
    write_town(town, tmp_path)
    register_network(registry_of(town), by=SYSTEM, at=now)
    for path in sorted(tmp_path.glob("*s-2026-12.csv")):
        import_file(path, by=SYSTEM, at=now)
    close(date(2026, 12, 1), date(2026, 12, 28), now)
    conn = reading_connection()
    found = queries.points(conn)
    block = queries.curves(conn, found.ids, date(2026, 12, 1), 28)
    assert not (block.quality == Quality.MISSING).any()
    midnights = [MIDNIGHT - timedelta(days=29 - n) for n in range(29)]
    totals = np.stack(
        [queries.register_values(conn, found.ids, [Register.TOTAL], at).digits[:, 0] for at in midnights],
        axis=1,
    )
    differs = np.argwhere(block.values.sum(axis=2) != np.diff(totals, axis=1))
    explained = {
        (point, day)
        for point, day in Finding.objects.exclude(rule="GAP").values_list("usage_point_id", "day")
    }
    for row, day in differs.tolist():
        assert (int(found.ids[row]), date(2026, 12, 1) + timedelta(days=day)) in explained


def everything() -> list[Any]:
    conn = reading_connection()
    rows = conn.execute("SELECT c::text FROM metering_curve c ORDER BY 1").fetchall()
    return rows + conn.execute("SELECT f::text FROM metering_finding f ORDER BY 1").fetchall()


def test_provisional_freezes_anchor_nothing(network: Any, now: datetime) -> None:
    accept_readings(network.batch(network.curves(7, missing=[3])), by=SYSTEM, at=now)
    for digits, at in (([100], MIDNIGHT), ([90_000], NEXT_MIDNIGHT)):
        readings = network.registers(digits, at=at)
        guessed = replace(readings, quality=np.array([Quality.PROVISIONAL], dtype=np.uint8))
        accept_readings(network.batch(registers=guessed), by=SYSTEM, at=now)
    close(DAY, DAY, now)
    assert block_of(network).values[0, 0].sum() < 1_000


def test_says_of_a_gap_how_it_was_filled_and_how_far_that_may_be_wrong(network: Any, now: datetime) -> None:
    accept(network, now, network.curves(7, missing=range(10, 20)), [100, 200, 300], [800, 875, 975])
    unread = network.curves(7, missing=range(40, 44), day=DAY - timedelta(days=1))
    accept_readings(network.batch(unread), by=SYSTEM, at=now)
    close(DAY - timedelta(days=1), DAY, now)
    first, second = network.points[:2]
    [by_registers] = estimates_of_day(first, DAY)
    assert (by_registers.first_interval, by_registers.latest_interval) == (10, 19)
    assert (by_registers.is_exact, by_registers.energy_wh) == (True, 980)
    assert (by_registers.low_wh, by_registers.high_wh) == (970, 990)
    [alone] = estimates_of_day(second, DAY - timedelta(days=1))
    assert (alone.method, alone.is_exact, alone.energy_wh) == (Quality.ESTIMATED_LINEAR, False, 280)
    assert alone.low_wh < 280 < alone.high_wh
    before = list(Estimate.objects.order_by("pk").values_list("pk"))
    close(DAY - timedelta(days=1), DAY, now + timedelta(hours=1))
    assert list(Estimate.objects.order_by("pk").values_list("pk")) == before
    accept_readings(network.batch(network.curves(7)), by=SYSTEM, at=now + timedelta(hours=2))
    close(DAY - timedelta(days=1), DAY, now + timedelta(hours=3))
    assert estimates_of_day(first, DAY) == []
    assert estimates_of_day(second, DAY - timedelta(days=1)) == [alone]
