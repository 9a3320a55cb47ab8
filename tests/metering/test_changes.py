"""What changed between two times, who changed it and why; values as they were known; edits of curves."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from metering.sealing import DAYS, READ_AT, SEALED_AT, close_month, midnight, month_of_readings, seal, unseal
from mingdu.base.actors import SYSTEM, Actor, Grant
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.core.registers import Channel, Register
from mingdu.metering.models import Evidence
from mingdu.metering.operations import accept_readings
from mingdu.metering.operations.edit import BadRegisterValue, RegisterEdit, edit_register
from mingdu.metering.operations.edit_curve import BadCurveValue, CurveEdit, NoSuchInterval, edit_curve
from mingdu.metering.queries.changes import ChangedValue, TimesOutOfOrder, changes_between
from mingdu.metering.queries.known import known_value
from mingdu.metering.readings import FutureReading, Intent, UnknownUsagePoint
from mingdu.metering.store.sealed_parts import sealed_folder

pytestmark = pytest.mark.database

ENGINEER = Actor("staff:7", "engineer", (Grant(Role.ENGINEER, None),))
HOUR = timedelta(hours=1)
DAY = DAYS[8]
EDIT = CurveEdit("P1", Channel.IMPORT, DAY, 10, ("1.23", "0"), "表前断电，按现场记录")


@pytest.fixture
def month(network: Any) -> Iterator[Any]:
    """The network with a closed month of readings; day 8 lacks its first three intervals."""
    month_of_readings(network)
    close_month(at=READ_AT + HOUR)
    yield network
    shutil.rmtree(sealed_folder(), ignore_errors=True)


def changes(since: datetime, until: datetime, code: str | None = None) -> list[ChangedValue]:
    return list(changes_between(SYSTEM, since, until, code))


def known(item: Channel | Register, at: datetime, known_at: datetime) -> tuple[str | None, str, int]:
    found = known_value(SYSTEM, "P1", item, at, known_at)
    return found.value, found.quality, found.version


def correct(network: Any, digits: int, at: datetime) -> None:
    batch = network.batch(registers=network.registers([digits], at=midnight(DAY)), intent=Intent.CORRECT)
    accept_readings(batch, by=SYSTEM, at=at)


@pytest.mark.parametrize("sealed", ["never", "before", "after", "both"])
def test_names_every_value_that_changed_hot_or_sealed(month: Any, sealed: str) -> None:
    if sealed in ("before", "both"):
        seal()
    at = SEALED_AT + HOUR
    assert edit_curve(EDIT, by=ENGINEER, at=at) == 2
    correct(month, 801, at + HOUR)
    if sealed in ("after", "both"):
        seal(at + 2 * HOUR)
    edited, corrected = changes(SEALED_AT, at + HOUR)
    assert (edited.usage_point, edited.item, edited.unit, edited.minutes) == ("P1", "IMPORT", "kWh", 15)
    assert (edited.at, edited.intervals, edited.recorded_at) == (midnight(DAY), (10, 11), at)
    assert (edited.old.version, edited.old.values, edited.old.quality) == (
        1,
        ("0.18", "0.19"),
        ("measured",) * 2,
    )
    assert (edited.new.version, edited.new.values, edited.new.quality) == (
        2,
        ("1.23", "0.00"),
        ("edited",) * 2,
    )
    assert (edited.by, edited.words, edited.source) == ("staff:7", "表前断电，按现场记录", "api")
    assert edited.evidence[0] == "desk"
    assert (corrected.usage_point, corrected.item, corrected.intervals) == ("P0", "TOTAL", ())
    assert (corrected.at, corrected.old.values, corrected.new.values) == (midnight(DAY), ("8.00",), ("8.01",))
    assert corrected.evidence == ("file", "a.csv")
    assert changes(SEALED_AT, at) == [edited]
    assert changes(at, at + HOUR) == [corrected]
    assert changes(SEALED_AT, at + HOUR, "P1") == [edited]
    assert changes(at + HOUR, at + 2 * HOUR) == []
    assert edited.as_json()["old"]["values"] == ("0.18", "0.19")


def test_what_comes_for_an_open_day_is_no_change_and_late_it_is(network: Any) -> None:
    month_of_readings(network, DAYS[:1])
    close_month(at=READ_AT + HOUR)
    assert changes(READ_AT - HOUR, READ_AT + HOUR) == []
    late = READ_AT + 2 * HOUR
    accept_readings(network.batch(network.curves(5, day=DAYS[3], missing=range(90))), by=SYSTEM, at=late)
    registers = network.registers([7], at=midnight(DAYS[3]))
    accept_readings(network.batch(registers=registers), by=SYSTEM, at=late)
    found = changes(READ_AT, late)
    assert [(each.item, each.old.version, each.new.values) for each in found] == [
        ("IMPORT", 0, ("0.05",) * 6), ("IMPORT", 0, ("0.05",) * 6), ("IMPORT", 0, ("0.05",) * 6),
        ("TOTAL", 0, ("0.07",)),
    ]  # fmt: skip
    assert (found[0].old.values, found[0].old.quality) == ((None,) * 6, ("missing",) * 6)
    hot = found
    seal()
    assert changes(READ_AT, late) == hot
    unseal(SEALED_AT + HOUR)
    assert changes(READ_AT, late) == hot


def test_a_day_that_came_in_another_interval_is_told_whole(network: Any) -> None:
    guessed = network.curves(4, day=DAYS[3])
    guessed = replace(guessed, quality=np.full_like(guessed.quality, 3)).take(np.array([0]))
    accept_readings(network.batch(guessed), by=SYSTEM, at=READ_AT)
    close_month(at=READ_AT)
    halves = replace(guessed, values=guessed.values[:, ::2], quality=guessed.quality[:, ::2] * 0)
    accept_readings(network.batch(halves), by=SYSTEM, at=READ_AT + HOUR)
    (found,) = changes(READ_AT, READ_AT + HOUR)
    assert (found.minutes, len(found.intervals), len(found.new.values), len(found.old.values)) == (
        30,
        48,
        48,
        96,
    )


def test_shows_only_what_the_asker_sees(month: Any) -> None:
    edit_curve(EDIT, by=ENGINEER, at=SEALED_AT)
    stranger = Actor("staff:9", "stranger", (Grant(Role.CLERK, frozenset({month.unit + 1})),))
    assert list(changes_between(stranger, READ_AT, SEALED_AT)) == []
    colleague = Actor("staff:8", "colleague", (Grant(Role.CLERK, frozenset({month.unit})),))
    assert len(list(changes_between(colleague, READ_AT, SEALED_AT))) == 1
    for code in ("P1", "P77"):
        with pytest.raises(UnknownUsagePoint):
            list(changes_between(stranger, READ_AT, SEALED_AT, code))
    with pytest.raises(NotPermitted):
        changes_between(Actor("staff:1", "nobody", ()), READ_AT, SEALED_AT)
    with pytest.raises(TimesOutOfOrder):
        changes_between(SYSTEM, SEALED_AT, READ_AT)


def test_values_are_told_as_they_were_known(month: Any) -> None:
    within = midnight(DAY) + timedelta(minutes=15 * 10 + 7)
    later = SEALED_AT + HOUR
    edit_curve(EDIT, by=ENGINEER, at=SEALED_AT)
    for _ in ("hot", "sealed"):
        assert known(Channel.IMPORT, within, READ_AT - HOUR) == (None, "missing", 0)
        assert known(Channel.IMPORT, within, READ_AT) == ("0.18", "measured", 1)
        assert known(Channel.IMPORT, within, later) == ("1.23", "edited", 2)
        assert known(Channel.IMPORT, midnight(DAY), later) == (None, "missing", 2)
        assert known(Register.TOTAL, midnight(DAY), later) == ("0.56", "measured", 1)
        assert known(Register.TOTAL, midnight(DAY) + HOUR, later) == (None, "missing", 0)
        if not sealed_folder().exists():
            seal(later)
    told = known_value(SYSTEM, "P1", Channel.IMPORT, within, later).as_json()
    assert (told["begin"], told["known_at"]) == ("2026-03-09T02:30:00+08:00", "2027-01-04T10:00:00+08:00")


def test_an_open_day_is_edited_in_place_and_the_audit_keeps_what_stood_there(network: Any) -> None:
    from mingdu.base.models import AuditEntry

    month_of_readings(network, [DAY])
    assert edit_curve(replace(EDIT, first=0), by=ENGINEER, at=READ_AT + HOUR) == 2
    assert known(Channel.IMPORT, midnight(DAY), READ_AT + HOUR) == ("1.23", "edited", 1)
    kept = AuditEntry.objects.get(verb="metering.correct_readings")
    assert (kept.by, kept.target, kept.details["old_digits"]) == ("staff:7", "usage_point:P1", [0, 1])
    assert (kept.details["digits"], kept.details["words"]) == ([123, 0], "表前断电，按现场记录")


def test_an_edit_of_a_register_keeps_old_value_and_words(month: Any) -> None:
    from mingdu.base.models import AuditEntry

    edit = RegisterEdit("P1", Register.TOTAL, midnight(DAY), "0.60", "抄错一位")
    assert edit_register(edit, by=ENGINEER, at=SEALED_AT)
    (found,) = changes(READ_AT + HOUR, SEALED_AT)
    assert (found.old.values, found.new.values, found.words) == (("0.56",), ("0.60",), "抄错一位")
    assert AuditEntry.objects.get(verb="metering.correct_readings").details["old_digits"] == 56
    new = replace(edit, read_at=midnight(DAY) + HOUR)
    assert edit_register(new, by=ENGINEER, at=SEALED_AT + HOUR)
    assert AuditEntry.objects.filter(details__old_digits=None).count() == 1
    with pytest.raises(BadRegisterValue):
        edit_register(replace(edit, value="-1"), by=ENGINEER, at=SEALED_AT)


def test_refuses_an_edit_that_cannot_be(month: Any) -> None:
    for values in (("1.234",), ("-",), ("1,5",), ("0x1",)):
        with pytest.raises(BadCurveValue):
            edit_curve(replace(EDIT, values=values), by=ENGINEER, at=SEALED_AT)
    for first, values in ((-1, ("1",)), (95, ("1", "1")), (0, ())):
        with pytest.raises(NoSuchInterval):
            edit_curve(replace(EDIT, first=first, values=values), by=ENGINEER, at=SEALED_AT)
    with pytest.raises(UnknownUsagePoint):
        edit_curve(replace(EDIT, usage_point="P77"), by=ENGINEER, at=SEALED_AT)
    with pytest.raises(FutureReading):
        edit_curve(EDIT, by=ENGINEER, at=READ_AT - timedelta(days=200))
    clerk = Actor("staff:2", "clerk", (Grant(Role.CLERK, None),))
    with pytest.raises(NotPermitted):
        edit_curve(EDIT, by=clerk, at=SEALED_AT)
    assert not Evidence.objects.filter(kind="desk").exists()
