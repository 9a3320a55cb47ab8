from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingdu.wire.exchange.numbers import (
    MOST_DECIMALS,
    BadNumber,
    gather,
    read_number,
    read_numbers,
    rescale,
    write_number,
)
from mingdu.wire.exchange.units import read_unit, write_unit


@pytest.mark.parametrize(
    ("text", "digits", "exponent", "rounded"),
    [
        ("12345.67", 1234567, -2, False),
        ("-0.5", -5, -1, False),
        (".25", 25, -2, False),
        ("7.", 7, 0, False),
        (" 12 ", 12, 0, False),
        ("0.30000000000000004", 3, -1, True),
        ("0.028999999999999998", 29, -3, True),
        ("1.4529999", 1453, -3, True),
        ("1.5e-3", 15, -4, False),
        ("2E3", 2000, 0, False),
        ("0.0000005", 1, -6, True),
        ("-0.0000005", -1, -6, True),
        ("0.00000000000000000001", 0, 0, True),
    ],
)
def test_reads_a_text_exactly_and_rounds_only_what_float_left(
    text: str, digits: int, exponent: int, rounded: bool
) -> None:
    assert read_number(text, line=1) == (digits, exponent, rounded)


@pytest.mark.parametrize(
    "text", ["", "1,5", "1_0", "０", "nan", "inf", "--1", "1e9999", "9" * 19, "1" * 41, "1e17"]
)
def test_refuses_what_is_no_number_of_a_meter(text: str) -> None:
    with pytest.raises(BadNumber) as refused:
        read_number(text, line=7, column=3)
    assert refused.value.values["line"] == 7
    assert "column" in refused.value.values


@given(st.lists(st.decimals(min_value=-(10**9), max_value=10**9, places=9), min_size=1, max_size=8))
@settings(deadline=None)
def test_a_column_holds_the_same_values_as_decimal(values: list[Decimal]) -> None:
    column = read_numbers([format(value, "f") for value in values], line=1)
    step = Decimal(1).scaleb(-MOST_DECIMALS)
    expected = [value.quantize(step, ROUND_HALF_UP) for value in values]
    assert [Decimal(int(each)).scaleb(column.exponent) for each in column.digits] == expected
    assert list(column.rounded) == [kept != value for kept, value in zip(expected, values, strict=True)]


def test_a_row_may_have_other_decimals_in_every_value_and_no_comma_in_any() -> None:
    column = read_numbers(["0", "0.25", "-1.5"], line=1)
    assert (list(column.digits), column.exponent) == ([0, 25, -150], -2)
    assert read_numbers([], line=1).digits.dtype == np.int64
    for text in ("1,2", ",", "1,"):
        with pytest.raises(BadNumber):
            read_numbers(["1", text], line=1)


def test_a_large_value_beside_a_fine_one_is_refused() -> None:
    with pytest.raises(BadNumber):
        gather([(10**17, 0, False), (1, -6, False)], lines=[1, 2])


@given(st.integers(-(10**15), 10**15), st.integers(-6, 2))
@settings(deadline=None)
def test_what_is_written_reads_back(digits: int, exponent: int) -> None:
    text = write_number(digits, exponent)
    assert Decimal(text) == Decimal(digits).scaleb(exponent)


def test_scales_up_and_down_without_loss_or_refuses() -> None:
    column = np.array([1500, -2000], np.int64)
    assert list(rescale(column, -3, -4)) == [15000, -20000]
    assert list(rescale(column, -3, -1)) == [15, -20]
    with pytest.raises(ValueError, match="without loss"):
        rescale(column, -3, 0)
    with pytest.raises(ValueError, match="too large"):
        rescale(np.array([10**17]), 0, -3)


def test_knows_units_in_any_letters_and_keeps_milli_from_mega() -> None:
    names = ["KWH", "kWh", "MWH", "mWh", "千瓦时", "度", "kvarh", "V", "furlong"]
    assert [read_unit(name) for name in names] == [
        ("Wh", 3), ("Wh", 3), ("Wh", 6), ("Wh", -3), ("Wh", 3), ("Wh", 3), ("varh", 3), ("V", 0), None,
    ]  # fmt: skip
    assert write_unit("Wh", 3) == "kWh"
    with pytest.raises(ValueError, match="prefix"):
        write_unit("Wh", 7)
