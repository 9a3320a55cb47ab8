"""Rows that cannot be taken: each gets its first error, all others go on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mingdu.core.types import Flags
from mingdu.errors import TradeError

# Which rows are hit, bool (row,), and the error of one of them.
Fault = tuple[Flags, Callable[[int], TradeError]]


def first_faults(rows: int, faults: list[Fault]) -> tuple[Flags, list[tuple[int, TradeError]]]:
    """
    Apply checks in their order; a row hit by several has the error of the first.

    returns  bool (row,) what is good; (row, error) of the others, by row
    """
    good = np.ones(rows, dtype=bool)
    found: list[tuple[int, TradeError]] = []
    for hit, explain in faults:
        found += [(row, explain(row)) for row in np.flatnonzero(hit & good).tolist()]
        good &= ~hit
    return good, sorted(found, key=lambda each: each[0])
