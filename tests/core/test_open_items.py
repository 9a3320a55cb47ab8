"""Open bills: worked cases, a twin that pays fen by fen, and that no payment's order matters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingdu.core.open_items import allocate, open_items
from tables import worked_cases

CASES = worked_cases("open_items")
BALANCES = st.lists(st.integers(-40, 40), max_size=6)


def column(values: list[int]) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def twin(balances: list[int]) -> tuple[list[int], int]:
    """Settle with one fen after the other."""
    owed, favour = [max(each, 0) for each in balances], -sum(min(each, 0) for each in balances)
    while favour and any(owed):
        oldest = next(place for place, each in enumerate(owed) if each)
        owed[oldest] -= 1
        favour -= 1
    return owed, favour


@pytest.mark.parametrize("case", CASES, ids=[case["source"] for case in CASES])
def test_settles_the_worked_case(case: dict[str, str]) -> None:
    balances = [int(text) for text in case["balances_fen"].split()]
    owed, credit = open_items(column(balances))
    expected = [int(text) for text in case["owed_fen"].split()]
    assert [each for each, balance in zip(owed.tolist(), balances, strict=True) if balance > 0] == expected
    assert credit == int(case["credit_fen"])


@given(BALANCES)
def test_agrees_with_the_twin_and_differs_by_the_balance(balances: list[int]) -> None:
    owed, credit = open_items(column(balances))
    assert (owed.tolist(), credit) == twin(balances)
    assert int(owed.sum()) - credit == sum(balances)
    assert not owed.any() or credit == 0


@given(st.lists(st.integers(0, 2**40), max_size=6), st.integers(0, 2**44))
def test_spreads_no_more_than_is_owed_or_paid(owed: list[int], amount: int) -> None:
    shares = allocate(column(owed), amount)
    assert int(shares.sum()) == min(amount, sum(owed))
    assert (shares <= column(owed)).all() and (shares >= 0).all()


@given(BALANCES, st.permutations([5, 17, 30]))
def test_payments_in_any_order_give_each_bill_the_same(balances: list[int], amounts: list[int]) -> None:
    def pay(in_turn: list[int]) -> list[int]:
        left = column(balances)
        given_to = np.zeros(len(balances) + 1, dtype=np.int64)
        for amount in in_turn:
            shares = allocate(open_items(np.append(left, -given_to[-1]))[0][:-1], amount)
            left = left - shares
            given_to += np.append(shares, amount - shares.sum())
        return given_to.tolist()

    assert pay(amounts) == pay(sorted(amounts))
