"""Bills from cases: worked bills to the fen, readings, refusals."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mingdu.core.bill import explain_bill
from mingdu.core.bill_check import verify_bill
from mingdu.core.determinants import MissingDeterminant, NegativeEnergy
from mingdu.errors import TradeError
from mingdu.rulebook.bill_case import CorrectionNotApproved, make_bill
from mingdu.rulebook.case_readings import (
    ReadingNotUsable,
    ReadingTooLong,
    RegisterRanBackwards,
    TotalNotSumOfPeriods,
)
from mingdu.rulebook.document import BadDocument, BadUnit, read_yaml_file
from tables import GOLDEN, worked_cases

RESIDENTIAL = worked_cases("residential_bills")
TWO_PART = worked_cases("two_part_bills")
EXAMPLE_LINES = {
    "purchase.PEAK": "22500.00",
    "purchase.FLAT": "12911.50",
    "purchase.VALLEY": "5000.00",
    "line_loss": "1678.62",
    "transmission": "18895.09",
    "system_fee": "4549.38",
    "levy": "9686.39",
    "demand": "29516.00",
    "power_factor": "-142.58",
    "correction.c1": "-120.00",
}


def load(name: str) -> dict[str, Any]:
    case: dict[str, Any] = read_yaml_file(GOLDEN / "cases" / f"{name}.yaml").value
    return case


def amounts(bill: dict[str, Any]) -> dict[str, str]:
    return {line["id"]: line["amount"] for line in bill["lines"]}


def checked(case: dict[str, Any]) -> dict[str, Any]:
    """Make a bill and let the plain twin agree with it."""
    bill = make_bill(case)
    assert verify_bill(bill) == {"ok": True}
    return bill


def residential(energy_kwh: str = "310", **parts: Any) -> dict[str, Any]:
    case = load("residential_december") | {"readings": None, "determinants": {"TOTAL": energy_kwh}}
    return case | parts


def reading(start: str, end: str, **parts: Any) -> dict[str, Any]:
    return {"register": "TOTAL", "from": start, "to": end} | parts


def test_makes_the_contract_example_to_the_fen() -> None:
    bill = checked(load("two_part_contract_example"))
    assert amounts(bill) == EXAMPLE_LINES
    assert bill["total"] == "104474.40"
    assert bill["determinants"] == {
        "energy_kwh": "150000",
        "transformer_loss_kwh": "1646",
        "transformer_loss_kvarh": "9105",
        "reactive_kvarh": "70105",
        "power_factor": "0.91",
        "billed_demand_kw": "785",
    }
    assert bill["checks"] == []
    line = bill["lines"][0]
    assert (line["quantity"], line["unit"], line["price"], line["readings"]) == (
        "60000",
        "kWh",
        "0.375",
        ["PEAK"],
    )
    factor = bill["lines"][8]
    assert (factor["base"], factor["rate"]) == ("95050.59", "-0.0015")
    assert bill["lines"][7]["quantity"] == "785"


@pytest.mark.parametrize(
    "row", RESIDENTIAL, ids=[f"{row['from']} {row['energy_kwh']}" for row in RESIDENTIAL]
)
def test_makes_the_worked_residential_bill(row: dict[str, str]) -> None:
    bill = checked(residential(row["energy_kwh"], period={"from": row["from"], "to": row["to"]}))
    assert amounts(bill) == dict(line.split("=") for line in row["lines"].split())
    assert bill["total"] == row["total"]
    assert [share["amount"] for share in bill["included"]] == [row["levy_inside"]]


@pytest.mark.parametrize("row", TWO_PART, ids=[row["source"] for row in TWO_PART])
def test_makes_the_worked_two_part_bill(row: dict[str, str]) -> None:
    case = load("two_part_contract_example")
    del case["losses"], case["readings"], case["corrections"]
    case["account"]["capacity_kva"] = row["capacity_kva"]
    case["tariff"]["basic"]["contract_kw"] = row["contract_kw"]
    energy = {"PEAK": row["peak_kwh"], "FLAT": row["flat_kwh"], "VALLEY": row["valley_kwh"]}
    case["determinants"] = energy | {"reactive_forward": row["reactive_kvarh"], "demand_kw": row["demand_kw"]}
    bill = checked(case)
    by_id = {line["id"]: line for line in bill["lines"]}
    assert bill["determinants"]["billed_demand_kw"] == row["billed_demand_kw"]
    assert by_id["demand"]["amount"] == row["demand_amount"]
    assert bill["determinants"].get("power_factor", "") == row["power_factor"]
    assert by_id.get("power_factor", {}).get("rate", "") == row["rate"]
    assert by_id.get("power_factor", {}).get("amount", "") == row["power_factor_amount"]
    assert bill["total"] == row["total"]


def test_makes_the_bill_of_a_shop_with_flat_from_the_total() -> None:
    bill = checked(load("shop_december"))
    assert amounts(bill) == {
        "purchase.PEAK": "150.00",
        "purchase.FLAT": "75.00",
        "purchase.VALLEY": "25.00",
        "line_loss": "9.96",
        "transmission": "145.80",
        "system_fee": "27.00",
        "levy": "57.49",
    }
    assert bill["total"] == "490.25"
    assert bill["checks"] == [
        {"check": "estimated_reading", "register": "VALLEY"},
        {"check": "flat_from_total", "read_wh": 299990, "billed_wh": 300000},
    ]


def test_marks_prices_that_no_source_gives() -> None:
    bill = make_bill(load("shop_december"))
    marked = {line["id"] for line in bill["lines"] if line.get("note") == "演示价"}
    assert marked == {"purchase.PEAK", "purchase.FLAT", "purchase.VALLEY", "line_loss", "system_fee"}
    proven = {line["id"] for line in bill["lines"] if line["verified"]}
    assert proven == {"transmission", "levy"}


def test_names_clause_and_source_on_every_line() -> None:
    for name in ("two_part_contract_example", "residential_december", "shop_december"):
        bill = make_bill(load(name))
        assert all(line["clause"] and line["source"] for line in bill["lines"])


def test_explains_the_calculation_line_by_line() -> None:
    words = explain_bill(make_bill(load("two_part_contract_example")))
    assert words[0] == "account 0530100201, 2026-12-01 to 2027-01-01 (end excluded)"
    assert any(word.startswith("power_factor: 95050.59 × -0.0015 = -142.58") for word in words)
    assert any(word.startswith("correction.c1: as decided = -120.00") for word in words)
    assert words[-1] == "total = sum of 10 rounded lines = 104474.40 CNY"
    home = explain_bill(make_bill(load("residential_december")))
    assert home[-1].startswith("inside the price, not added: levy: 310 kWh × 0.026375 = 8.18")
    assert any("演示价" in word for word in explain_bill(make_bill(load("shop_december"))))


def test_gives_the_same_hash_to_the_same_rules_only() -> None:
    one, other = make_bill(residential("1")), make_bill(residential("2"))
    assert one["rules_hash"] == other["rules_hash"]
    assert one["rules_hash"].startswith("sha256:")
    may = make_bill(residential("1", period={"from": "2026-05-01", "to": "2026-06-01"}))
    assert may["rules_hash"] != one["rules_hash"]


@pytest.mark.parametrize(
    ("start", "end", "parts", "energy"),
    [
        ("999990.00", "10.00", {}, "20"),
        ("99990.00", "10.00", {"digits": 5}, "20"),
        ("9999.99", "0.00", {"digits": 4, "multiplier": 100}, "1"),
        ("100.00", "100.00", {}, "0"),
        ("0", "12", {"multiplier": 3000}, "36000"),
    ],
)
def test_takes_energy_from_two_readings(start: str, end: str, parts: dict[str, Any], energy: str) -> None:
    case = residential(determinants=None, readings=[reading(start, end, **parts)])
    bill = checked(case)
    assert bill["determinants"]["energy_kwh"] == energy
    rolled = [check["check"] for check in bill["checks"]]
    assert rolled == (["register_rolled_over"] if Decimal(end) < Decimal(start) else [])


def test_lets_a_given_quantity_take_the_place_of_a_reading() -> None:
    case = residential("310", readings=[reading("0.00", "5.00")])
    assert checked(case)["total"] == "161.50"


def test_reads_demand_and_reactive_registers() -> None:
    case = load("two_part_contract_example")
    case["determinants"] = {"FLAT": "50000", "VALLEY": "40000"}
    case["readings"] += [
        {"register": "DEMAND", "to": "0.7600", "multiplier": 1000},
        {"register": "REACTIVE_FORWARD", "from": "0.00", "to": "60.00", "multiplier": 1000},
        {"register": "REACTIVE_REVERSE", "from": "5.00", "to": "6.00", "multiplier": 1000},
    ]
    assert checked(case)["total"] == "104474.40"
    case["readings"][1]["to"] = "0.73505"
    with pytest.raises(BadUnit):
        make_bill(case)
    case["readings"][1] |= {"to": "0.7351", "multiplier": 1}
    assert checked(case)["determinants"]["billed_demand_kw"] == "700"


@pytest.mark.parametrize(
    ("losses", "quantities"),
    [
        ({"line_pct": "3", "joins": "VALLEY"}, {"FLAT": "50000", "VALLEY": "44500", "loss": "4500"}),
        ({"line_pct": "3"}, {"FLAT": "54500", "VALLEY": "40000", "loss": "4500"}),
        ({"line_pct": "3", "joins": "SPREAD"}, {"FLAT": "51500", "VALLEY": "41200", "loss": "4500"}),
    ],
)
def test_joins_line_loss_as_the_case_says(losses: dict[str, str], quantities: dict[str, str]) -> None:
    bill = checked(load("two_part_contract_example") | {"losses": losses})
    by_id = {line["id"]: line for line in bill["lines"]}
    assert by_id["purchase.FLAT"]["quantity"] == quantities["FLAT"]
    assert by_id["purchase.VALLEY"]["quantity"] == quantities["VALLEY"]
    assert bill["determinants"]["line_loss_kwh"] == quantities["loss"]
    assert by_id["transmission"]["quantity"] == "154500"


def test_takes_the_hours_of_the_period_when_none_are_given() -> None:
    case = load("two_part_contract_example")
    del case["losses"]["transformer"]["hours"]
    assert checked(case)["total"] == "104474.40"
    case["losses"]["transformer"]["rated_kva"] = "1000"
    assert checked(case)["total"] == "104474.40"


def test_counts_yearly_tiers_from_what_was_used_before() -> None:
    steps = [{"upto_kwh": "2520", "price": "0.5469"}, {"upto_kwh": "4800", "price": "0.5969"}]
    tiers = {
        "basis": "year",
        "year_from": "01-01",
        "months_used": 12,
        "used_before_kwh": "2400",
        "steps": steps,
    }
    steps.append({"upto_kwh": None, "price": "0.8469"})
    bill = checked(residential("500", tariff={"kind": "residential", "tiers": tiers}))
    assert amounts(bill) == {"tier.1": "65.63", "tier.2": "226.82"}
    one_month = deepcopy(bill["input"])
    one_month["determinants"] |= {"months_used": 1, "used_before_kwh": "0"}
    assert amounts(checked(one_month)) == {"tier.1": "114.85", "tier.2": "113.41", "tier.3": "84.69"}


def test_keeps_decimals_that_yaml_gave_as_numbers() -> None:
    case = load("two_part_contract_example")
    case["tariff"]["components"][0]["price"] = 0.25
    case["determinants"]["demand_kw"] = Decimal("760")
    assert checked(case)["total"] == "104474.40"


def set_at(case: dict[str, Any], path: str, value: Any) -> None:
    at: Any = case
    *steps, final = path.split(".")
    for step in steps:
        at = at[int(step)] if isinstance(at, list) else at[step]
    at[int(final) if isinstance(at, list) else final] = value


BAD_VALUES: list[tuple[str, Any, type[TradeError]]] = [
    ("schema", "mingdu/bill-case/9", BadDocument),
    ("segments", [], BadDocument),
    ("account.number", 530100201, BadDocument),
    ("account", [], BadDocument),
    ("account.capacity_kva", None, BadDocument),
    ("period.to", "2026-12-01", BadDocument),
    ("period.to", "tomorrow", BadDocument),
    ("period.to", object(), BadDocument),
    ("period", None, BadDocument),
    ("tariff.components.0.price", "abc", BadUnit),
    ("tariff.components.0.price", "25 fen", BadUnit),
    ("tariff.components.0.price", True, BadUnit),
    ("tariff.components.0.price", "1e-3", BadUnit),
    ("tariff.components.0.price", "0.1234567891", BadUnit),
    ("tariff.components.0.price", "1234567890123456", BadUnit),
    ("tariff.components.0.floats", "yes", BadDocument),
    ("readings", {}, BadDocument),
    ("readings.0.multiplier", "0", BadDocument),
    ("readings.0.multiplier", "1.5", BadDocument),
    ("readings.0.digits", 12, BadDocument),
    ("readings.0.register", "MOON", BadDocument),
    ("readings.0.to", "1000000.00", ReadingTooLong),
    ("readings.0.to", "-1.00", NegativeEnergy),
    ("readings.0.to", "99.99", RegisterRanBackwards),
    ("readings.0.to", None, BadDocument),
    ("readings.0.quality", "missing", ReadingNotUsable),
    ("determinants.FLAT", "-0.01", NegativeEnergy),
    ("determinants.FLAT", None, MissingDeterminant),
    ("determinants.demand_kw", "-5", NegativeEnergy),
    ("determinants.demand_kw", None, MissingDeterminant),
    ("determinants.sun", "1", BadDocument),
    ("determinants.TOTAL", "150001", TotalNotSumOfPeriods),
    ("losses.line_pct", "100", BadDocument),
    ("losses.transformer.p0_kw", "-1", BadDocument),
    ("losses.transformer.hours", "0", BadDocument),
    ("losses.transformer.joins", "DEEP", MissingDeterminant),
    ("corrections.0.approved_by", None, CorrectionNotApproved),
    ("corrections.0.amount", "120.00", BadDocument),
    ("corrections.0.amount", "-120.001", BadUnit),
]


@pytest.mark.parametrize(
    ("path", "value", "error"), BAD_VALUES, ids=[f"{path}={value!r:.20}" for path, value, _ in BAD_VALUES]
)
def test_refuses_a_bad_value_by_name(path: str, value: Any, error: type[TradeError]) -> None:
    case = load("two_part_contract_example")
    if path == "determinants.TOTAL":
        case["determinants"]["PEAK"] = "59990"
    set_at(case, path, value)
    with pytest.raises(error) as refused:
        make_bill(case, file="case.yaml")
    assert refused.type is error
    assert refused.value.message


def test_refuses_a_transformer_without_rating() -> None:
    case = load("two_part_contract_example")
    case["account"]["capacity_kva"] = None
    case["tariff"]["basic"]["rule_260"] = False
    with pytest.raises(BadDocument, match="rated_kva"):
        make_bill(case)


def test_needs_the_capacity_for_the_rule_of_260_kwh() -> None:
    case = load("two_part_contract_example")
    case["account"]["capacity_kva"] = case["losses"] = None
    with pytest.raises(MissingDeterminant, match="capacity"):
        make_bill(case)


def test_refuses_the_same_register_twice_and_months_beyond_a_year() -> None:
    with pytest.raises(BadDocument, match="twice"):
        make_bill(residential(readings=[reading("0", "1"), reading("0", "2")]))
    with pytest.raises(BadDocument, match="12 months"):
        make_bill(residential(determinants={"TOTAL": "1", "months_used": 13}))


def test_makes_no_bill_when_the_total_is_beyond_one_digit_each() -> None:
    case = load("shop_december")
    case["readings"][0]["to"] = "5900.02"
    assert checked(case)["determinants"]["energy_kwh"] == "900.02"
    case["readings"][0]["to"] = "5900.03"
    with pytest.raises(TotalNotSumOfPeriods) as refused:
        make_bill(case)
    assert refused.value.values == {"total_wh": 900030, "periods_wh": 899990, "tolerance_wh": 30}


def test_reads_rules_from_the_folder_named(tmp_path: Path) -> None:
    with pytest.raises(TradeError) as refused:
        make_bill(residential(), rules_folder=tmp_path / "nowhere")
    assert refused.value.name == "RulesNotFound"


def test_holds_metered_energy_without_losses_against_260_kwh_a_kva() -> None:
    case = load("two_part_contract_example")
    case["determinants"] |= {"FLAT": "100000", "VALLEY": "99999"}
    bill = checked(case)
    assert (bill["determinants"]["energy_kwh"], bill["lines"][3]["quantity"]) == ("259999", "262301")
    assert next(line["price"] for line in bill["lines"] if line["id"] == "demand") == "37.6"
