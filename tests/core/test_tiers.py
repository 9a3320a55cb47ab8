"""Rising tiers: worked cases, a slow twin, refusals."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingdu.core.tiers import BadTiers, check_tiers, energy_by_tier, scale_to_months
from tables import worked_cases

CASES = worked_cases("tiers")


def wh(text: str) -> int:
    return int(Decimal(text) * 1000)


def tiers_twin(energy: int, starts: list[int], before: int) -> list[int]:
    """Place the energy in steps, walking up from what was used before."""
    placed, at, rest = [], before, energy
    for number in range(len(starts)):
        end = starts[number + 1] if number + 1 < len(starts) else at + rest
        inside = max(0, min(rest, end - at))
        placed.append(inside)
        at, rest = at + inside, rest - inside
    return placed


@pytest.mark.parametrize("case", CASES, ids=[f"{case['basis']}: {case['source']}" for case in CASES])
def test_splits_the_worked_case(case: dict[str, str]) -> None:
    starts = np.array([0, *(wh(bound) for bound in case["bounds_kwh"].split("/"))], dtype=np.int64)
    bounds = starts
    if case["basis"] == "year":
        bounds = scale_to_months(starts, np.array([int(case["months_used"])], dtype=np.int64), 12)
    energy = np.array([wh(case["energy_kwh"])], dtype=np.int64)
    before = np.array([wh(case["used_before_kwh"])], dtype=np.int64)
    expected = [[wh(case[f"tier_{number}_kwh"])] for number in (1, 2, 3)]
    assert [part.tolist() for part in energy_by_tier(energy, bounds, before)] == expected


@given(
    steps=st.lists(st.integers(1, 10**7), min_size=0, max_size=4),
    energy=st.lists(st.integers(0, 10**9), min_size=1, max_size=10),
    before=st.integers(0, 10**9),
)
@settings(max_examples=200, deadline=None)
def test_agrees_with_the_walk_and_loses_nothing(steps: list[int], energy: list[int], before: int) -> None:
    starts = np.cumsum([0, *steps]).astype(np.int64)
    column = np.array(energy, dtype=np.int64)
    split = energy_by_tier(column, starts, np.full_like(column, before))
    assert np.sum(split, axis=0).tolist() == energy
    for row, value in enumerate(energy):
        assert [int(part[row]) for part in split] == tiers_twin(value, starts.tolist(), before)


def test_scales_bounds_half_up() -> None:
    scaled = scale_to_months(np.array([0, 100], dtype=np.int64), np.array([1, 6, 12], dtype=np.int64), 12)
    assert scaled.tolist() == [[0, 0, 0], [8, 50, 100]]


@pytest.mark.parametrize(
    ("starts", "prices"),
    [
        ([], []),
        ([10, 20], [1, 2]),
        ([0, 260, 170], [1, 2, 3]),
        ([0, 170, 170], [1, 2, 3]),
        ([0, 170], [2, 1]),
    ],
)
def test_refuses_tiers_that_fall(starts: list[int], prices: list[int]) -> None:
    with pytest.raises(BadTiers):
        check_tiers(starts, prices)


def test_takes_tiers_that_rise() -> None:
    check_tiers([0, 170, 260], [45, 50, 80])
    check_tiers([0], [45])
