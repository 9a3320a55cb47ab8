"""
Decimal texts to whole digits with one exponent, and back; never through float.

Files made by programs that count in float hold texts as 0.028999999999999998. Every text is read exactly;
one with more than MOST_DECIMALS places is rounded half away from zero to so many, and marked as rounded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import numpy as np

from .series import BadRecord, Flags, Ints

MOST_DECIMALS: Final = 6
# The digits of one value, with those that the common exponent adds, fit int64 with this many.
MOST_DIGITS: Final = 18
MOST_CHARACTERS: Final = 40

UNIFORM: Final = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,6})?(?:,-?[0-9]{1,12}(?:\.[0-9]{1,6})?)*", re.ASCII)
PLAIN: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?|[+-]?\.[0-9]+", re.ASCII)
SCIENTIFIC: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)[eE][+-]?[0-9]{1,3}", re.ASCII)


class BadNumber(BadRecord):
    """A text that should be a decimal number is none, or has more digits than any meter."""


@dataclass(frozen=True, slots=True)
class Digits:
    """
    A column of numbers: value = digits · 10**exponent.

    digits    int64 (value,)
    rounded   bool (value,)   the text had more than MOST_DECIMALS places
    """

    digits: Ints
    exponent: int
    rounded: Flags


def read_number(text: str, *, line: int, column: int = 0) -> tuple[int, int, bool]:
    """
    Read one number.

    text      sign, digits, one point as the decimal mark; an exponent is allowed
    returns   digits, exponent (zero or negative, not below −MOST_DECIMALS), whether it was rounded
    raises    BadNumber
    """
    stripped = text.strip()
    if len(stripped) <= MOST_CHARACTERS and PLAIN.fullmatch(stripped):
        whole, _, behind = stripped.partition(".")
        if len(whole) + len(behind) <= MOST_DIGITS and len(behind) <= MOST_DECIMALS:
            return int(whole + behind), -len(behind), False
        return _read_long(stripped, line=line, column=column)
    if len(stripped) <= MOST_CHARACTERS and SCIENTIFIC.fullmatch(stripped):
        return _read_long(stripped, line=line, column=column)
    raise BadNumber(
        f"{text[:MOST_CHARACTERS]!r} is not a decimal number",
        line=line,
        column=column,
        value=text,
        expected="decimal number",
    )


def read_numbers(texts: Sequence[str], *, line: int, first_column: int = 1) -> Digits:
    """
    Read a row of numbers into one column with their finest exponent.

    raises   BadNumber: the first text that is no number, or too large beside one with many decimals
    """
    if quick := _read_uniform(texts):
        return quick
    read = [read_number(text, line=line, column=first_column + at) for at, text in enumerate(texts)]
    return gather(read, lines=[line] * len(read))


def gather(numbers: Sequence[tuple[int, int, bool]], *, lines: Sequence[int]) -> Digits:
    """
    Bring numbers that were read one by one to their finest exponent.

    raises   BadNumber: the digits of one do not fit then
    """
    exponent = min((each[1] for each in numbers), default=0)
    whole = [digits * 10 ** (own - exponent) for digits, own, _ in numbers]
    for value, line in zip(whole, lines, strict=True):
        if abs(value) >= 10**MOST_DIGITS:
            raise BadNumber(
                f"{value} has too many digits", line=line, value=value, expected="at most 18 digits"
            )
    rounded = np.array([each[2] for each in numbers], np.bool_)
    return Digits(np.array(whole, np.int64), exponent, rounded)


def write_number(digits: int, exponent: int) -> str:
    """Return the decimal text of digits · 10**exponent, with −exponent places."""
    if exponent >= 0:
        return str(int(digits) * 10**exponent)
    sign, shown = "-" if digits < 0 else "", str(abs(int(digits))).zfill(1 - exponent)
    return f"{sign}{shown[:exponent]}.{shown[exponent:]}"


def rescale(digits: Ints, exponent: int, target: int) -> Ints:
    """
    Return the same values at another exponent.

    raises   ValueError: digits would be lost or overflow; the caller chose the exponent
    """
    if target > exponent:
        factor = 10 ** (target - exponent)
        if np.any(digits % factor):
            raise ValueError(f"values at 10**{exponent} cannot be written at 10**{target} without loss")
        return np.asarray(digits // factor, np.int64)
    factor = 10 ** (exponent - target)
    largest = int(np.abs(digits).max(initial=0))
    if largest * factor >= 10**MOST_DIGITS:
        raise ValueError(f"{largest} at 10**{exponent} is too large to be written at 10**{target}")
    return np.asarray(digits * factor, np.int64)


def _read_uniform(texts: Sequence[str]) -> Digits | None:
    """The usual row, all with the same number of decimals, several times as fast; None for any other."""
    joined = ",".join(texts)
    # A text may hold a comma of its own, which the pattern would take for one between two.
    if joined.count(",") != len(texts) - 1 or not UNIFORM.fullmatch(joined):
        return None
    places = {len(text.partition(".")[2]) for text in texts}
    if len(places) != 1:
        return None
    digits = np.array([int(text.replace(".", "")) for text in texts], np.int64)
    return Digits(digits, -places.pop(), np.zeros(len(texts), np.bool_))


def _read_long(text: str, *, line: int, column: int) -> tuple[int, int, bool]:
    """Many decimals or an exponent: exactly by Decimal, then rounded to what is kept."""
    exact = Decimal(text)
    if exact.adjusted() >= MOST_DIGITS - MOST_DECIMALS:
        raise BadNumber(
            f"{text!r} is too large", line=line, column=column, value=text, expected="below 10**12"
        )
    kept = exact.quantize(Decimal(1).scaleb(-MOST_DECIMALS), rounding=ROUND_HALF_UP)
    digits, exponent = int(kept.scaleb(MOST_DECIMALS)), -MOST_DECIMALS
    # Trailing zeros are no digits of the meter: 0.028999999999999998 becomes 0.029, not 0.029000.
    while exponent < 0 and digits % 10 == 0:
        digits, exponent = digits // 10, exponent + 1
    return digits, exponent, kept != exact
