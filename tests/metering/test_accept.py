"""The one door of readings: once, whole, and nothing lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from mingdu.base import outbox
from mingdu.base.actors import SYSTEM, Actor, Grant
from mingdu.base.database import reading_connection
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.core.quality import Quality
from mingdu.core.registers import Register
from mingdu.metering import queries
from mingdu.metering.events import ReadingConflictFound, ReadingsAccepted, ReadingsCorrected
from mingdu.metering.models import DayClosing, ReadingConflict
from mingdu.metering.operations import accept_readings
from mingdu.metering.readings import Intent, Outcome, ReadingBatch

pytestmark = pytest.mark.database

DAY = date(2026, 12, 30)
MIDNIGHT = datetime(2026, 12, 29, 16, tzinfo=UTC)


def events_named(name: str) -> list[dict[str, Any]]:
    from mingdu.base.models import OutboxEvent

    rows = OutboxEvent.objects.filter(event=name, consumer="tests.metering").order_by("id")
    return list(rows.values_list("payload", flat=True))


@pytest.fixture(autouse=True)
def listening() -> None:
    """Somebody listens to every event, else none is written."""
    for event in (ReadingsAccepted, ReadingConflictFound, ReadingsCorrected):
        outbox.subscribe(event, "tests.metering", ignore)


def ignore(payload: dict[str, Any], at: datetime) -> None:
    """Take an event."""


def stored_curve(network: Any, row: int = 0) -> Any:
    ids = np.array(network.points)
    return queries.curves(reading_connection(), ids, DAY, 1).values[row, 0]


def stored_total(network: Any, at: datetime = MIDNIGHT) -> Any:
    return queries.register_values(reading_connection(), np.array(network.points), [Register.TOTAL], at)


def test_stores_curves_and_registers_of_one_batch(network: Any, now: datetime) -> None:
    batch = network.batch(network.curves(np.arange(96)), network.registers([100, 200, 300]))
    acceptance = accept_readings(batch, by=SYSTEM, at=now)
    assert (acceptance.accepted, acceptance.same, acceptance.conflicts) == (3 * 96 + 3, 0, 0)
    assert acceptance.bad == ()
    assert stored_curve(network).tolist() == list(range(96))
    assert stored_total(network).digits.tolist() == [[100], [200], [300]]
    assert stored_total(network).meter_id[:, 0].tolist() == list(network.meters)
    assert events_named("ReadingsAccepted")[0]["accepted"] == 291


def test_changes_nothing_the_second_time(network: Any, now: datetime) -> None:
    batch = network.batch(network.curves(7, missing=[3]), network.registers([100, 200]))
    accept_readings(batch, by=SYSTEM, at=now)
    before = rows_of_bulk_tables()
    again = accept_readings(batch, by=SYSTEM, at=now + timedelta(hours=1))
    assert (again.accepted, again.same, again.conflicts) == (0, 3 * 95 + 2, 0)
    assert rows_of_bulk_tables() == before
    assert len(events_named("ReadingsAccepted")) == 1


def test_merges_parts_of_an_open_day_in_place(network: Any, now: datetime) -> None:
    accept_readings(network.batch(network.curves(7, missing=range(48, 96))), by=SYSTEM, at=now)
    acceptance = accept_readings(network.batch(network.curves(7, missing=range(0, 40))), by=SYSTEM, at=now)
    assert (acceptance.accepted, acceptance.same) == (3 * 48, 3 * 8)
    block = queries.curves(reading_connection(), np.array(network.points), DAY, 1)
    assert block.values.sum() == 3 * 96 * 7
    assert not block.quality.any()
    assert (block.version == 1).all()


def test_makes_the_next_version_of_a_closed_day(network: Any, now: datetime) -> None:
    accept_readings(network.batch(network.curves(7, missing=[5])), by=SYSTEM, at=now)
    DayClosing.objects.create(day=DAY, bucket=0, closed_at=now, closed_by="system")
    later = now + timedelta(hours=2)
    accept_readings(network.batch(network.curves(7)), by=SYSTEM, at=later)
    ids = np.array(network.points)
    known_now = queries.curves(reading_connection(), ids, DAY, 1)
    assert known_now.version[:, 0].tolist() == [2, 2, 2]
    assert known_now.values[0, 0, 5] == 7
    known_then = queries.curves(reading_connection(), ids, DAY, 1, known_at=now)
    assert known_then.version[:, 0].tolist() == [1, 1, 1]
    assert known_then.quality[0, 0, 5] == Quality.MISSING


def test_keeps_both_sides_of_a_conflict_and_tells(network: Any, now: datetime) -> None:
    accept_readings(network.batch(network.curves(7), network.registers([100])), by=SYSTEM, at=now)
    differing = network.curves(7)
    differing.values[1, 10:12] = 8
    batch = network.batch(differing, network.registers([101]))
    acceptance = accept_readings(batch, by=SYSTEM, at=now)
    assert (acceptance.accepted, acceptance.conflicts) == (0, 3)
    assert acceptance.register_outcomes.tolist() == [Outcome.CONFLICT]
    assert stored_curve(network, 1)[10] == 7
    kept = ReadingConflict.objects.order_by("item", "at").values_list("item", "kept_digits", "offered_digits")
    assert list(kept) == [("IMPORT", 7, 8), ("IMPORT", 7, 8), ("TOTAL", 100, 101)]
    told = {event["item"]: event for event in events_named("ReadingConflictFound")}
    assert (told["IMPORT"]["count"], told["IMPORT"]["day"]) == (2, "2026-12-30")
    assert told["IMPORT"]["first_at"] == "2026-12-30T02:30:00+08:00"
    assert told["TOTAL"]["unit_id"] == network.unit
    accept_readings(batch, by=SYSTEM, at=now)
    assert ReadingConflict.objects.count() == 3
    assert len(events_named("ReadingConflictFound")) == 2


def test_corrects_a_register_as_its_next_version(network: Any, now: datetime) -> None:
    accept_readings(network.batch(registers=network.registers([653_847])), by=SYSTEM, at=now)
    later = now + timedelta(days=1)
    batch = network.batch(registers=network.registers([635_847]), intent=Intent.CORRECT)
    assert accept_readings(batch, by=SYSTEM, at=later).accepted == 1
    found = stored_total(network)
    assert (found.digits[0, 0], found.version[0, 0]) == (635_847, 2)
    then = queries.registers_as_known(
        reading_connection(), np.array(network.points), [Register.TOTAL], MIDNIGHT, now
    )
    assert (then.digits[0, 0], then.version[0, 0]) == (653_847, 1)
    told = {"usage_point_id": network.points[0], "register": 0, "read_at": MIDNIGHT.isoformat()}
    assert events_named("ReadingsCorrected") == [told]
    assert ReadingConflict.objects.count() == 0
    assert accept_readings(batch, by=SYSTEM, at=later).same == 1


def test_corrects_intervals_of_a_curve(network: Any, now: datetime) -> None:
    accept_readings(network.batch(network.curves(7)), by=SYSTEM, at=now)
    batch = network.batch(network.curves(9, missing=range(1, 96)), intent=Intent.CORRECT)
    assert accept_readings(batch, by=SYSTEM, at=now).accepted == 3
    assert stored_curve(network)[:3].tolist() == [9, 7, 7]


def test_a_reading_replaces_a_provisional_register(network: Any, now: datetime) -> None:
    guess = replace(network.registers([90]), quality=np.array([Quality.PROVISIONAL], dtype=np.uint8))
    accept_readings(network.batch(registers=guess), by=SYSTEM, at=now)
    assert accept_readings(network.batch(registers=network.registers([100])), by=SYSTEM, at=now).accepted == 1
    found = stored_total(network)
    assert (found.digits[0, 0], found.version[0, 0], found.quality[0, 0]) == (100, 2, Quality.MEASURED)
    assert accept_readings(network.batch(registers=guess), by=SYSTEM, at=now).same == 1


def test_a_key_twice_in_one_batch_meets_itself(network: Any, now: datetime) -> None:
    one = network.registers([100])
    thrice = one.take(np.array([0, 0, 0]))
    thrice.digits[2] = 105
    outcomes = accept_readings(network.batch(registers=thrice), by=SYSTEM, at=now).register_outcomes
    assert outcomes.tolist() == [Outcome.ACCEPTED, Outcome.SAME, Outcome.CONFLICT]


def test_names_each_bad_row_and_takes_the_others(network: Any, now: datetime) -> None:
    rows = np.array([0, 0, 0, 0, 0, 0, 0, 0])
    curves = network.curves(7).take(rows)
    curves.usage_point_id[1] = 999
    curves.day[2] += 5
    curves.day[3] -= 5 * 365
    curves.values[4, 9] = 2**31
    curves.quality[5, 9] = 99
    curves.channel[6] = 77
    acceptance = accept_readings(network.batch(curves), by=SYSTEM, at=now)
    named = [(bad.part, bad.row, bad.error.name) for bad in acceptance.bad]
    assert named == [
        ("curve", 1, "UnknownUsagePoint"),
        ("curve", 2, "FutureReading"),
        ("curve", 3, "OutsideStorage"),
        ("curve", 4, "BadValue"),
        ("curve", 5, "BadValue"),
        ("curve", 6, "BadValue"),
    ]
    assert (acceptance.accepted, acceptance.same) == (96, 96)
    assert (acceptance.curve_outcomes[1] == Outcome.BAD).all()


def test_names_each_bad_register_and_takes_the_others(network: Any, now: datetime) -> None:
    readings = network.registers([100]).take(np.zeros(10, dtype=np.int64))
    readings.usage_point_id[1] = 999
    readings.read_at[2] += np.timedelta64(30, "D")
    readings.read_at[3] -= np.timedelta64(900, "D")
    readings.read_at[4] -= np.timedelta64(60, "D")
    readings.read_at[4] -= np.timedelta64(365, "D")
    readings.meter_id[5] = network.old_meter
    readings.digits[6] = 10**8
    readings.digits[7] = -1
    readings.register[8] = 99
    readings.quality[9] = Quality.MISSING
    acceptance = accept_readings(network.batch(registers=readings), by=SYSTEM, at=now)
    named = [(bad.row, bad.error.name) for bad in acceptance.bad]
    assert named == [
        (1, "UnknownUsagePoint"), (2, "FutureReading"), (3, "OutsideStorage"), (4, "NotInstalled"),
        (5, "NotInstalled"), (6, "BadValue"), (7, "BadValue"), (8, "BadValue"), (9, "BadValue"),
    ]  # fmt: skip
    assert acceptance.accepted == 1


def test_refuses_a_curve_of_another_length_than_its_day(network: Any, now: datetime) -> None:
    curves = network.curves(7)
    short = replace(curves, values=curves.values[:, :92], quality=curves.quality[:, :92])
    acceptance = accept_readings(network.batch(short), by=SYSTEM, at=now)
    assert {bad.error.name for bad in acceptance.bad} == {"WrongDayLength"}
    assert acceptance.bad[0].error.values == {"points": 92, "due": 96}


def test_takes_the_running_day_up_to_now(network: Any, now: datetime) -> None:
    today = date(2027, 1, 4)
    until_nine = accept_readings(
        network.batch(network.curves(7, day=today, missing=range(36, 96))), by=SYSTEM, at=now
    )
    assert (until_nine.accepted, until_nine.bad) == (3 * 36, ())
    too_far = accept_readings(
        network.batch(network.curves(7, day=today, missing=range(38, 96))), by=SYSTEM, at=now
    )
    assert [bad.error.name for bad in too_far.bad] == ["FutureReading"] * 3


def test_reads_both_meters_at_their_exchange(network: Any, now: datetime) -> None:
    """The last reading of the old meter and the first of the new one have one time."""
    final = network.registers([0, 0, 500], meter=network.old_meter).take(np.array([2]))
    first = network.registers([0, 0, 3]).take(np.array([2]))
    accept_readings(network.batch(registers=final), by=SYSTEM, at=now)
    assert accept_readings(network.batch(registers=first), by=SYSTEM, at=now).accepted == 1
    assert stored_total(network).digits[2, 0] == 3


def test_refuses_who_may_not_touch_readings(network: Any, now: datetime) -> None:
    cashier = Actor("person:1", "出纳", (Grant(Role.CASHIER),))
    clerk = Actor("person:2", "核算员", (Grant(Role.CLERK),))
    batch = network.batch(registers=network.registers([100]))
    with pytest.raises(NotPermitted):
        accept_readings(batch, by=cashier, at=now)
    with pytest.raises(NotPermitted):
        accept_readings(replace(batch, intent=Intent.CORRECT), by=clerk, at=now)


def test_answers_for_a_foreign_point_as_for_an_unknown_one(network: Any, now: datetime) -> None:
    elsewhere = Actor("person:3", "抄表员", (Grant(Role.READER, frozenset({network.unit + 1})),))
    acceptance = accept_readings(network.batch(registers=network.registers([100])), by=elsewhere, at=now)
    assert [bad.error.name for bad in acceptance.bad] == ["UnknownUsagePoint"]


def test_takes_an_empty_batch(network: Any, now: datetime) -> None:
    batch: ReadingBatch = network.batch()
    acceptance = accept_readings(batch, by=SYSTEM, at=now)
    assert (acceptance.accepted, acceptance.same, acceptance.conflicts, acceptance.bad) == (0, 0, 0, ())


def rows_of_bulk_tables() -> list[Any]:
    conn = reading_connection()
    curves = conn.execute("SELECT c::text FROM metering_curve c ORDER BY 1").fetchall()
    return curves + conn.execute("SELECT r::text FROM metering_registerreading r ORDER BY 1").fetchall()
