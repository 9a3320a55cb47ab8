"""In which period an interval lies: worked times, a twin that looks minute by minute, a border within one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingdu.core.curve_quantity import IntervalAcrossPeriods, interval_registers
from mingdu.core.registers import Register
from mingdu.core.tariff import PeriodRow
from tables import worked_cases

CASES = worked_cases("curve_quantity")
SPANS = {
    Register.PEAK: ((7, 9), (18, 24)),
    Register.FLAT: ((0, 2), (6, 7), (9, 12), (16, 18)),
    Register.VALLEY: ((2, 6), (12, 16)),
}
YUNNAN = [
    PeriodRow(register, frozenset(range(1, 13)), tuple((begin * 60, end * 60) for begin, end in spans))
    for register, spans in SPANS.items()
]


def twin(minute: int) -> Register:
    """Look the hour up."""
    return next(
        register for register, spans in SPANS.items() for begin, end in spans if begin <= minute // 60 < end
    )


@pytest.mark.parametrize("case", CASES, ids=[case["source"] for case in CASES])
def test_tells_the_worked_periods(case: dict[str, str]) -> None:
    begins = [int(text[:2]) * 60 + int(text[3:]) for text in case["begins"].split()]
    months = np.full(len(begins), int(case["months"]), dtype=np.int64)
    found = interval_registers(YUNNAN, months, np.array(begins), int(case["minutes"]))
    assert [Register(code).name for code in found.tolist()] == case["expected"].split()


@given(st.sampled_from([1, 5, 15, 30, 60]), st.lists(st.integers(0, 1439), min_size=1, max_size=20))
def test_agrees_with_looking_each_hour_up(minutes: int, places: list[int]) -> None:
    begins = np.array([place - place % minutes for place in places], dtype=np.int64)
    found = interval_registers(YUNNAN, np.full(len(begins), 6, dtype=np.int64), begins, minutes)
    assert found.tolist() == [twin(begin) for begin in begins.tolist()]


def test_refuses_an_interval_that_lies_in_two_periods() -> None:
    half_past = [
        PeriodRow(Register.PEAK, frozenset(range(1, 13)), ((450, 1440),)),
        PeriodRow(Register.FLAT, frozenset(range(1, 13)), ((0, 450),)),
    ]
    one = np.array([6], dtype=np.int64)
    assert interval_registers(half_past, one, np.array([420]), 30).tolist() == [Register.FLAT]
    with pytest.raises(IntervalAcrossPeriods) as refused:
        interval_registers(half_past, one, np.array([420]), 60)
    assert refused.value.values == {"at": "07:00", "interval_minutes": 60, "month": 6}
