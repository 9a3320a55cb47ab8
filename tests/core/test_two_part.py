"""Billed demand and the 260 kWh rule: worked cases and a plain twin."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingdu.core.two_part import billed_demand_w, demand_price
from tables import worked_cases

DEMANDS = worked_cases("billed_demand")
RULE_260 = worked_cases("rule_260")


def column(text: str) -> np.ndarray:
    return np.array([int(Decimal(text) * 1000)], dtype=np.int64)


@pytest.mark.parametrize("case", DEMANDS, ids=[case["source"] for case in DEMANDS])
def test_bills_the_worked_demand(case: dict[str, str]) -> None:
    band = int(Decimal(case["band"]) * 10_000)
    billed = billed_demand_w(column(case["demand_kw"]), column(case["contract_kw"]), band)
    assert billed.tolist() == column(case["billed_kw"]).tolist()


@given(demand=st.integers(0, 10**9), contract=st.integers(0, 10**9), band=st.integers(10_000, 12_000))
@settings(deadline=None)
def test_agrees_with_decimal(demand: int, contract: int, band: int) -> None:
    over = Decimal(demand) - Decimal(contract) * band / 10_000
    expected = contract if over <= 0 else demand + int(over.quantize(Decimal(1), ROUND_HALF_UP))
    billed = billed_demand_w(np.array([demand]), np.array([contract]), band)
    assert billed.tolist() == [expected]


@pytest.mark.parametrize("case", RULE_260, ids=[case["source"] for case in RULE_260])
def test_prices_the_demand_by_use(case: dict[str, str]) -> None:
    price = demand_price(37_600_000_000, column(case["energy_kwh"]), column(case["capacity_kva"]), True)
    assert Decimal(int(price[0])) / 10**10 == Decimal(case["price_kw"])


def test_leaves_the_price_without_the_rule() -> None:
    assert demand_price(5, column("1000000"), None, False).tolist() == [50]
