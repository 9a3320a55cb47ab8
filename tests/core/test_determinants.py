"""From registers to energy: roll-over, total against periods, missing and negative quantities."""

from __future__ import annotations

import numpy as np
import pytest

from mingdu.core.determinants import (
    MissingDeterminant,
    NegativeEnergy,
    reconcile_periods,
    refuse_negative,
    register_energy_wh,
    require,
)
from mingdu.core.registers import Register


def column(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def test_takes_the_difference_and_one_roll_over() -> None:
    start, end = column(10_000, 99_999_999, 5), column(16_000, 0, 5)
    energy = register_energy_wh(start, end, column(10**8, 10**8, 10**8), column(10_000, 10, 10))
    assert energy.tolist() == [60_000_000, 10, 0]


def test_mends_flat_within_one_digit_each_and_marks_the_rest() -> None:
    periods = {
        Register.PEAK: column(100, 100, 100, 100, 200),
        Register.FLAT: column(100, 100, 100, 100, 0),
        Register.VALLEY: column(100, 100, 100, 100, 100),
    }
    total = column(300, 330, 270, 340, 290)
    mended, disagree = reconcile_periods(total, periods, column(30, 30, 30, 30, 30))
    assert mended[Register.FLAT].tolist() == [100, 130, 70, 100, 0]
    assert disagree.tolist() == [False, False, False, True, True]
    assert mended[Register.PEAK].tolist() == periods[Register.PEAK].tolist()


def test_lets_periods_without_flat_stand() -> None:
    periods = {Register.PEAK: column(100, 100), Register.VALLEY: column(100, 100)}
    mended, disagree = reconcile_periods(column(210, 230), periods, column(20, 20))
    assert mended[Register.PEAK].tolist() == [100, 100]
    assert disagree.tolist() == [False, True]


def test_names_the_row_below_zero() -> None:
    with pytest.raises(NegativeEnergy) as refused:
        refuse_negative("energy of TOTAL", column(1, -2, -3))
    assert refused.value.values == {"quantity": "energy of TOTAL", "row": 1, "value": -2}


def test_names_the_missing_quantity() -> None:
    with pytest.raises(MissingDeterminant) as refused:
        require("demand", None)
    assert refused.value.values == {"quantity": "demand"}
