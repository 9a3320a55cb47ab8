"""The columnar kernel against the plain twin on thousands of random bills over every feature of a tariff."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingdu.core.bill_recompute import recompute
from mingdu.core.determinants import Determinants, MissingDeterminant, NegativeEnergy, RegisterNotPriced
from mingdu.core.rated import RatedBills
from mingdu.core.rating import rate
from mingdu.core.registers import Register
from mingdu.core.tariff import Provenance, Tariff, TierBasis, Tiers, TierStep
from mingdu.core.transformer_loss import Losses, Transformer
from mingdu.rulebook.document import Node
from mingdu.rulebook.tariff_reader import read_tariff

ACCOUNTS = 250
YUNNAN = Tariff(
    "residential",
    tiers=Tiers(
        TierBasis.MONTH,
        (
            TierStep(0, 450_000_000, Provenance()),
            TierStep(170_000, 500_000_000, Provenance()),
            TierStep(260_000, 800_000_000, Provenance()),
        ),
    ),
)


def random_tariff(chance: Random) -> dict[str, Any]:
    """A tariff mapping with a random choice of every feature."""
    if chance.random() < 0.3:
        return random_tiers(chance)
    floats = chance.random() < 0.8
    tariff: dict[str, Any] = {"kind": "one_part", "components": random_components(chance, floats)}
    if floats:
        names = chance.choice(
            [("PEAK", "FLAT", "VALLEY"), ("SHARP", "PEAK", "FLAT", "VALLEY"), ("FLAT", "DEEP")]
        )
        ratio = {name: str(Decimal(chance.randrange(20_000)) / 10_000) for name in names}
        tariff["time_of_use"] = {"ratio": ratio}
    tariff["rounding"] = {
        "billed_energy": chance.choice(["register_digits", "whole_kwh"]),
        "floated_price": chance.choice(["exact", "4_decimals"]),
    }
    if chance.random() < 0.6:
        tariff |= {"kind": "two_part", "basic": random_basic(chance)}
    if chance.random() < 0.6:
        tariff["power_factor"] = {"standard": chance.choice(["0.90", "0.85", "0.80"])}
    return tariff


def random_components(chance: Random, floats: bool) -> list[dict[str, Any]]:
    components: list[dict[str, Any]] = [
        {"id": "purchase", "price": random_price(chance), "floats": floats, "pf": chance.random() < 0.8}
    ]
    if chance.random() < 0.5:
        components.append({"id": "line_loss", "of": "purchase", "loss_rate_pct": "4.24", "pf": True})
    for name in ("transmission", "system_fee", "levy")[: chance.randrange(4)]:
        components.append({"id": name, "price": random_price(chance), "pf": chance.random() < 0.5})
    return components


def random_price(chance: Random) -> str:
    return str(Decimal(chance.randrange(2 * 10**9)) / 10**9 if chance.random() < 0.7 else Decimal("0.1246"))


def random_basic(chance: Random) -> dict[str, Any]:
    by = chance.choice(["capacity", "contract_demand", "actual_demand"])
    band = chance.choice(["1.05", "1", "1.1"])
    return {
        "by": by,
        "price_kw": "37.6",
        "price_kva": "23.5",
        "band": band,
        "rule_260": chance.random() < 0.7,
    }


def random_tiers(chance: Random) -> dict[str, Any]:
    bounds = sorted(chance.sample(range(1, 6000), chance.randrange(4)))
    prices = sorted(chance.randrange(10**9) for _ in range(len(bounds) + 1))
    steps = [
        {"upto_kwh": str(bound) if bound else None, "price": str(Decimal(price) / 10**9)}
        for bound, price in zip([*bounds, None], prices, strict=True)
    ]
    basis = chance.choice(["month", "season", "year", "per_period"])
    included = [{"id": "levy", "price": "0.026375"}]
    return {"kind": "residential", "tiers": {"basis": basis, "steps": steps}, "included": included}


def random_accounts(chance: Random, tariff: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Cases that differ in their quantities only."""
    names = list(tariff.get("time_of_use", {"ratio": {"TOTAL": 1}})["ratio"])
    return [random_account(chance, tariff, names, number) for number in range(ACCOUNTS)]


