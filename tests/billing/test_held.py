"""What the checks hold: each case planted once in one town, and everybody else's bill is issued."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest

from billing.desk import APPROVER, CLERK, fetch, held_checks, issue, receivables, rehearsed, rows_of_run
from mingdu.billing import operations, queries
from mingdu.core.bill_check import verify_bill
from mingdu.core.findings import Severity
from mingdu.core.quality import Quality
from mingdu.core.registers import Register
from mingdu.town.identity import account_number, meter_address, usage_point_code
from mingdu.work.queries import open_tasks, tasks_about
from small_town import FREEZES, Reading, SmallTown, freeze_readings, register_town, registry

pytestmark = pytest.mark.database

NOW = datetime(2027, 1, 4, 1, 0, tzinfo=UTC)
POINTS = 50
BEFORE, FIRST, END = FREEZES
TWO_PART, BY_PERIODS = "yunnan-two-part-10kv", "yunnan-one-part-tou"
# Points that the town itself leaves without a fault in these months, by what is planted there.
NO_END, NO_START, FELL, SUSPECT, ABOVE, GATE, AT_GATE, FINDING, TASK_ONLY, CLOSED = (
    2,
    4,
    5,
    7,
    8,
    9,
    11,
    13,
    15,
    19,
)
EXCHANGED, AT_MIDNIGHT, BEGAN, ENDED, NO_TARIFF, TOTALS, NO_CONTRACT, WHOLE, NO_CAPACITY, NO_DEMAND = (
    20, 23, 24, 26, 28, 31, 32, 33, 34, 35,
)  # fmt: skip
SHARED, SHARES = 38, 36
MISREAD = 42
BILLED = (AT_GATE, TASK_ONLY, CLOSED, AT_MIDNIGHT, WHOLE, MISREAD)
EXPECTED: dict[int, dict[str, Any]] = {
    NO_END: {"missing_reading": {"missing": 1}},
    NO_START: {"missing_reading": {"missing": 1}},
    FELL: {"register_fell": {"energy_wh": 999_999_990}},
    SUSPECT: {"suspect_reading": {"quality": Quality.SUSPECT}},
    ABOVE: {
        "above_capacity": {"energy_wh": 6_547_210, "most_wh": 6_547_200},
        "variance_gate": {"energy_wh": 6_547_210, "month_before_wh": 200_000},
    },
    GATE: {"variance_gate": {"energy_wh": 400_010, "month_before_wh": 200_000}},
    FINDING: {"open_finding": {}},
    EXCHANGED: {"meter_exchanged": {}},
    BEGAN: {"agreement_changed": {}},
    ENDED: {"agreement_ended": {}},
    NO_TARIFF: {"no_price": {"error": "UnknownTariff", "tariff": "no-such-tariff"}},
    TOTALS: {"total_against_periods": {}},
    NO_CONTRACT: {"agreement_incomplete": {"contract_w": 0, "capacity_va": 10_000}},
    NO_CAPACITY: {"agreement_incomplete": {"contract_w": 8_000, "capacity_va": 0}},
    NO_DEMAND: {"missing_reading": {"missing": 5}},
    SHARED: {"point_shared": {}},
    SHARES: {"point_shared": {}},
}
PLANTED = (*EXPECTED, *BILLED)
# The town's own: two exchanges and two roll-overs in December.
OF_THE_TOWN = {21: "meter_exchanged", 47: "meter_exchanged", 16: "register_fell", 45: "register_fell"}


@dataclass(frozen=True)
class Planted:
    """The town, its run, and what the run held by point number."""

    town: SmallTown
    run_id: int
    held: dict[int, dict[str, Any]]
    tasks_before: int


@pytest.fixture(scope="module")
def planted(module_database: str) -> Iterator[Planted]:
    town = register_town(POINTS, at=NOW, rows=altered_registry())
    for day in FREEZES:
        assert not town.store(altered(town, day), at=NOW).bad
    town.store([(SUSPECT, Register.TOTAL, END, 20_000)], at=NOW, quality=Quality.SUSPECT)
    plant_findings(town)
    run_id = rehearsed(NOW)
    numbers = {account_number(number): number for number in town.account_ids}
    held = {numbers[account]: checks for account, checks in held_checks(run_id).items()}
    tasks = len(open_tasks(CLERK, kind="held_account"))
    operations.approve_run(run_id, by=APPROVER, at=NOW)
    assert issue(run_id, NOW) == []
    yield Planted(town, run_id, held, tasks)


def altered_registry() -> dict[str, Any]:
    rows = deepcopy(registry(POINTS))
    agreements = {row["usage_point"]: row for row in rows["agreements"]}

    def agree(number: int, **terms: Any) -> None:
        agreements[usage_point_code(number)].update(terms)

    agree(BEGAN, valid_from="2026-12-10")
    agree(ENDED, valid_to="2026-12-20")
    agree(SHARES, usage_point=usage_point_code(SHARED))
    agree(NO_TARIFF, tariff="no-such-tariff")
    agree(TOTALS, tariff=BY_PERIODS)
    agree(NO_CONTRACT, tariff=TWO_PART, capacity_kva=10, contract_kw=None)
    agree(WHOLE, tariff=TWO_PART, capacity_kva=10, contract_kw=8)
    agree(NO_CAPACITY, tariff=TWO_PART, capacity_kva=None, contract_kw=8)
    agree(NO_DEMAND, tariff=TWO_PART, capacity_kva=10, contract_kw=8)
    for row in rows["usage_points"]:
        if row["usage_point"] == usage_point_code(ABOVE):
            row["capacity_w"] = 8_000
    exchange(rows, EXCHANGED, "2026-12-15T10:00:00+08:00")
    exchange(rows, AT_MIDNIGHT, "2027-01-01T00:00:00+08:00")
    return rows


def exchange(rows: dict[str, Any], number: int, at: str) -> None:
    """Take the meter down and hang a used one that shows more."""
    code, new = usage_point_code(number), f"2026{number + 7_000_000:08d}"
    (old,) = (row for row in rows["installations"] if row["usage_point"] == code)
    old |= {"to": at, "last_digits": {"TOTAL": 55_000}}
    rows["meters"].append({"meter": new, "address": new, "model": "demo-meter-645"})
    rows["installations"].append(
        {
            "usage_point": code, "meter": new, "multiplier": 1, "from": at, "to": None,
            "first_digits": {"TOTAL": 90_000}, "last_digits": None,
        }
    )  # fmt: skip
    (terminal,) = (row for row in rows["terminals"] if meter_address(number) in row["meters"])
    terminal["meters"].append(new)


def altered(town: SmallTown, day: date) -> list[Reading]:
    """The town's freezes, with the planted points' own figures."""
    own = planted_digits(day)
    theirs = [reading for reading in freeze_readings(town.town, day) if reading[0] not in PLANTED]
    return theirs + [
        (number, register, day, digits)
        for number, registers in own.items()
        for register, digits in registers.items()
    ]


def planted_digits(day: date) -> dict[int, dict[Register, int]]:
    """Everybody planted shows 100 kWh, 300 kWh after 200 of November, and 550 kWh after 250 of December."""
    usual = {BEFORE: 10_000, FIRST: 30_000, END: 55_000}[day]
    shown = {number: {Register.TOTAL: usual} for number in PLANTED}
    if day == END:
        for number, digits in (
            (FELL, 29_999), (ABOVE, 30_000 + 654_721), (GATE, 30_000 + 40_001), (AT_GATE, 30_000 + 40_000),
            (MISREAD, 30_000 + 31_600), (EXCHANGED, 95_000),
        ):  # fmt: skip
            shown[number][Register.TOTAL] = digits
        del shown[NO_END], shown[SUSPECT], shown[AT_MIDNIGHT]
    if day == FIRST:
        del shown[NO_START]
    for number in (TOTALS, NO_CONTRACT, WHOLE, NO_CAPACITY, NO_DEMAND):
        shown[number] |= periods(usual, beyond=4 if (number, day) == (TOTALS, END) else 0)
    for number in (NO_CONTRACT, WHOLE, NO_CAPACITY):
        shown[number] |= {Register.REACTIVE_FORWARD: usual // 2, Register.REACTIVE_REVERSE: 7}
        shown[number] |= {Register.DEMAND: 83_333}
    return shown


def periods(total: int, beyond: int) -> dict[Register, int]:
    peak, valley = total // 2, total // 5
    return {Register.PEAK: peak + beyond, Register.VALLEY: valley, Register.FLAT: total - peak - valley}


def plant_findings(town: SmallTown) -> None:
    from mingdu.metering.models import Finding, FindingClosure

    for number, severity in ((FINDING, Severity.HOLD), (TASK_ONLY, Severity.TASK), (CLOSED, Severity.HOLD)):
        finding = Finding.objects.create(
            rule="SPIKE", usage_point_id=town.point_ids[number], day=date(2026, 12, 9), first_interval=1,
            latest_interval=2, severity=severity, figure=9, threshold=3, found_at=NOW,
        )  # fmt: skip
        if number == CLOSED:
            FindingClosure.objects.create(finding=finding, reason="explained", by="person:7", at=NOW)


def test_holds_exactly_what_was_planted(planted: Planted) -> None:
    town = {number: set(checks) for number, checks in planted.held.items() if number in OF_THE_TOWN}
    assert town == {number: {check} for number, check in OF_THE_TOWN.items()}
    held = {number: checks for number, checks in planted.held.items() if number not in OF_THE_TOWN}
    assert held == EXPECTED


def test_issues_all_others_and_none_of_the_held(planted: Planted) -> None:
    billed = {row.account_id for row in rows_of_run(planted.run_id)}
    held = {planted.town.account_ids[number] for number in planted.held}
    assert billed | held == set(planted.town.account_ids.values())
    assert not billed & held
    assert set(receivables()) == billed
    view = queries.run_status(CLERK, planted.run_id)
    assert (view.bills, view.held, view.issued_bills) == (len(billed), len(held), len(billed))
    assert view.held_by_check["missing_reading"] == 3


@pytest.mark.parametrize("number", BILLED)
def test_bills_what_only_looks_like_a_hit(planted: Planted, number: int) -> None:
    (view,) = queries.issued_bills(planted.town.account_ids[number])
    assert verify_bill(queries.bill_json(CLERK, view.id, now=NOW)) == {"ok": True}


def test_a_rise_by_more_than_half_passes_the_gate(planted: Planted) -> None:
    (view,) = queries.issued_bills(planted.town.account_ids[MISREAD])
    assert view.energy_wh == 316_000
    assert 100 * view.energy_wh // 200_000 == 158


def test_a_meter_exchanged_at_midnight_is_billed_by_the_old_one(planted: Planted) -> None:
    (row,) = (
        row for row in rows_of_run(planted.run_id) if row.account_id == planted.town.account_ids[AT_MIDNIGHT]
    )
    assert (row.from_digits, row.to_digits) == ((30_000,), (55_000,))


def test_bills_one_factory_when_the_other_has_no_contract(planted: Planted) -> None:
    (view,) = queries.issued_bills(planted.town.account_ids[WHOLE])
    document = queries.bill_json(CLERK, view.id, now=NOW)
    assert document["determinants"]["billed_demand_kw"] == "8"
    assert {NO_CONTRACT, NO_CAPACITY} <= set(planted.held)


def test_gives_every_held_account_a_task_once_the_run_is_approved(planted: Planted) -> None:
    assert planted.tasks_before == 0
    tasks = {task.subject: task for task in open_tasks(CLERK, kind="held_account")}
    assert set(tasks) == {f"account:{account_number(number)}" for number in planted.held}
    task = tasks[f"account:{account_number(ABOVE)}"]
    assert (task.owner_role, task.details["run"], task.details["period"]) == (
        "clerk",
        planted.run_id,
        "2026-12",
    )
    assert task.details["checks"] == EXPECTED[ABOVE]
    assert task.due_at > NOW
    keys = [key for (key,) in fetch("SELECT key FROM work_task WHERE kind = 'held_account'")]
    assert f"held_account:{planted.run_id}:{planted.town.account_ids[ABOVE]}" in keys


def test_the_next_run_bills_what_is_mended_and_opens_no_second_task_for_the_rest(planted: Planted) -> None:
    planted.town.store([(NO_END, Register.TOTAL, END, 55_000)], at=NOW)
    run_id = rehearsed(NOW)
    assert [row.account_id for row in rows_of_run(run_id)] == [planted.town.account_ids[NO_END]]
    operations.approve_run(run_id, by=APPROVER, at=NOW)
    assert len(tasks_about(CLERK, f"account:{account_number(NO_END)}")) == 1
