"""Findings (异常) of the validation rules, as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np

from mingdu.core.types import Bytes, Ints


class Rule(IntEnum):
    """The seven rules. The numbers are stored; never renumber them."""

    GAP = 1
    SPIKE = 2
    NEGATIVE = 3
    STUCK = 4
    OVER_CAPACITY = 5
    ROLL_OVER = 6
    TOTAL_AGAINST_PERIODS = 7


class Severity(IntEnum):
    """What a finding does: tell, open a task, or hold the bill until a person has explained it."""

    NOTICE = 1
    TASK = 2
    HOLD = 3


@dataclass(frozen=True)
class Thresholds:
    """
    Limits of the rules and of the fills; read from rules/validation.

    Factors are in thousandths: 1,200 is 1.2 times.
    """

    gap_intervals: int
    spike_capacity_permille: int
    spike_like_hours_permille: int
    stuck_hours: int
    stuck_mean_wh: int
    over_capacity_permille: int
    over_capacity_intervals: int
    period_tolerance_digits: int
    linear_minutes: int
    like_days_minutes: int
    severities: Mapping[Rule, Severity]


@dataclass(frozen=True)
class Findings:
    """
    One entry a finding, in the order of row, day, rule and interval.

    row          int64  row of the block
    day          int64  day number
    rule         uint8  Rule
    first, last  int64  first and last interval of the day; the whole day for findings of registers
    measured     int64  the figure: intervals (GAP, STUCK), digits (TOTAL_AGAINST_PERIODS), else Wh
    threshold    int64  the limit it broke, in the same unit
    severity     uint8  Severity
    """

    row: Ints
    day: Ints
    rule: Bytes
    first: Ints
    last: Ints
    measured: Ints
    threshold: Ints
    severity: Bytes

    def __len__(self) -> int:
        return len(self.row)


def join_findings(parts: Sequence[Findings]) -> Findings:
    """Join findings of several rules and bring them into order."""
    names = [field.name for field in fields(Findings)]
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    order = np.lexsort((joined["measured"], joined["first"], joined["rule"], joined["day"], joined["row"]))
    return Findings(**{name: column[order] for name, column in joined.items()})
