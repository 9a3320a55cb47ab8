"""By when a case is answered: read from the rules, counted by working days or by the running clock."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mingdu.rulebook.calendars import working_calendar
from mingdu.rulebook.document import BadDocument
from mingdu.rulebook.promises import AREAS, NoPromise, case_promises

DAY = date(2027, 1, 4)
ZONE = ZoneInfo("Asia/Shanghai")
SAYS = "source: ours, verified: false"
AREA = f"areas: {{otherwise: rural, units: {{'0531': remote}}, {SAYS}}}"


def folder_with(tmp_path: Path, *versions: str, schema: str = "mingdu/case-promises/1") -> Path:
    (tmp_path / "promises").mkdir()
    text = f"schema: {schema}\nversions: [{', '.join(versions)}]\n"
    (tmp_path / "promises" / "cases.yaml").write_text(text)
    return tmp_path


def version(first: str, kinds: str, areas: str = AREA) -> str:
    return f"{{valid_from: {first}, {areas}, kinds: {{{kinds}}}}}"


@pytest.mark.parametrize(("area", "minutes"), [("urban", 45), ("rural", 90), ("remote", 120)])
def test_a_crew_is_promised_within_minutes_by_area_day_and_night(area: str, minutes: int) -> None:
    on_a_sunday_night = datetime(2027, 1, 3, 23, 40, tzinfo=ZONE)
    due = case_promises(DAY).of("repair_request").due_at(on_a_sunday_night, area, working_calendar())
    assert (due - on_a_sunday_night).total_seconds() == minutes * 60


@pytest.mark.parametrize("kind", ["bill_too_high", "reading_wrong", "enquiry"])
def test_an_answer_is_promised_within_five_working_days(kind: str) -> None:
    on_monday = datetime(2027, 1, 4, 9, 0, tzinfo=ZONE)
    due = case_promises(DAY).of(kind).due_at(on_monday, "urban", working_calendar())
    assert due.astimezone(ZONE) == datetime(2027, 1, 11, 18, 0, tzinfo=ZONE)


def test_the_latest_version_that_has_begun_holds(tmp_path: Path) -> None:
    folder = folder_with(
        tmp_path,
        version("2026-01-01", f"enquiry: {{answer_working_days: 5, {SAYS}}}"),
        version("2027-01-01", f"enquiry: {{answer_working_days: 3, {SAYS}}}"),
    )
    days = [
        case_promises(date(year, 12, 31), folder).of("enquiry").answer_working_days for year in (2026, 2027)
    ]
    assert days == [5, 3]
    with pytest.raises(NoPromise):
        case_promises(date(2025, 12, 31), folder)


def test_a_unit_lies_in_its_area_and_every_other_one_in_the_common_one(tmp_path: Path) -> None:
    minutes = f"repair_request: {{on_site_minutes: {{urban: 1, rural: 2, remote: 3}}, {SAYS}}}"
    promises = case_promises(DAY, folder_with(tmp_path, version("2026-01-01", minutes)))
    assert [promises.area(code) for code in ("0531", "0530")] == ["remote", "rural"]
    assert case_promises(DAY).area("0530") in AREAS


def test_refuses_a_kind_that_nobody_promised_anything_for() -> None:
    with pytest.raises(NoPromise) as refusal:
        case_promises(DAY).of("dance")
    assert refusal.value.values == {"kind": "dance"}


@pytest.mark.parametrize(
    "kinds",
    [
        f"enquiry: {{{SAYS}}}",
        f"enquiry: {{answer_working_days: 5, on_site_minutes: {{urban: 1, rural: 2, remote: 3}}, {SAYS}}}",
        f"enquiry: {{on_site_minutes: {{urban: 1}}, {SAYS}}}",
        f"enquiry: {{answer_hours: 5, {SAYS}}}",
        "enquiry: {answer_working_days: 5, verified: true}",
        "enquiry: {answer_working_days: 5, source: ours}",
        f"enquiry: {{answer_working_days: five, {SAYS}}}",
    ],
)
def test_refuses_a_promise_that_is_none_two_or_without_a_source(tmp_path: Path, kinds: str) -> None:
    with pytest.raises(BadDocument):
        case_promises(DAY, folder_with(tmp_path, version("2026-01-01", kinds)))


def test_refuses_another_file_and_an_unknown_area(tmp_path: Path) -> None:
    elsewhere = version("2026-01-01", "", f"areas: {{otherwise: moon, units: {{}}, {SAYS}}}")
    with pytest.raises(BadDocument):
        case_promises(DAY, folder_with(tmp_path, elsewhere))
    (tmp_path / "other").mkdir()
    with pytest.raises(BadDocument):
        case_promises(DAY, folder_with(tmp_path / "other", schema="mingdu/task-limits/1"))
