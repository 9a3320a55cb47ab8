"""Sums by period: a worked day, a twin that adds value by value, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mingdu.core.periods import BadPeriodShape, UnknownPeriod, sum_by_period
from mingdu.core.registers import PERIOD_REGISTERS, Register
from mingdu.core.types import Ints
from tables import worked_cases

CASES = worked_cases("period_sums")
CODES = st.sampled_from([int(register) for register in PERIOD_REGISTERS])


def hours(text: str) -> Ints:
    """Read "PEAKx2 FLATx22"."""
    parts = [part.partition("x") for part in text.split()]
    return np.array([Register[name] for name, _, times in parts for _ in range(int(times))], dtype=np.int64)


def sums_twin(values: list[int], codes: list[int]) -> list[int]:
    sums = dict.fromkeys(PERIOD_REGISTERS, 0)
    for value, code in zip(values, codes, strict=True):
        sums[Register(code)] += value
    return list(sums.values())


@pytest.mark.parametrize("case", CASES, ids=[case["source"] for case in CASES])
def test_sums_the_worked_day(case: dict[str, str]) -> None:
    values = np.array([[int(value) for value in case["values"].split()]], dtype=np.int64)
    sums = sum_by_period(values, hours(case["hours"]))
    assert sums.dtype == np.int64
    assert sums[0].tolist() == [int(case[register.name.lower()]) for register in PERIOD_REGISTERS]


@settings(max_examples=60, deadline=None)
@given(
    values=arrays(np.int64, (2, 3, 6), elements=st.integers(-5, 2**40)),
    codes=arrays(np.int64, (3, 6), elements=CODES, fill=st.nothing()),
)
def test_agrees_with_the_twin_and_loses_nothing(values: Ints, codes: Ints) -> None:
    sums = sum_by_period(values, codes)
    assert sums.tolist() == [sums_twin(row.ravel().tolist(), codes.ravel().tolist()) for row in values]
    assert sums.sum(axis=1).tolist() == values.sum(axis=(1, 2)).tolist()
    by_day = [sum_by_period(values[:, day], codes[day]) for day in range(3)]
    assert np.array_equal(sum(by_day), sums)


def test_hours_of_one_day_hold_for_every_day() -> None:
    values = np.arange(48, dtype=np.int64).reshape(1, 2, 24)
    codes = hours("VALLEYx8 PEAKx16")
    assert np.array_equal(sum_by_period(values, codes), sum_by_period(values, np.stack([codes, codes])))


def test_no_rows_are_no_rows() -> None:
    assert sum_by_period(np.zeros((0, 24), dtype=np.int64), hours("FLATx24")).shape == (0, 5)


@pytest.mark.parametrize("code", [Register.TOTAL, Register.DEMAND, 99])
def test_refuses_an_hour_without_a_period(code: int) -> None:
    codes = hours("FLATx24")
    codes[7] = code
    with pytest.raises(UnknownPeriod, match=f"register {int(code)}"):
        sum_by_period(np.zeros((1, 24), dtype=np.int64), codes)


@pytest.mark.parametrize(
    ("values", "codes"),
    [((1, 24), (23,)), ((1, 2, 24), (1, 24)), ((1, 2, 24), (3, 24)), ((24,), (24,)), ((1, 24), (1, 24))],
)
def test_refuses_hours_that_do_not_lie_along_the_curve(
    values: tuple[int, ...], codes: tuple[int, ...]
) -> None:
    with pytest.raises(BadPeriodShape):
        sum_by_period(np.zeros(values, dtype=np.int64), np.full(codes, Register.FLAT, dtype=np.int64))
