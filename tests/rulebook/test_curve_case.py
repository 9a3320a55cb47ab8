"""Bills by the curve: `quantity_from: curve` in the tariff, sums of intervals in the case."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from mingdu.core.bill_check import verify_bill
from mingdu.rulebook.bill_case import make_bill
from mingdu.rulebook.case_readings import ReadingNotUsable
from mingdu.rulebook.document import BadDocument, read_yaml_file
from tables import GOLDEN

# 100.001 kWh at peak, 50.5 flat, 20.25 at night: 0.30 × 1.5, 0.30, 0.15 yuan; 0.05 on all.
WORKED = {
    "energy.PEAK": "45.00",
    "energy.FLAT": "15.15",
    "energy.VALLEY": "3.04",
    "grid": "8.54",
}


def case() -> dict[str, Any]:
    loaded: dict[str, Any] = read_yaml_file(GOLDEN / "cases" / "curve_december.yaml").value
    return deepcopy(loaded)


def test_bills_the_worked_month_by_its_curve() -> None:
    bill = make_bill(case())
    assert {line["id"]: line["amount"] for line in bill["lines"]} == WORKED
    assert (bill["total"], bill["determinants"]) == ("71.73", {"energy_kwh": "170.751"})
    assert bill["checks"] == [{"check": "estimated_curve"}]
    assert verify_bill(bill) == {"ok": True}


def test_verify_finds_a_changed_sum_of_the_curve() -> None:
    bill = make_bill(case())
    bill["input"]["curve"]["energy"]["FLAT"] = "50.6"
    bill["input"]["curve"]["energy"]["TOTAL"] = "170.851"
    answer = verify_bill(bill)
    assert (answer["ok"], answer["line"], answer["computed"]) == (False, "energy.FLAT", "15.18")


def test_a_measured_curve_has_no_remark() -> None:
    measured = case()
    measured["curve"]["quality"] = "measured"
    assert make_bill(measured)["checks"] == []


def test_a_tariff_of_night_and_day_alone_is_verified() -> None:
    two = case()
    two["tariff"]["time_of_use"] = {
        "ratio": {"PEAK": "1", "VALLEY": "0.5"},
        "periods": [{"register": "PEAK", "hours": "7-24"}, {"register": "VALLEY", "hours": "0-7"}],
    }
    two["curve"]["energy"] = {"TOTAL": "30.5", "PEAK": "20.25", "VALLEY": "10.25"}
    bill = make_bill(two)
    assert verify_bill(bill) == {"ok": True}
    assert bill["total"] == "9.15"


@pytest.mark.parametrize("quality", ["missing", "suspect"])
def test_refuses_a_curve_with_intervals_that_nobody_may_bill(quality: str) -> None:
    holed = case()
    holed["curve"]["quality"] = quality
    with pytest.raises(ReadingNotUsable):
        make_bill(holed)


def test_a_curve_stands_only_where_the_tariff_says_so() -> None:
    without = case()
    del without["curve"]
    by_registers = case()
    by_registers["tariff"]["quantity_from"] = "registers"
    twice = case() | {"readings": [{"register": "PEAK", "from": "1", "to": "2"}]}
    for wrong in (without, by_registers, twice):
        with pytest.raises(BadDocument):
            make_bill(wrong)


@pytest.mark.parametrize(
    "change",
    [
        {"quantity_from": "guesses"},
        {"time_of_use": {"ratio": {"PEAK": "1.5", "FLAT": "1", "VALLEY": "0.5"}}},
        {"power_factor": {"standard": "0.90"}},
        {"kind": "two_part", "basic": {"by": "capacity", "price_kva": "30"}},
    ],
)
def test_refuses_what_a_curve_does_not_tell(change: dict[str, Any]) -> None:
    wrong = case()
    wrong["tariff"] |= change
    with pytest.raises(BadDocument):
        make_bill(wrong)
