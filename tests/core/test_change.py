"""Why a bill changed: cases worked by hand, and random pairs of bills whose causes the plain twin adds up."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.test_rating import columns_of, random_accounts, random_tariff
from mingdu.core.bill_recompute import recompute
from mingdu.core.change import Billed, Factor, causes_of_change, energy_at_same_use_wh
from mingdu.core.determinants import Determinants
from mingdu.core.registers import Register
from mingdu.core.transformer_loss import Losses
from mingdu.rulebook.document import Node
from mingdu.rulebook.tariff_reader import read_tariff
from tables import worked_cases

TOU = {
    "kind": "one_part",
    "components": [{"id": "purchase", "price": "0.25", "floats": True, "pf": True}],
    "time_of_use": {"ratio": {"PEAK": "1.5", "FLAT": "1", "VALLEY": "0.5"}},
}
BASIC = {"by": "contract_demand", "price_kw": "37.6", "price_kva": "23.5", "band": "1.05", "rule_260": True}
TARIFFS: dict[str, dict[str, Any]] = {
    "tiers": {
        "kind": "residential",
        "tiers": {
            "basis": "month",
            "steps": [
                {"upto_kwh": "170", "price": "0.45"}, {"upto_kwh": "260", "price": "0.50"},
                {"upto_kwh": None, "price": "0.80"},
            ],
        },
    },
    "flat": {
        "kind": "residential",
        "tiers": {"basis": "month", "steps": [{"upto_kwh": None, "price": "0.45"}]},
    },
    "tou": TOU,
    "two_part": TOU | {"kind": "two_part", "basic": BASIC},
    "factor": TOU | {"power_factor": {"standard": "0.90"}},
}  # fmt: skip
WORKED = worked_cases("change")


def billed(tariff: str, quantities: str, days: str) -> Billed:
    """One side of a worked case; the contract is for 700 kW, the transformer has 1,000 kVA."""
    amounts = {
        name: np.array([int(Decimal(amount) * 1000)], dtype=np.int64)
        for name, _, amount in (part.partition("=") for part in quantities.split())
    }
    is_two_part = "demand_kw" in amounts
    determinants = Determinants(
        energy_wh={Register[name]: amounts[name] for name in amounts if name in Register.__members__},
        reactive_varh=amounts.get("reactive_forward"),
        demand_w=amounts.get("demand_kw"),
        contract_w=np.array([700_000]) if is_two_part else None,
        capacity_va=np.array([1_000_000]) if is_two_part else None,
    )
    return Billed(read_tariff(Node(TARIFFS[tariff], tariff, "tariff")), determinants, int(days))


def pair_of(row: dict[str, str]) -> tuple[Billed, Billed]:
    return (
        billed(row["tariff_before"], row["before"], row["days_before"]),
        billed(row["tariff_after"], row["after"], row["days_after"]),
    )


@pytest.mark.parametrize("row", WORKED, ids=[row["case"] for row in WORKED])
def test_splits_the_difference_as_worked_by_hand(row: dict[str, str]) -> None:
    found = [
        f"{share.factor}={Decimal(share.amount_fen) / 100:.2f}" for share in causes_of_change(*pair_of(row))
    ]
    assert found == row["causes"].split()


def test_losses_are_a_cause_of_their_own() -> None:
    before = billed("tou", "PEAK=0 FLAT=1000 VALLEY=0", "31")
    line = {0: Losses(transformer=None, line_pct=Decimal(3), joins=Register.FLAT)}
    after = replace(before, determinants=replace(before.determinants, losses=line))
    (share,) = causes_of_change(before, after)
    # 3 % of 1,000 kWh at 0.25 yuan.
    assert (share.factor, share.amount_fen) == (Factor.LOSSES, 750)


def test_the_daily_use_is_kept_half_up() -> None:
    assert energy_at_same_use_wh(billed("flat", "TOTAL=0.031", "31"), 30) == 30
    assert energy_at_same_use_wh(billed("flat", "TOTAL=0.015", "30"), 31) == 16


def test_unpriced_periods_do_not_count_twice() -> None:
    before = billed("tiers", "TOTAL=150 PEAK=70 VALLEY=80", "31")
    after = billed("tiers", "TOTAL=310 PEAK=100 VALLEY=210", "31")
    assert before.energy_wh == 150_000
    amounts = {share.factor: share.amount_fen for share in causes_of_change(before, after)}
    assert amounts == {Factor.TIERS: 2200, Factor.ENERGY: 7200}


def row_of(columns: Determinants, row: int) -> Determinants:
    """One account of columns."""
    names = ("reactive_varh", "demand_w", "contract_w", "capacity_va", "used_before_wh", "months")
    chosen = {name: getattr(columns, name)[row : row + 1] for name in names}
    energy = {register: column[row : row + 1] for register, column in columns.energy_wh.items()}
    losses = {0: columns.losses[row]} if row in columns.losses else {}
    return Determinants(energy_wh=energy, losses=losses, **chosen)


def at_other_prices(chance: Random, tariff: dict[str, Any]) -> dict[str, Any]:
    """The same tariff a year later: every component that has a price gets another one."""
    parts = [
        part | {"price": str(Decimal(chance.randrange(10**9)) / 10**9)} if "price" in part else part
        for part in tariff.get("components", ())
    ]
    return tariff | {"components": parts} if parts else tariff


@given(seed=st.integers(0, 2**32), is_other=st.booleans())
@settings(max_examples=30, deadline=None)
def test_the_causes_of_random_bills_sum_to_the_difference(seed: int, is_other: bool) -> None:
    chance = Random(seed)
    old_tariff = random_tariff(chance)
    new_tariff = random_tariff(chance) if is_other else at_other_prices(chance, old_tariff)
    old_cases, new_cases = (random_accounts(chance, tariff)[:12] for tariff in (old_tariff, new_tariff))
    for row, (old, new) in enumerate(zip(old_cases, new_cases, strict=True)):
        sides = [
            Billed(read_tariff(Node(tariff, "random", "tariff")), row_of(columns_of(cases), row), days)
            for tariff, cases, days in ((old_tariff, old_cases, 30), (new_tariff, new_cases, 31))
        ]
        found = causes_of_change(*sides)
        difference = recompute(new).total - recompute(old).total
        assert Decimal(sum(share.amount_fen for share in found)) / 100 == difference
        assert all(share.amount_fen for share in found)
        assert [share.factor for share in found] == sorted(
            (share.factor for share in found), key=list(Factor).index
        )


@given(seed=st.integers(0, 2**32))
@settings(max_examples=15, deadline=None)
def test_where_only_prices_changed_nothing_else_is_blamed(seed: int) -> None:
    chance = Random(seed)
    tariff = random_tariff(chance)
    columns = columns_of(random_accounts(chance, tariff)[:8])
    later = read_tariff(Node(at_other_prices(chance, tariff), "random", "tariff"))
    for row in range(8):
        before = Billed(read_tariff(Node(tariff, "random", "tariff")), row_of(columns, row), 31)
        found = causes_of_change(before, replace(before, tariff=later))
        assert {share.factor for share in found} <= {Factor.PRICE}
