"""What is past its time goes, in steps, and nothing that somebody still rests on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from metering.sealing import DAYS, READ_AT, SEALED_AT, close_month, month_of_readings, seal
from mingdu.base.actors import SYSTEM, Actor, Grant
from mingdu.base.database import reading_connection
from mingdu.base.models import AuditEntry
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.core.registers import Channel
from mingdu.metering.models import Finding, FindingClosure, InboxFrame, SealedPart, Terminal
from mingdu.metering.operations import accept_readings
from mingdu.metering.operations.retention import Past, let_go, past_its_time, register_hold
from mingdu.metering.store.sealed_parts import sealed_folder

pytestmark = pytest.mark.database

# Two whole years and a month after the month, then five.
AFTER_TWO_YEARS = datetime(2028, 4, 2, tzinfo=UTC)
AFTER_FIVE_YEARS = datetime(2031, 4, 2, tzinfo=UTC)
NOTHING = Past(0, 0, {}, 0)
VOLTAGES = {"VOLTAGE_A": 3 * 31}


@dataclass
class Above:
    """A subject above that rests on some points; None: it cannot tell on which."""

    points: frozenset[int] | None = frozenset()

    def holds(self) -> frozenset[int] | None:
        return self.points


ABOVE = Above()


@pytest.fixture(autouse=True)
def above() -> Iterator[Above]:
    """The subject above rests on nothing until a test says so; sealed files are the test's own."""
    register_hold(ABOVE.holds)
    register_hold(ABOVE.holds)
    yield ABOVE
    ABOVE.points = frozenset()
    shutil.rmtree(sealed_folder(), ignore_errors=True)


@pytest.fixture
def month(network: Any) -> Any:
    """A closed month of energy, registers and one voltage."""
    month_of_readings(network)
    for day in DAYS:
        voltage = replace(network.curves(2300, day=day), channel=np.full(3, int(Channel.VOLTAGE_A)))
        accept_readings(network.batch(voltage), by=SYSTEM, at=READ_AT)
    close_month()
    return network


def rows(table: str) -> int:
    row = reading_connection().execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])


def finding(point: int, at: datetime = READ_AT) -> Finding:
    return Finding.objects.create(
        rule="GAP", usage_point_id=point, day=DAYS[3], first_interval=0, latest_interval=1, severity=1,
        figure=2, threshold=1, found_at=at,
    )  # fmt: skip


def test_curves_go_by_channel_and_registers_after_five_years(month: Any) -> None:
    assert past_its_time(by=SYSTEM, at=AFTER_TWO_YEARS - timedelta(days=3)) == NOTHING
    expected = Past(0, 0, VOLTAGES, 0)
    assert past_its_time(by=SYSTEM, at=AFTER_TWO_YEARS) == expected
    assert let_go(by=SYSTEM, at=AFTER_TWO_YEARS) == expected
    assert let_go(by=SYSTEM, at=AFTER_TWO_YEARS) == NOTHING
    assert rows("metering_curve") == 3 * 31
    told = AuditEntry.objects.get(target="retention")
    assert (told.by, told.details["curves"], told.details["registers"]) == ("system", VOLTAGES, 0)
    gone = let_go(by=SYSTEM, at=AFTER_FIVE_YEARS)
    assert (gone.registers, gone.curves) == (3 * 31, {"IMPORT": 3 * 31})
    assert (rows("metering_curve"), rows("metering_registerreading")) == (0, 0)


def test_what_an_open_finding_rests_on_stays(month: Any) -> None:
    found = finding(month.points[1])
    assert let_go(by=SYSTEM, at=AFTER_FIVE_YEARS).registers == 2 * 31
    assert rows("metering_registerreading") == 31
    FindingClosure.objects.create(finding=found, reason="true_use", by="system", at=AFTER_FIVE_YEARS)
    assert let_go(by=SYSTEM, at=AFTER_FIVE_YEARS).registers == 31


def test_what_a_subject_above_holds_stays(month: Any, above: Above) -> None:
    above.points = frozenset(month.points[1:])
    assert let_go(by=SYSTEM, at=AFTER_FIVE_YEARS).registers == 31
    above.points = None
    assert let_go(by=SYSTEM, at=AFTER_FIVE_YEARS) == NOTHING
    assert past_its_time(by=SYSTEM, at=AFTER_FIVE_YEARS) == NOTHING


def test_goes_step_by_step(month: Any) -> None:
    assert [let_go(by=SYSTEM, at=AFTER_TWO_YEARS, most=50).curves for _ in range(3)] == [
        {"VOLTAGE_A": 50},
        {"VOLTAGE_A": 43},
        {},
    ]


def test_a_sealed_channel_goes_by_a_new_seal_with_its_late_versions(month: Any) -> None:
    seal()
    late = replace(month.curves(2310, day=DAYS[0]), channel=np.full(3, int(Channel.VOLTAGE_A)))
    accept_readings(month.batch(late), by=SYSTEM, at=SEALED_AT)
    assert rows("metering_curve") == 0, "a conflict makes no version"
    kept = finding(month.points[0])
    assert let_go(by=SYSTEM, at=AFTER_TWO_YEARS) == NOTHING
    kept.delete()
    expected = Past(0, 0, {}, 3 * 31)
    assert past_its_time(by=SYSTEM, at=AFTER_TWO_YEARS) == expected
    assert let_go(by=SYSTEM, at=AFTER_TWO_YEARS) == expected
    curves = SealedPart.objects.filter(part="curves").order_by("seal_number")
    assert [(row.seal_number, row.end, row.rows) for row in curves] == [(1, "replaced", 186), (2, "", 93)]
    assert let_go(by=SYSTEM, at=AFTER_FIVE_YEARS).sealed == 2 * 93
    assert not SealedPart.objects.filter(ended_at__isnull=True).exists()
    assert set(SealedPart.objects.values_list("end", flat=True)) == {"replaced", "expired"}


def test_late_rows_of_a_sealed_month_never_go_before_its_file(month: Any) -> None:
    seal()
    accept_readings(month.batch(month.curves(np.arange(96) + 1, day=DAYS[1])), by=SYSTEM, at=SEALED_AT)
    held_point = finding(month.points[0])
    assert rows("metering_curve") == 3
    assert let_go(by=SYSTEM, at=AFTER_FIVE_YEARS) == NOTHING
    assert rows("metering_curve") == 3
    held_point.delete()
    let_go(by=SYSTEM, at=AFTER_FIVE_YEARS)
    assert rows("metering_curve") == 0


def test_frames_go_after_ninety_days_when_they_have_been_read(network: Any, now: datetime) -> None:
    terminal = Terminal.objects.create(terminal_address="T1", profile="x", unit_id=network.unit)
    old = {"received_at": now - timedelta(days=91), "terminal": terminal, "raw": b"68"}
    for address, read in (("202400000000", now), ("202400000001", now), ("202400000000", None)):
        InboxFrame.objects.create(meter_address=address, ingested_at=read, **old)
    InboxFrame.objects.create(
        meter_address="202400000000", ingested_at=now, **old | {"received_at": now - timedelta(days=89)}
    )
    finding(network.points[1])
    assert past_its_time(by=SYSTEM, at=now).frames == 1
    assert let_go(by=SYSTEM, at=now).frames == 1
    assert InboxFrame.objects.count() == 3


def test_only_who_may_lets_things_go(network: Any, now: datetime) -> None:
    clerk = Actor("staff:2", "clerk", (Grant(Role.CLERK, None),))
    for act in (let_go, past_its_time):
        with pytest.raises(NotPermitted):
            act(by=clerk, at=now)
