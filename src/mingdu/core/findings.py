"""Findings (异常) of the validation rules, as columns, and the limits that they are judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np

from mingdu.core.types import Bytes, Ints


class Rule(IntEnum):
    """
    The rules. The numbers are stored; never renumber them. 23 is kept for the balance of areas (台区线损).

    DROP, ZERO_AFTER_USE, USE_AFTER_ZERO  a day against the point's own days before (突减等)
    RESET                                 a register that fell to about zero (表底清零)
    SHIFTED_INTERVALS                     the curve fits the registers only when moved (曲线错位)
    SWAPPED_METERS                        two points of an area whose meters changed places (串户)
    """

    GAP = 1
    SPIKE = 2
    NEGATIVE = 3
    STUCK = 4
    OVER_CAPACITY = 5
    ROLL_OVER = 6
    TOTAL_AGAINST_PERIODS = 7
    DROP = 8
    ZERO_AFTER_USE = 9
    USE_AFTER_ZERO = 10
    RESET = 11
    REGISTERS_AGAINST_INTERVALS = 12
    UNEXPECTED_REVERSE = 13
    VOLTAGE_LIMIT = 14
    CURRENT_LIMIT = 15
    POWER_FACTOR_LIMIT = 16
    PHASE_LOSS = 17
    MULTIPLIER_SUSPICION = 18
    CLOCK_DRIFT = 19
    DUPLICATE_INTERVALS = 20
    SHIFTED_INTERVALS = 21
    DEMAND_AGAINST_INTERVALS = 22
    SWAPPED_METERS = 24
    FIRST_READING = 25
    PROVISIONAL_TOO_OFTEN = 26
    USE_WHILE_SUSPENDED = 27
    EXCHANGE_WITHOUT_READINGS = 28


class Severity(IntEnum):
    """What a finding does: tell, open a task, or hold the bill until a person has explained it."""

    NOTICE = 1
    TASK = 2
    HOLD = 3


# The severity of a rule that does not hold for a point.
OFF = 0


class Limit(IntEnum):
    """
    The figures of the rules and fills: columns of Thresholds, not stored anywhere.

    Those that end in TIMES or SHARE are in thousandths: 1,200 is 1.2 times.
    """

    GAP_INTERVALS = 0
    SPIKE_CAPACITY_TIMES = 1
    SPIKE_LIKE_HOURS_TIMES = 2
    STUCK_HOURS = 3
    STUCK_MEAN_WH = 4
    OVER_CAPACITY_TIMES = 5
    OVER_CAPACITY_INTERVALS = 6
    PERIOD_DIGITS = 7
    DROP_MEAN_SHARE = 8
    DROP_MEAN_WH = 9
    DROP_DAYS = 10
    ZERO_MEAN_WH = 11
    ZERO_DAYS = 12
    USE_WH = 13
    USE_ZERO_DAYS = 14
    INTERVALS_DIGITS = 15
    INTERVALS_SHARE = 16
    REVERSE_WH = 17
    VOLTAGE_NOMINAL_DV = 18
    VOLTAGE_LOW_SHARE = 19
    VOLTAGE_HIGH_SHARE = 20
    VOLTAGE_INTERVALS = 21
    CURRENT_CAPACITY_TIMES = 22
    CURRENT_NOMINAL_DV = 23
    CURRENT_INTERVALS = 24
    FACTOR_LEAST_SHARE = 25
    FACTOR_LOAD_SHARE = 26
    FACTOR_INTERVALS = 27
    LOSS_NOMINAL_DV = 28
    LOSS_LOW_SHARE = 29
    LOSS_OTHER_SHARE = 30
    LOSS_INTERVALS = 31
    MULTIPLIER_NEAR_SHARE = 32
    MULTIPLIER_DAYS = 33
    MULTIPLIER_CAPACITY_W = 34
    CLOCK_MINUTES = 35
    DUPLICATE_INTERVALS = 36
    DUPLICATE_CHANGES = 37
    SHIFT_INTERVALS = 38
    DEMAND_SHARE = 39
    SWAP_TIMES = 40
    SWAP_NEAR_SHARE = 41
    SWAP_DAYS = 42
    PROVISIONAL_DAYS = 43
    SUSPENDED_WH = 44
    LINEAR_MINUTES = 45
    LIKE_DAYS_MINUTES = 46
    LINEAR_LOW_SHARE = 47
    LINEAR_HIGH_SHARE = 48
    LIKE_DAYS_LOW_SHARE = 49
    LIKE_DAYS_HIGH_SHARE = 50
    PROFILE_LOW_SHARE = 51
    PROFILE_HIGH_SHARE = 52
    FLAT_LOW_SHARE = 53
    FLAT_HIGH_SHARE = 54


@dataclass(frozen=True)
class Thresholds:
    """
    Limits of the rules and of the fills for a few kinds of points; read from rules/validation.

    A kind is one combination of customer class and meter model; `PointFacts.kind` says which is a point's.
    limits    int64 (kind, limit)  by Limit
    severity  uint8 (kind, rule)   Severity by the number of the rule; OFF where it does not hold
    ratios    int64 (ratio,)       usual ratios of current transformers, rising
    """

    limits: Ints
    severity: Bytes
    ratios: Ints

    def of(self, limit: Limit, kind: Ints) -> Ints:
        """Return the figure that holds for each of some kinds."""
        figures: Ints = self.limits[kind, limit]
        return figures

    def severity_of(self, rule: Rule, kind: Ints) -> Bytes:
        """Return what a finding of the rule does, for each of some kinds."""
        severity: Bytes = self.severity[kind, rule]
        return severity

    def is_on(self, rule: Rule) -> bool:
        """Tell whether the rule holds for any kind at all."""
        return bool((self.severity[:, rule] != OFF).any())


@dataclass(frozen=True)
class Findings:
    """
    One entry a finding, in the order of row, day, rule and interval.

    row          int64  row of the block
    day          int64  day number
    rule         uint8  Rule
    first, last  int64  first and last interval of the day; the whole day for findings of registers
    measured     int64  the figure, in the rule's own unit: see `FIGURE_UNIT`
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


