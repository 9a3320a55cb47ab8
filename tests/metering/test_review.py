"""Findings at the desk: beside what is usual, explained together, taken back; values entered by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.test import override_settings

from acting import NOBODY, staff
from listening import heard, listening
from mingdu.base.actors import SYSTEM
from mingdu.base.models import AuditEntry
from mingdu.base.outbox import deliver_all
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.core.quality import Quality
from mingdu.core.registers import Register
from mingdu.metering.events import FindingReopened, ReadingsCorrected
from mingdu.metering.models import Evidence, Finding, FindingClosure
from mingdu.metering.operations import Explanation, UnknownFinding, accept_readings, explain_finding, withdraw
from mingdu.metering.operations.edit import BadRegisterValue, RegisterEdit, digits_typed, edit_register
from mingdu.metering.operations.together import explain_together
from mingdu.metering.operations.withdraw import ExplanationInUse, NothingToWithdraw, withdraw_explanations
from mingdu.metering.queries.review import (
    DayEnergy,
    ReviewFilter,
    areas_seen,
    day_energies,
    finding_of,
    findings_named,
    findings_of_point,
    findings_to_review,
)
from mingdu.metering.readings import FutureReading, UnknownUsagePoint

pytestmark = pytest.mark.database

DAY = date(2026, 12, 30)
MIDNIGHT = datetime.fromisoformat("2026-12-30T00:00:00+08:00")


def find(point: int, *, rule: str = "SPIKE", day: date = DAY, severity: int = 3) -> int:
    finding = Finding.objects.create(
        usage_point_id=point, rule=rule, day=day, first_interval=0, latest_interval=95, severity=severity,
        figure=1, threshold=0, found_at=MIDNIGHT,
    )  # fmt: skip
    return int(finding.pk)


def explain(finding: int, now: datetime) -> FindingClosure:
    return explain_finding(finding, reason=Explanation.TRUE_USE, note="welding", by=SYSTEM, at=now)


def test_lists_open_findings_of_ones_units_what_holds_a_bill_first(network: Any, now: datetime) -> None:
    home, flat, _ = network.points
    notice, hold = find(home, rule="GAP", severity=1), find(flat, day=DAY - timedelta(days=9))
    explained = find(home)
    explain(explained, now)
    engineer = staff(Role.ENGINEER, units={network.unit})
    assert [row.pk for row in findings_to_review(engineer, ReviewFilter())] == [hold, notice]
    assert [row.pk for row in findings_to_review(engineer, ReviewFilter("GAP", DAY, "A1", "P0"))] == [notice]
    assert not findings_to_review(engineer, ReviewFilter(area="A2"))
    assert [row.pk for row in findings_named(engineer, [notice, explained])] == [notice]
    assert {row.pk: row.reason for row in findings_of_point(engineer, home)} == {
        notice: None,
        explained: "true_use",
    }
    assert areas_seen(engineer) == areas_seen(SYSTEM) == [("A1", "青柳路台区")]
    row = finding_of(engineer, hold)
    assert row is not None and (row.code, row.meter_number) == ("P1", "202400000001")


def test_shows_nothing_of_foreign_units(network: Any) -> None:
    number = find(network.points[0])
    elsewhere = staff(Role.ENGINEER, units={network.unit + 1})
    assert not findings_to_review(elsewhere, ReviewFilter()) and areas_seen(elsewhere) == []
    assert finding_of(elsewhere, number) is None
    with pytest.raises(NotPermitted):
        findings_to_review(NOBODY, ReviewFilter())


def test_the_usual_day_is_the_mean_of_the_stored_days_before(network: Any, now: datetime) -> None:
    for before, digits in ((1, 10), (2, 20), (8, 1_000)):
        curves = network.curves(digits, day=DAY - timedelta(days=before))
        accept_readings(network.batch(curves), by=SYSTEM, at=now)
    accept_readings(network.batch(network.curves(30, missing=range(48))), by=SYSTEM, at=now)
    home, flat, _ = network.points
    known, before, none = day_energies(
        [(home, DAY), (flat, DAY - timedelta(days=1)), (home, date(2026, 5, 1))]
    )
    assert known == DayEnergy(30 * 48 * 10, 15 * 96 * 10) and known.deviation_percent == 0
    assert before == DayEnergy(9_600, (20 + 1_000) * 96 * 10 // 2) and before.deviation_percent == -99
    assert none == DayEnergy(None, None) and none.deviation_percent is None
    assert day_energies([]) == []


def test_energies_have_the_multiplier_of_their_own_day(network: Any, now: datetime) -> None:
    from mingdu.metering.models import Installation

    accept_readings(network.batch(network.curves(1)), by=SYSTEM, at=now)
    home, exchanged = network.points[0], network.points[2]
    Installation.objects.filter(usage_point_id=exchanged, valid_to__isnull=True).update(multiplier=40)
    found = day_energies([(home, DAY), (exchanged, DAY)])
    assert [day.energy_wh for day in found] == [960, 960 * 40]


def test_says_nothing_of_a_day_before_the_meter_hung_or_of_another_length(
    network: Any, now: datetime
) -> None:
    from mingdu.metering.models import Installation

    accept_readings(network.batch(network.curves(1)), by=SYSTEM, at=now)
    home = network.points[0]
    with override_settings(TIME_ZONE="Europe/Berlin"):
        assert day_energies([(home, date(2026, 10, 25))]) == [DayEnergy(None, None)]
    Installation.objects.filter(usage_point_id=home).delete()
    assert day_energies([(home, DAY)]) == [DayEnergy(None, None)]


def test_explains_together_what_is_still_open(network: Any, now: datetime) -> None:
    home, flat, _ = network.points
    before, still, other = find(home), find(flat), find(flat, rule="GAP")
    explain(before, now)
    said = {"reason": Explanation.THEFT, "note": "seen", "by": SYSTEM, "at": now}
    assert explain_together([other, still, before, still], **said) == sorted([still, other])
    assert FindingClosure.objects.get(finding_id=before).reason == "true_use"
    assert FindingClosure.objects.get(finding_id=other).note == "seen"


def test_explains_all_or_none(network: Any, now: datetime) -> None:
    number = find(network.points[0])
    with pytest.raises(UnknownFinding):
        explain_together([number, 999_999], reason=Explanation.THEFT, note="", by=SYSTEM, at=now)
    assert not FindingClosure.objects.exists()
    with pytest.raises(NotPermitted):
        explain_together([number], reason=Explanation.THEFT, note="", by=staff(Role.AGENT), at=now)


def test_a_withdrawn_explanation_opens_the_finding_again_and_is_kept_in_the_audit(
    network: Any, now: datetime
) -> None:
    number = find(network.points[0])
    closure = explain(number, now).pk
    with listening(FindingReopened):
        withdraw_explanations([number], by=SYSTEM, at=now)
        deliver_all(now)
    [told] = heard(FindingReopened)
    assert (told["finding_id"], told["closure_id"], told["severity"]) == (number, closure, 3)
    assert [row.pk for row in findings_to_review(SYSTEM, ReviewFilter())] == [number]
    written = AuditEntry.objects.get(verb="metering.withdraw_explanation")
    assert written.details == {"reason": "true_use", "note": "welding", "by": "system"}
    explain(number, now)


def test_takes_back_all_or_none(network: Any, now: datetime) -> None:
    explained, still_open = find(network.points[0]), find(network.points[1])
    explain(explained, now)
    elsewhere = staff(Role.CLERK, units={network.unit + 1})
    for by, numbers, error in (
        (SYSTEM, [explained, still_open], NothingToWithdraw),
        (SYSTEM, [explained, 999_999], UnknownFinding),
        (elsewhere, [explained], UnknownFinding),
        (staff(Role.AGENT), [explained], NotPermitted),
    ):
        with pytest.raises(error):
            withdraw_explanations(numbers, by=by, at=now)
    assert FindingClosure.objects.filter(finding_id=explained).exists()


def test_takes_nothing_back_that_something_was_made_from(network: Any, now: datetime) -> None:
    number = find(network.points[0])
    explain(number, now)
    asked = []

    def is_used(usage_point_id: int, day: date) -> bool:
        asked.append((usage_point_id, day))
        return True

    withdraw.register_use(is_used)
    withdraw.register_use(is_used)
    try:
        with pytest.raises(ExplanationInUse):
            withdraw_explanations([number], by=SYSTEM, at=now)
    finally:
        withdraw._uses.remove(is_used)
    assert asked == [(network.points[0], DAY)] and is_used not in withdraw._uses
    assert FindingClosure.objects.filter(finding_id=number).exists()


def edit(value: str, **parts: Any) -> RegisterEdit:
    return RegisterEdit(**{
        "usage_point": "P0", "register": Register.TOTAL, "read_at": MIDNIGHT, "value": value, "words": "read",
    } | parts)  # fmt: skip


def test_an_entered_value_is_the_next_version_marked_as_edited(network: Any, now: datetime) -> None:
    from mingdu.base.database import reading_connection
    from mingdu.metering.queries import register_values

    accept_readings(network.batch(registers=network.registers([100])), by=SYSTEM, at=now)
    engineer = staff(Role.ENGINEER, units={network.unit})
    with listening(ReadingsCorrected):
        assert edit_register(edit("12.5"), by=engineer, at=now)
        deliver_all(now)
        assert len(heard(ReadingsCorrected)) == 1
    assert not edit_register(edit("12.50"), by=engineer, at=now)
    stands = register_values(reading_connection(), np.array(network.points[:1]), (Register.TOTAL,), MIDNIGHT)
    assert (stands.digits[0, 0], stands.quality[0, 0], stands.version[0, 0]) == (1_250, Quality.EDITED, 2)
    assert Evidence.objects.filter(kind="desk", by=engineer.id).exists()
    written = AuditEntry.objects.filter(verb="metering.correct_readings").latest("pk")
    assert (written.target, written.details["digits"]) == ("usage_point:P0", 1_250)


def test_refuses_values_that_nobody_can_have_read(network: Any, now: datetime) -> None:
    engineer = staff(Role.ENGINEER, units={network.unit})
    elsewhere = staff(Role.ENGINEER, units={network.unit + 1})
    for by, refused, error in (
        (engineer, edit("12.345"), BadRegisterValue),
        (engineer, edit("1", read_at=now + timedelta(days=30)), FutureReading),
        (elsewhere, edit("1"), UnknownUsagePoint),
        (staff(Role.CLERK), edit("1"), NotPermitted),
    ):
        with pytest.raises(error):
            edit_register(refused, by=by, at=now)
    assert not Evidence.objects.filter(kind="desk").exists()


@pytest.mark.parametrize(
    ("text", "register", "digits"),
    [("0", Register.TOTAL, 0), ("7.1", Register.PEAK, 710), ("1.2345", Register.DEMAND, 12_345)],
)
def test_reads_digits_as_typed(text: str, register: Register, digits: int) -> None:
    assert digits_typed(text, register) == digits


@pytest.mark.parametrize("text", ["", "-1", "1,5", "1.", "1e3", "1234567890", "1.234"])
def test_refuses_what_is_no_value(text: str) -> None:
    with pytest.raises(BadRegisterValue):
        digits_typed(text, Register.TOTAL)
