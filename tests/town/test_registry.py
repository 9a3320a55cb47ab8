"""The register hangs together: named codes exist, numbers are unique, demo accounts are as agreed."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from mingdu.core.registers import Register
from mingdu.town.faults import Kind
from mingdu.town.model import Town
from mingdu.town.registry import registry_of


@pytest.fixture(scope="module")
def registry(town: Town) -> dict[str, Any]:
    return registry_of(town)


def by(registry: dict[str, Any], name: str, key: str) -> dict[str, Any]:
    rows = {row[key]: row for row in registry[name]}
    assert len(rows) == len(registry[name]), f"{key} is not unique in {name}"
    return rows


def test_every_code_that_is_named_exists(registry: dict[str, Any]) -> None:
    points, meters = by(registry, "usage_points", "usage_point"), by(registry, "meters", "meter")
    accounts, customers = by(registry, "accounts", "account"), by(registry, "customers", "customer")
    areas, books = by(registry, "areas", "area"), by(registry, "books", "book")
    assert {row["usage_point"] for row in registry["installations"]} == set(points)
    assert {row["meter"] for row in registry["installations"]} == set(meters)
    assert {row["area"] for row in points.values()} == {*areas, None}
    assert {row["book"] for row in points.values()} == set(books)
    assert {row["account"] for row in points.values()} == {*accounts, None}
    assert {row["customer"] for row in accounts.values()} == set(customers)
    assert {row["customer"] for row in registry["contacts"]} == set(customers)
    assert {(row["account"], row["usage_point"]) for row in registry["agreements"]} == {
        (row["account"], code) for code, row in points.items() if row["account"]
    }
    assert {row["usage_point"] for row in areas.values()} <= set(points)


def test_every_meter_hangs_behind_one_terminal(registry: dict[str, Any]) -> None:
    terminals = by(registry, "terminals", "terminal")
    served = [meter for row in terminals.values() for meter in row["meters"]]
    assert sorted(served) == sorted(row["meter"] for row in registry["meters"])
    assert len(terminals) == 13
    assert terminals["530126900042"]["meters"] == ["201900000042"]
    assert all(40 <= len(row["meters"]) <= 60 for code, row in terminals.items() if code != "530126900042")


def test_addresses_are_twelve_digits_and_unique(registry: dict[str, Any]) -> None:
    addresses = [row["address"] for row in registry["meters"]] + [
        row["terminal"] for row in registry["terminals"]
    ]
    assert len(set(addresses)) == len(addresses)
    assert all(len(address) == 12 and address.isdecimal() for address in addresses)


def test_the_demo_accounts_are_as_agreed(registry: dict[str, Any]) -> None:
    agreements = by(registry, "agreements", "account")
    phones = {row["customer"]: row["phone"] for row in registry["contacts"]}
    assert agreements["0530100042"]["tariff"] == "yunnan-residential"
    assert phones["C0530100042"] == "13800000042"
    assert agreements["0530100101"]["tariff"] == "yunnan-one-part-tou"
    assert phones["C0530100101"] == "13800000101"
    factory = agreements["0530100201"]
    assert factory["tariff"] == "yunnan-two-part-10kv"
    assert (factory["voltage_kv"], factory["capacity_kva"], factory["contract_kw"]) == ("10", 1_000, 700)
    point = by(registry, "usage_points", "usage_point")["P0530100201"]
    assert (point["class"], point["area"], point["book"], point["metered_side"]) == (
        "large_industry",
        None,
        "B0",
        "high",
    )


def test_classes_stand_in_their_numbers(registry: dict[str, Any]) -> None:
    classes = Counter(row["class"] for row in registry["usage_points"])
    assert classes == {"residential": 570, "commercial": 29, "large_industry": 1, None: 3}


def test_installations_of_an_exchange_meet(registry: dict[str, Any], town: Town) -> None:
    exchanged = [fault for fault in town.faults if fault.kind is Kind.EXCHANGE]
    assert len(registry["installations"]) == 603 + len(exchanged)
    for fault in exchanged:
        code = f"P0{530_100_000 + fault.point}"
        old, new = [row for row in registry["installations"] if row["usage_point"] == code]
        assert old["to"] == new["from"] == town.span.time(fault.start).isoformat()
        assert old["last_digits"]["TOTAL"] > new["first_digits"]["TOTAL"]
        assert new["to"] is None


def test_first_digits_are_the_first_freeze(registry: dict[str, Any], town: Town) -> None:
    frozen = town.registers([42], [town.span.first_day])
    (row,) = (row for row in registry["installations"] if row["usage_point"] == "P0530100042")
    assert row["first_digits"]["TOTAL"] == frozen[Register.TOTAL][0, 0]


def test_names_and_addresses_look_chinese_and_differ(registry: dict[str, Any]) -> None:
    names = [row["name"] for row in registry["customers"]]
    assert all("一" <= letter <= "鿿" for name in names for letter in name)
    assert len(set(names)) > 300
    locations = [row["service_location"] for row in registry["usage_points"]]
    assert len(set(locations)) > 590


def test_the_register_is_json_and_the_same_every_time(registry: dict[str, Any], town: Town) -> None:
    assert json.loads(json.dumps(registry)) == registry_of(town)


def test_a_village_has_no_factory_and_no_13th_terminal() -> None:
    village = registry_of(Town(20, points=40))
    assert len(village["terminals"]) == 1
    assert {row["class"] for row in village["usage_points"]} == {"residential", "commercial", None}
