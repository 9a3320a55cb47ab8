"""Power factor and its rate, judged by the printed table."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingdu.core.power_factor import (
    NO_POWER_FACTOR,
    UnknownPowerFactorStandard,
    power_factor_pct,
    power_factor_rate,
    power_factor_table,
)
from tables import worked_cases

PRINTED = worked_cases("power_factor")
ROUNDING = worked_cases("power_factor_rounding")


@pytest.mark.parametrize("standard", ["0.90", "0.85", "0.80"])
def test_equals_the_printed_table(standard: str) -> None:
    table = power_factor_table(int(Decimal(standard) * 100))
    made = {row["power_factor"]: int(table[int(Decimal(row["power_factor"]) * 100)]) for row in PRINTED}
    printed = {
        row["power_factor"]: int(Decimal(row[f"rate_pct_standard_{standard}"]) * 100) for row in PRINTED
    }
    assert len(printed) == 51
    assert made == printed


def test_keeps_the_last_step_below_the_printed_table() -> None:
    assert power_factor_table(90)[[50, 49, 0]].tolist() == [4500, 4700, 14500]


@pytest.mark.parametrize("case", ROUNDING, ids=[case["source"] for case in ROUNDING])
def test_rounds_the_worked_factor(case: dict[str, str]) -> None:
    factor = power_factor_pct(np.array([int(case["energy_kwh"])]), np.array([int(case["reactive_kvarh"])]))
    expected = int(Decimal(case["power_factor"]) * 100) if case["power_factor"] else NO_POWER_FACTOR
    assert factor.tolist() == [expected]


@given(energy=st.integers(1, 10**9), reactive=st.integers(0, 10**9))
@settings(deadline=None)
def test_agrees_with_decimal_roots(energy: int, reactive: int) -> None:
    with localcontext() as context:
        context.prec = 60
        factor = Decimal(energy) / (Decimal(energy) ** 2 + Decimal(reactive) ** 2).sqrt()
        expected = int((factor * 100).quantize(Decimal(1), ROUND_HALF_UP))
    assert power_factor_pct(np.array([energy]), np.array([reactive])).tolist() == [expected]


def test_adjusts_nothing_without_a_factor() -> None:
    assert power_factor_rate(90, np.array([NO_POWER_FACTOR, 90, 85])).tolist() == [0, 0, 250]


def test_refuses_a_standard_without_table() -> None:
    with pytest.raises(UnknownPowerFactorStandard):
        power_factor_table(95)
