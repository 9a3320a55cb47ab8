"""The digits that a reader typed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mingdu.core.registers import Register
from mingdu.rounds.operations import BadFieldValue, FieldItem, NothingRead
from mingdu.rounds.operations.field_items import digits_of

NOW = datetime(2027, 1, 4, 1, 0, tzinfo=UTC)
ITEM = FieldItem("phone-7:1", 1, Register.TOTAL, "0", NOW, NOW)


@pytest.mark.parametrize(
    ("register", "value", "digits"),
    [
        (Register.TOTAL, "0", 0),
        (Register.TOTAL, "12345.67", 1_234_567),
        (Register.TOTAL, "12345.6", 1_234_560),
        (Register.TOTAL, "012345", 1_234_500),
        (Register.REACTIVE_FORWARD, "7.05", 705),
        (Register.DEMAND, "0.6123", 6_123),
        (Register.DEMAND, "0.61", 6_100),
    ],
)
def test_takes_what_a_register_can_show(register: Register, value: str, digits: int) -> None:
    assert digits_of(replace(ITEM, register=register, value=value)) == digits


@pytest.mark.parametrize(
    "value",
    [
        "", " ", "abc", "-1", "+1", "1.", ".5", "1,5", "1.234", "1e3", "1E+999999", "NaN", "Infinity", "１２",
        "1234567890", "1 2", "12\n",
    ],
)  # fmt: skip
def test_refuses_what_no_register_shows(value: str) -> None:
    with pytest.raises(BadFieldValue) as refusal:
        digits_of(replace(ITEM, value=value))
    assert refusal.value.values["value"] == value


def test_demand_has_four_decimals_and_no_more() -> None:
    with pytest.raises(BadFieldValue):
        digits_of(replace(ITEM, register=Register.DEMAND, value="0.61234"))


def test_refuses_a_value_that_was_not_read() -> None:
    with pytest.raises(NothingRead) as refusal:
        digits_of(replace(ITEM, value="123", outcome="no_access"))
    assert refusal.value.values == {"outcome": "no_access"}