def random_account(
    chance: Random, tariff: Mapping[str, Any], names: list[str], number: int
) -> dict[str, Any]:
    size = chance.choice([0, 10**3, 10**5, 10**8])
    given = {name: str(Decimal(chance.randrange(size + 1)) / 100) for name in names}
    given["reactive_forward"] = str(Decimal(chance.randrange(size + 1)) / 100)
    given["reactive_reverse"] = str(chance.randrange(50))
    given["demand_kw"] = str(Decimal(chance.randrange(2_000_000)) / 1000)
    if "tiers" in tariff and tariff["tiers"]["basis"] in ("season", "year"):
        given |= {"used_before_kwh": str(chance.randrange(5000)), "months_used": str(chance.randrange(1, 13))}
    capacity, contract = str(chance.randrange(50, 5000)), str(chance.randrange(2000))
    case = {
        "account": {"number": f"{number:010d}", "capacity_kva": capacity, "contract_kw": contract},
        "period": {"from": "2026-12-01", "to": "2027-01-01"},
        "tariff": tariff,
        "determinants": given,
    }
    return case | {"losses": random_losses(chance, names)} if chance.random() < 0.2 else case


def random_losses(chance: Random, names: list[str]) -> dict[str, Any]:
    joins = chance.choice([*names, "SPREAD"])
    transformer = {"p0_kw": "1.70", "pk_kw": "10.30", "i0_pct": "1.0", "uk_pct": "4.5", "k": "1.05"}
    return {
        "transformer": transformer | {"hours": 744, "joins": joins} if chance.random() < 0.7 else None,
        "line_pct": chance.choice([None, "3", "0.75"]),
        "joins": joins,
    }


def columns_of(cases: list[dict[str, Any]]) -> Determinants:
    """The same cases as columns, read without any code of the product."""

    def column(name: str, default: str = "0") -> np.ndarray:
        return np.array([int(Decimal(case["determinants"].get(name, default)) * 1000) for case in cases])

    def of_account(name: str) -> np.ndarray:
        return np.array([int(case["account"][name]) * 1000 for case in cases])

    registers = [name for name in cases[0]["determinants"] if name in Register.__members__]
    basis = cases[0]["tariff"].get("tiers", {}).get("basis")
    months = [int(case["determinants"].get("months_used", 12)) if basis == "year" else 1 for case in cases]
    return Determinants(
        energy_wh={Register[name]: column(name) for name in registers},
        reactive_varh=column("reactive_forward") + column("reactive_reverse"),
        demand_w=column("demand_kw"),
        contract_w=of_account("contract_kw"),
        capacity_va=of_account("capacity_kva"),
        used_before_wh=column("used_before_kwh"),
        months=np.array(months),
        losses={row: losses_of(case) for row, case in enumerate(cases) if "losses" in case},
    )


def losses_of(case: Mapping[str, Any]) -> Losses:
    data, losses = case["losses"]["transformer"], case["losses"]
    transformer = None
    if data:
        names = ("p0_kw", "pk_kw", "i0_pct", "uk_pct", "k", "hours")
        values = {name: Decimal(data[name]) for name in names}
        transformer = Transformer(rated_kva=Decimal(case["account"]["capacity_kva"]), **values)
    joins = None if losses["joins"] == "SPREAD" else Register[losses["joins"]]
    return Losses(transformer, Decimal(losses["line_pct"]) if losses["line_pct"] else None, joins)


def amounts_of(rated: RatedBills, row: int) -> dict[str, Decimal]:
    shown = [line for line in rated.lines if line.shown[row]]
    return {line.id: Decimal(int(line.amount_fen[row])) / 100 for line in shown}


@given(seed=st.integers(0, 2**32))
@settings(max_examples=24, deadline=None)
def test_agrees_with_the_plain_twin_on_random_bills(seed: int) -> None:
    chance = Random(seed)
    tariff = random_tariff(chance)
    cases = random_accounts(chance, tariff)
    rated = rate(read_tariff(Node(tariff, "random", "tariff")), columns_of(cases))
    for row, case in enumerate(cases):
        plain = recompute(case)
        assert amounts_of(rated, row) == {line.id: line.amount for line in plain.lines}, case
        assert Decimal(int(rated.total_fen[row])) / 100 == plain.total
        included = [Decimal(int(line.amount_fen[row])) / 100 for line in rated.included]
        assert included == [line.amount for line in plain.included]


