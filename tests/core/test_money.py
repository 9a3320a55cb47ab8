"""Exact money: worked cases, a Decimal twin, both signs, bounds."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingdu.core.money import AmountOutOfRange, UnitPrice, charge_fen, plain_text, share_fen, yuan_text
from tables import worked_cases

CASES = worked_cases("money")
HUNDRED_TWH = 10**14


def column(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def charge_twin(quantity: int, price: int, parts: int) -> int:
    fen = Decimal(quantity) * price / (Decimal(10) ** 10 * parts)
    return int(fen.quantize(Decimal(1), ROUND_HALF_UP))


@pytest.mark.parametrize("case", CASES, ids=[case["source"] for case in CASES])
def test_charges_the_worked_case(case: dict[str, str]) -> None:
    charged = charge_fen(
        column(int(case["quantity_wh"])), int(case["price_nyuan_per_kwh"]), int(case["parts_per_nyuan"])
    )
    assert charged.tolist() == [int(case["amount_fen"])]


@given(
    quantities=st.lists(st.integers(-9 * 10**13, 9 * 10**13), min_size=1, max_size=20),
    price=st.integers(-(10**10), 10**10),
    parts=st.sampled_from([1, 10, 100, 1000, 10_000]),
)
@settings(max_examples=300, deadline=None)
def test_agrees_with_decimal_and_cancels_a_reversal(quantities: list[int], price: int, parts: int) -> None:
    charged = charge_fen(column(*quantities), price, parts)
    assert charged.tolist() == [charge_twin(quantity, price, parts) for quantity in quantities]
    assert not np.any(charged + charge_fen(-column(*quantities), price, parts))


@pytest.mark.parametrize(
    ("quantity", "price"), [(HUNDRED_TWH, 10**10), (1000, 10**14), (-(2**63), 1), (2**63 - 1, 10**6)]
)
def test_refuses_a_product_that_could_wrap(quantity: int, price: int) -> None:
    with pytest.raises(AmountOutOfRange) as refused:
        charge_fen(column(1, quantity), price)
    assert refused.value.values["largest_quantity"] == abs(quantity)


def test_takes_a_price_for_each_account() -> None:
    assert charge_fen(column(1000, 2000, 1000), column(10**9, 10**9, -(10**9))).tolist() == [100, 200, -100]


def test_charges_no_account() -> None:
    assert charge_fen(column(), 10**9).tolist() == []


@pytest.mark.parametrize(
    ("base", "rate", "share"),
    [(9505059, -15, -14258), (100, 50, 1), (-100, 50, -1), (99, 50, 0), (0, 500, 0)],
)
def test_takes_a_share_half_away_from_zero(base: int, rate: int, share: int) -> None:
    assert share_fen(column(base), column(rate)).tolist() == [share]


def test_refuses_a_share_that_could_wrap() -> None:
    with pytest.raises(AmountOutOfRange):
        share_fen(column(10**18), column(500))


@pytest.mark.parametrize(
    ("fen", "text"), [(0, "0.00"), (5, "0.05"), (-14258, "-142.58"), (10447440, "104474.40"), (-7, "-0.07")]
)
def test_writes_yuan(fen: int, text: str) -> None:
    assert yuan_text(fen) == text


def test_writes_decimals_plainly() -> None:
    assert [plain_text(Decimal(text)) for text in ("0.3750", "1000", "0.00", "1E-9")] == [
        "0.375",
        "1000",
        "0",
        "0.000000001",
    ]
    assert plain_text(UnitPrice(3112345675, 10).yuan) == "0.3112345675"
