"""Periods of the day and floated prices."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mingdu.core.registers import Register
from mingdu.core.tariff import PeriodRow
from mingdu.core.time_of_use import (
    HoursNotCovered,
    OverlappingPeriods,
    check_hours,
    floated_price,
    registers_by_minute,
)
from tables import worked_cases

CASES = worked_cases("floated_price")
ALL_YEAR = frozenset(range(1, 13))
PEAK = PeriodRow(Register.PEAK, ALL_YEAR, ((420, 540), (1080, 1440)))
FLAT = PeriodRow(Register.FLAT, ALL_YEAR, ((0, 120), (360, 420), (540, 720), (960, 1080)))
VALLEY = PeriodRow(Register.VALLEY, ALL_YEAR, ((120, 360), (720, 960)))


def test_gives_every_minute_of_yunnan_to_one_register() -> None:
    registers = registers_by_minute([PEAK, FLAT, VALLEY], 12)
    at = {hour: Register(int(registers[hour * 60])) for hour in (0, 2, 6, 7, 9, 12, 16, 18, 23)}
    assert at == {
        0: Register.FLAT,
        2: Register.VALLEY,
        6: Register.FLAT,
        7: Register.PEAK,
        9: Register.FLAT,
        12: Register.VALLEY,
        16: Register.FLAT,
        18: Register.PEAK,
        23: Register.PEAK,
    }
    assert [int((registers == register).sum()) for register in (2, 3, 4)] == [480, 480, 480]


def test_refuses_hours_that_nobody_counts() -> None:
    with pytest.raises(HoursNotCovered) as refused:
        check_hours([PEAK, FLAT])
    assert refused.value.values == {"month": 1, "at": "02:00"}


def test_refuses_hours_that_two_periods_claim() -> None:
    with pytest.raises(OverlappingPeriods) as refused:
        check_hours([PEAK, FLAT, VALLEY, PeriodRow(Register.SHARP, frozenset({7}), ((1200, 1320),))])
    assert refused.value.values == {"month": 7, "at": "20:00", "periods": ["PEAK", "SHARP"]}


@pytest.mark.parametrize("case", CASES, ids=[case["source"] for case in CASES])
def test_floats_the_worked_case(case: dict[str, str]) -> None:
    price = floated_price(
        int(Decimal(case["price"]) * 10**9),
        int(Decimal(case["ratio"]) * 10_000),
        int(case["decimals"]) if case["decimals"] else None,
    )
    assert price.yuan == Decimal(case["floated"])