@given(energy=st.lists(st.integers(0, 10**9), min_size=2, max_size=50))
@settings(deadline=None)
def test_never_charges_less_for_more_energy(energy: list[int]) -> None:
    rated = rate(YUNNAN, Determinants({Register.TOTAL: np.array(sorted(energy), dtype=np.int64)}))
    assert np.all(np.diff(rated.total_fen) >= 0)


def test_prints_a_tier_only_where_it_is_used() -> None:
    energy = np.array([0, 170_000, 170_010, 310_000], dtype=np.int64)
    rated = rate(YUNNAN, Determinants({Register.TOTAL: energy}))
    assert [line.shown.tolist() for line in rated.lines] == [
        [True, True, True, True],
        [False, False, True, True],
        [False, False, False, True],
    ]
    assert rated.total_fen.tolist() == [0, 7650, 7651, 16150]


def test_adds_the_periods_where_one_price_holds() -> None:
    periods = {Register.PEAK: np.array([100_000]), Register.VALLEY: np.array([210_000])}
    assert rate(YUNNAN, Determinants(periods)).total_fen.tolist() == [16150]


def tariff_of(**parts: Any) -> Tariff:
    components = [{"id": "purchase", "price": "0.25", "floats": True}]
    document = {
        "kind": "one_part",
        "components": components,
        "time_of_use": {"ratio": {"PEAK": "1.5", "FLAT": "1"}},
    }
    return read_tariff(Node(document | parts, "case", "tariff"))


ONE = np.array([1000], dtype=np.int64)
PEAK_AND_FLAT = {Register.PEAK: ONE, Register.FLAT: ONE}


@pytest.mark.parametrize(
    ("parts", "missing"),
    [
        ({"kind": "two_part", "basic": {"by": "actual_demand", "price_kw": "37.6"}}, "demand"),
        ({"kind": "two_part", "basic": {"by": "capacity", "price_kva": "23.5"}}, "capacity"),
        ({"power_factor": {"standard": "0.90"}}, "reactive energy"),
    ],
)
def test_names_the_quantity_that_the_tariff_needs(parts: dict[str, Any], missing: str) -> None:
    with pytest.raises(MissingDeterminant) as refused:
        rate(tariff_of(**parts), Determinants(PEAK_AND_FLAT))
    assert refused.value.values == {"quantity": missing}


def test_needs_the_contract_for_a_contract_demand() -> None:
    tariff = tariff_of(kind="two_part", basic={"by": "contract_demand", "price_kw": "37.6"})
    with pytest.raises(MissingDeterminant, match="contract demand"):
        rate(tariff, Determinants(PEAK_AND_FLAT, demand_w=ONE))


def test_needs_every_priced_period() -> None:
    with pytest.raises(MissingDeterminant, match="energy of FLAT"):
        rate(tariff_of(), Determinants({Register.PEAK: ONE}))


def test_needs_some_energy() -> None:
    with pytest.raises(MissingDeterminant, match="no energy"):
        rate(YUNNAN, Determinants({Register.EXPORT_TOTAL: ONE}))


def test_refuses_energy_of_a_period_without_ratio() -> None:
    with pytest.raises(RegisterNotPriced) as refused:
        rate(tariff_of(), Determinants(PEAK_AND_FLAT | {Register.SHARP: ONE}))
    assert refused.value.values == {"register": "SHARP"}
    idle = Determinants(PEAK_AND_FLAT | {Register.SHARP: np.array([0])})
    assert rate(tariff_of(), idle).total_fen.tolist() == [63]


def test_refuses_losses_that_join_an_unpriced_period() -> None:
    losses = {0: Losses(None, Decimal(3), Register.VALLEY)}
    with pytest.raises(MissingDeterminant, match="VALLEY"):
        rate(tariff_of(), Determinants(PEAK_AND_FLAT, losses=losses))


def test_refuses_negative_energy() -> None:
    with pytest.raises(NegativeEnergy):
        rate(YUNNAN, Determinants({Register.TOTAL: np.array([5, -1])}))
