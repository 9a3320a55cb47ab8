"""Decimal text that was typed, as whole digits."""

from __future__ import annotations

import re

# No register and no interval has more places before the point.
_VALUE = re.compile(r"(-?)([0-9]{1,9})(?:\.([0-9]{1,6}))?")


def digits_of(text: str, decimals: int) -> int | None:
    """Return decimal text as digits with so many places behind the point; None: it is none, or has more."""
    typed = _VALUE.fullmatch(text)
    part = (typed[3] or "") if typed else ""
    if typed is None or len(part) > decimals:
        return None
    return int(typed[1] + typed[2] + part.ljust(decimals, "0"))