class Unit(IntEnum):
    """In what a rule's figure and threshold are told; the last digits of some are behind the point."""

    WATT_HOUR = 0
    INTERVAL = 1
    DIGIT = 2
    DECIVOLT = 3
    MILLIAMPERE = 4
    THOUSANDTH = 5
    MINUTE = 6
    WATT = 7
    DAY = 8
    COUNT = 9


FIGURE_UNIT = {
    Rule.GAP: Unit.INTERVAL,
    Rule.SPIKE: Unit.WATT_HOUR,
    Rule.NEGATIVE: Unit.WATT_HOUR,
    Rule.STUCK: Unit.INTERVAL,
    Rule.OVER_CAPACITY: Unit.WATT_HOUR,
    Rule.ROLL_OVER: Unit.WATT_HOUR,
    Rule.TOTAL_AGAINST_PERIODS: Unit.DIGIT,
    Rule.DROP: Unit.WATT_HOUR,
    Rule.ZERO_AFTER_USE: Unit.WATT_HOUR,
    Rule.USE_AFTER_ZERO: Unit.WATT_HOUR,
    Rule.RESET: Unit.WATT_HOUR,
    Rule.REGISTERS_AGAINST_INTERVALS: Unit.WATT_HOUR,
    Rule.UNEXPECTED_REVERSE: Unit.WATT_HOUR,
    Rule.VOLTAGE_LIMIT: Unit.DECIVOLT,
    Rule.CURRENT_LIMIT: Unit.MILLIAMPERE,
    Rule.POWER_FACTOR_LIMIT: Unit.THOUSANDTH,
    Rule.PHASE_LOSS: Unit.DECIVOLT,
    Rule.MULTIPLIER_SUSPICION: Unit.THOUSANDTH,
    Rule.CLOCK_DRIFT: Unit.MINUTE,
    Rule.DUPLICATE_INTERVALS: Unit.INTERVAL,
    Rule.SHIFTED_INTERVALS: Unit.MINUTE,
    Rule.DEMAND_AGAINST_INTERVALS: Unit.WATT,
    Rule.SWAPPED_METERS: Unit.THOUSANDTH,
    Rule.FIRST_READING: Unit.WATT_HOUR,
    Rule.PROVISIONAL_TOO_OFTEN: Unit.DAY,
    Rule.USE_WHILE_SUSPENDED: Unit.WATT_HOUR,
    Rule.EXCHANGE_WITHOUT_READINGS: Unit.COUNT,
}


def join_findings(parts: Sequence[Findings]) -> Findings:
    """Join findings of several rules and bring them into order."""
    names = [field.name for field in fields(Findings)]
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    order = np.lexsort((joined["measured"], joined["first"], joined["rule"], joined["day"], joined["row"]))
    return Findings(**{name: column[order] for name, column in joined.items()})
