from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingdu.wire.dlt645.bcd import NotBcd, TooLong, decimal_text, read_bcd, write_bcd
from wire.dlt645.twin import plain_number


@given(st.integers(1, 8).flatmap(lambda width: st.tuples(st.just(width), st.integers(0, 100**width - 1))))
def test_numbers_come_back_from_their_bytes(case: tuple[int, int]) -> None:
    width, digits = case
    assert read_bcd(write_bcd(digits, width)) == digits


@given(st.integers(-79_999_999, 79_999_999))
def test_signed_numbers_come_back_from_their_bytes(digits: int) -> None:
    assert read_bcd(write_bcd(digits, 4, signed=True), signed=True) == digits


@given(st.binary(min_size=1, max_size=6), st.booleans(), st.integers(0, 4))
def test_agrees_with_the_plain_twin(raw: bytes, signed: bool, decimals: int) -> None:
    judge = plain_number(list(raw), decimals, signed)
    if judge is None:
        with pytest.raises(NotBcd):
            read_bcd(raw, signed=signed)
    else:
        assert decimal_text(read_bcd(raw, signed=signed), decimals) == str(judge)


@pytest.mark.parametrize("raw", [b"", b"\x0a", b"\xa0", b"\xff\xff"])
def test_refuses_what_is_not_decimal(raw: bytes) -> None:
    with pytest.raises(NotBcd):
        read_bcd(raw)


@pytest.mark.parametrize(
    ("digits", "width", "signed"), [(100, 1, False), (-1, 2, False), (80, 1, True), (-80, 1, True)]
)
def test_refuses_a_number_that_does_not_fit(digits: int, width: int, signed: bool) -> None:
    with pytest.raises(TooLong):
        write_bcd(digits, width, signed=signed)


@pytest.mark.parametrize(
    ("digits", "decimals", "printed"),
    [(1_234_567, 2, "12345.67"), (5, 4, "0.0005"), (-5, 2, "-0.05"), (7, 0, "7"), (0, 2, "0.00")],
)
def test_prints_the_decimals_of_the_format(digits: int, decimals: int, printed: str) -> None:
    assert decimal_text(digits, decimals) == printed


@given(st.integers(-(10**12), 10**12), st.integers(0, 6))
def test_prints_what_decimal_prints(digits: int, decimals: int) -> None:
    assert decimal_text(digits, decimals) == f"{Decimal(digits).scaleb(-decimals):f}"
