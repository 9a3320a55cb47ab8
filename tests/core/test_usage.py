"""Energy between two readings: worked cases, a twin in Decimal, refusals."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from day_blocks import column
from mingdu.core.usage import (
    EnergyTooLarge,
    RegisterOutOfRange,
    RegisterPairs,
    Remark,
    capacity_limit_wh,
    register_usage,
)
from tables import worked_cases

CASES = worked_cases("usage")
FACTS = ("start", "end", "digit_count", "wh_per_digit", "multiplier", "limit_wh")
PAIR = RegisterPairs(*(column(number) for number in (10, 20, 8, 10, 1, 192_000)))


def usage_twin(pair: dict[str, int]) -> tuple[int, int, str]:
    """In kWh by Decimal, as on paper: used digits, energy, remark."""
    kwh_per_digit = Decimal(pair["wh_per_digit"]) * pair["multiplier"] / 1000
    limit = Decimal(pair["limit_wh"]) / 1000
    energy = (pair["end"] - pair["start"]) * kwh_per_digit
    over_the_top = (pair["end"] + Decimal(10) ** pair["digit_count"] - pair["start"]) * kwh_per_digit
    remark = ""
    if energy > limit:
        remark = "JUMP"
    elif energy < 0 and over_the_top <= limit:
        energy, remark = over_the_top, "ROLLED_OVER"
    elif energy < 0:
        remark = "NEGATIVE"
    return int(energy / kwh_per_digit), int(energy * 1000), remark


@st.composite
def pairs(draw: st.DrawFn) -> dict[str, int]:
    digit_count = draw(st.integers(1, 12))
    top = 10**digit_count - 1
    near_top_or_any = st.one_of(
        st.integers(0, top), st.integers(max(0, top - 50), top), st.integers(0, min(50, top))
    )
    return {
        "start": draw(near_top_or_any),
        "end": draw(near_top_or_any),
        "digit_count": digit_count,
        "wh_per_digit": draw(st.sampled_from((1, 10, 1000))),
        "multiplier": draw(st.sampled_from((1, 40, 3000))),
        "limit_wh": draw(st.one_of(st.integers(0, 10**6), st.integers(0, 10**12))),
    }


def remark_names(remarks: int) -> str:
    return "" if remarks == 0 else str(Remark(remarks).name)


@pytest.mark.parametrize("case", CASES, ids=[case["source"] for case in CASES])
def test_takes_the_worked_case(case: dict[str, str]) -> None:
    limit = capacity_limit_wh(column(int(case["capacity_w"])), column(int(case["hours"]) * 3600))
    usage = register_usage(RegisterPairs(*[*(column(int(case[name])) for name in FACTS[:-1]), limit]))
    assert usage.used_digits.tolist() == [int(case["used_digits"])]
    assert usage.energy_wh.tolist() == [int(case["energy_wh"])]
    assert remark_names(int(usage.remarks[0])) == case["remarks"]


@given(st.lists(pairs(), min_size=1, max_size=5))
def test_agrees_with_the_twin(rows: list[dict[str, int]]) -> None:
    usage = register_usage(RegisterPairs(*(column(*(row[name] for row in rows)) for name in FACTS)))
    for place, row in enumerate(rows):
        expected = usage_twin(row)
        assert usage.used_digits[place] == expected[0]
        assert usage.energy_wh[place] == expected[1]
        assert remark_names(int(usage.remarks[place])) == expected[2]


@given(start=st.integers(0, 9999), parts=st.lists(st.integers(0, 40), min_size=2, max_size=6))
def test_energy_of_a_period_is_the_sum_of_its_parts_whatever_rolls_over(start: int, parts: list[int]) -> None:
    shown = (start + np.cumsum([0, *parts])) % 10_000
    many = np.ones(len(parts), dtype=np.int64)
    usage = register_usage(RegisterPairs(shown[:-1], shown[1:], many * 4, many * 1000, many, many * 192_000))
    assert usage.used_digits.sum() == sum(parts)


def test_no_rows_are_no_rows() -> None:
    empty = column()
    assert register_usage(RegisterPairs(*[empty] * 6)).energy_wh.shape == (0,)


def test_limit_is_rounded_down() -> None:
    assert capacity_limit_wh(column(1000), 3599).tolist() == [999]


@pytest.mark.parametrize(("name", "number"), [("start", 10**8), ("end", 10**8), ("start", -1), ("end", -1)])
def test_refuses_a_reading_that_the_register_cannot_show(name: str, number: int) -> None:
    with pytest.raises(RegisterOutOfRange, match="row 0"):
        register_usage(replace(PAIR, **{name: column(number)}))


@pytest.mark.parametrize("digit_count", [0, 13])
def test_refuses_a_register_that_does_not_exist(digit_count: int) -> None:
    with pytest.raises(RegisterOutOfRange, match="1 to 12 digits"):
        register_usage(replace(PAIR, digit_count=column(digit_count)))


def test_refuses_energy_that_leaves_the_whole_numbers() -> None:
    with pytest.raises(EnergyTooLarge, match="row 0"):
        register_usage(replace(PAIR, digit_count=column(12), multiplier=column(10**6)))
