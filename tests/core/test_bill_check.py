"""Verification: the first difference by line, and documents that cannot be recomputed."""

from __future__ import annotations

import ast
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from mingdu.core import bill_recompute, bill_recompute_energy
from mingdu.core.bill_check import BillNotVerifiable, verify_bill
from mingdu.rulebook.bill_case import make_bill
from mingdu.rulebook.document import read_yaml_file
from tables import GOLDEN


@pytest.fixture(scope="module")
def honest_bill() -> dict[str, Any]:
    return make_bill(read_yaml_file(GOLDEN / "cases" / "two_part_contract_example.yaml").value)


@pytest.fixture
def bill(honest_bill: dict[str, Any]) -> dict[str, Any]:
    """A copy that a test may spoil."""
    return deepcopy(honest_bill)


def line(bill: dict[str, Any], line_id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(line for line in bill["lines"] if line["id"] == line_id)
    return found


def test_finds_a_changed_amount(bill: dict[str, Any]) -> None:
    assert verify_bill(bill) == {"ok": True}
    line(bill, "transmission")["amount"] = "18895.10"
    assert verify_bill(bill) == {
        "ok": False,
        "line": "transmission",
        "stated": "18895.10",
        "computed": "18895.09",
    }


@pytest.mark.parametrize(
    ("line_id", "field", "stated", "computed"),
    [
        ("demand", "quantity", "760", "785"),
        ("demand", "price", "33.84", "37.6"),
        ("line_loss", "price", "0.0110693", "0.01106934"),
        ("power_factor", "base", "95050.60", "95050.59"),
        ("power_factor", "rate", "0.0015", "-0.0015"),
        ("purchase.PEAK", "quantity", None, "60000"),
    ],
)
def test_finds_a_changed_field(
    bill: dict[str, Any], line_id: str, field: str, stated: str | None, computed: str
) -> None:
    line(bill, line_id)[field] = stated
    expected = {"ok": False, "line": line_id, "stated": stated, "computed": computed, "field": field}
    assert verify_bill(bill) == expected


def test_finds_a_missing_and_a_surplus_line(bill: dict[str, Any]) -> None:
    levy = line(bill, "levy")
    bill["lines"].append(levy)
    assert verify_bill(bill) == {"ok": False, "line": "levy", "stated": "9686.39", "computed": None}
    bill["lines"] = [kept for kept in bill["lines"] if kept["id"] != "levy"]
    assert verify_bill(bill) == {"ok": False, "line": "levy", "stated": None, "computed": "9686.39"}


@pytest.mark.parametrize(
    ("path", "stated", "computed"),
    [
        ("total", "104474.41", "104474.40"),
        ("total", "much", "104474.40"),
        ("account", "0530100202", "0530100201"),
        ("period", {"from": "2026-12-01", "to": "2026-12-31"}, {"from": "2026-12-01", "to": "2027-01-01"}),
    ],
)
def test_finds_a_changed_head(bill: dict[str, Any], path: str, stated: Any, computed: Any) -> None:
    bill[path] = stated
    assert verify_bill(bill) == {"ok": False, "line": path, "stated": stated, "computed": computed}


def test_finds_changed_missing_and_surplus_determinants(bill: dict[str, Any]) -> None:
    bill["determinants"]["sunshine"] = "5"
    assert verify_bill(bill)["line"] == "determinants.sunshine"
    del bill["determinants"]["power_factor"]
    answer = {"ok": False, "line": "determinants.power_factor", "stated": None, "computed": "0.91"}
    assert verify_bill(bill) == answer


def test_finds_changed_rules_behind_unchanged_amounts(bill: dict[str, Any]) -> None:
    bill["input"]["tariff"]["components"][0]["source"] = "a notice that does not exist"
    assert verify_bill(bill)["line"] == "rules_hash"


def test_finds_a_changed_reading(bill: dict[str, Any]) -> None:
    bill["input"]["readings"][0]["to"] = "170.00"
    assert verify_bill(bill)["line"] == "purchase.PEAK"


def test_finds_a_changed_share(bill: dict[str, Any]) -> None:
    home = make_bill(read_yaml_file(GOLDEN / "cases" / "residential_december.yaml").value)
    home["included"][0]["amount"] = "8.17"
    assert verify_bill(home) == {"ok": False, "line": "levy", "stated": "8.17", "computed": "8.18"}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda bill: bill.pop("input"),
        lambda bill: bill.pop("lines"),
        lambda bill: bill.update(lines=5),
        lambda bill: bill["input"].update(tariff="yunnan-residential"),
        lambda bill: bill["input"]["tariff"]["components"][0].update(price="abc"),
        lambda bill: bill["input"]["determinants"].update(TOTAL="1"),
        lambda bill: bill["input"]["determinants"].pop("demand_kw"),
        lambda bill: bill["input"]["account"].update(capacity_kva="0"),
    ],
)
def test_refuses_what_cannot_be_recomputed(bill: dict[str, Any], spoil: Any) -> None:
    spoil(bill)
    with pytest.raises(BillNotVerifiable):
        verify_bill(bill)


def test_refuses_a_list() -> None:
    with pytest.raises(BillNotVerifiable):
        verify_bill([])  # type: ignore[arg-type]


def test_shares_no_code_with_the_kernels() -> None:
    imported = set()
    for module in (bill_recompute, bill_recompute_energy):
        tree = ast.parse(Path(str(module.__file__)).read_text("utf-8"))
        imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name for name in imported if name and name.startswith("mingdu")} == {
        "mingdu.core.bill_recompute_energy"
    }
