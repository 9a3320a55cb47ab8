"""Amounts in Chinese capitals: the clause's own examples, a twin by text, bounds."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mingdu.core.capitals import END_FEN, AmountNotWritable, capitals
from tables import worked_cases

CASES = worked_cases("capitals")
UNITS = "仟佰拾亿仟佰拾万仟佰拾元角分"


def twin(amount_fen: int) -> str:
    """Write every digit with its unit, then strike out what nobody says."""
    text = "".join(
        "零壹贰叁肆伍陆柒捌玖"[int(digit)] + unit
        for digit, unit in zip(f"{amount_fen:014d}", UNITS, strict=True)
    )
    yuan, part = text[:-4], text[-4:]
    yuan = re.sub("零+", "零", re.sub("零[仟佰拾]", "零", yuan))
    yuan = yuan.replace("零亿", "亿").replace("零万", "万").replace("亿万", "亿零").replace("零零", "零")
    yuan = re.sub("零元$", "元零", re.sub("^[零亿万]+", "", yuan.replace("亿零元", "亿元零")))
    yuan = "" if yuan in ("元", "元零") else yuan
    part = part.replace("零角零分", "整").replace("零分", "").replace("零角", "零")
    if part == "整":
        return (yuan.removesuffix("零") or "零元") + part
    return (yuan + part).replace("零零", "零").lstrip("零")


@pytest.mark.parametrize("case", CASES, ids=[case["amount_fen"] for case in CASES])
def test_writes_the_worked_case(case: dict[str, str]) -> None:
    assert capitals(int(case["amount_fen"])) == case["capitals"]


@given(st.integers(0, END_FEN - 1) | st.integers(0, 10**7) | st.sampled_from([10**n for n in range(14)]))
@example(1_0000_5000_00)
@example(1_0020_0000_00)
def test_agrees_with_the_twin(amount_fen: int) -> None:
    assert capitals(amount_fen) == twin(amount_fen)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_two_amounts_are_never_written_alike(one: int, other: int) -> None:
    assert (capitals(one) == capitals(other)) == (one == other)


@pytest.mark.parametrize("amount_fen", [-1, END_FEN])
def test_refuses_what_no_receipt_carries(amount_fen: int) -> None:
    with pytest.raises(AmountNotWritable):
        capitals(amount_fen)
