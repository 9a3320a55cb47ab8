"""Which limits a rule of the day close has in its file: key, unit, and the column of the thresholds."""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

from mingdu.core.findings import Limit, Rule
from mingdu.rulebook.document import Node

LARGEST_PERMILLE = 100_000
LARGEST_LIMIT = 1_000_000
MINUTES_PER_DAY = 24 * 60


class Measure(Enum):
    """How a limit is written in its file, and what it becomes."""

    WHOLE = "whole"
    TIMES = "times"
    VOLT = "V"
    KILOWATT = "kW"
    DAYS = "days"


class LimitKey(NamedTuple):
    """A limit of a rule file; `least` is the smallest value that makes sense, as it is kept."""

    limit: Limit
    measure: Measure
    least: int = 1


_W, _T, _V = Measure.WHOLE, Measure.TIMES, Measure.VOLT

RULE_LIMITS: Final[dict[Rule, dict[str, LimitKey]]] = {
    Rule.GAP: {"intervals": LimitKey(Limit.GAP_INTERVALS, _W)},
    Rule.SPIKE: {
        "capacity_times": LimitKey(Limit.SPIKE_CAPACITY_TIMES, _T),
        "like_hours_p99_times": LimitKey(Limit.SPIKE_LIKE_HOURS_TIMES, _T),
    },
    Rule.NEGATIVE: {},
    Rule.STUCK: {
        "zero_hours": LimitKey(Limit.STUCK_HOURS, _W),
        "mean_before_wh": LimitKey(Limit.STUCK_MEAN_WH, _W),
    },
    Rule.OVER_CAPACITY: {
        "capacity_times": LimitKey(Limit.OVER_CAPACITY_TIMES, _T),
        "intervals": LimitKey(Limit.OVER_CAPACITY_INTERVALS, _W),
    },
    Rule.ROLL_OVER: {},
    Rule.TOTAL_AGAINST_PERIODS: {"digits_each": LimitKey(Limit.PERIOD_DIGITS, _W)},
    Rule.DROP: {
        "mean_times": LimitKey(Limit.DROP_MEAN_SHARE, _T),
        "mean_before_wh": LimitKey(Limit.DROP_MEAN_WH, _W),
        "known_days": LimitKey(Limit.DROP_DAYS, _W),
    },
    Rule.ZERO_AFTER_USE: {
        "mean_before_wh": LimitKey(Limit.ZERO_MEAN_WH, _W),
        "known_days": LimitKey(Limit.ZERO_DAYS, _W),
    },
    Rule.USE_AFTER_ZERO: {
        "energy_wh": LimitKey(Limit.USE_WH, _W),
        "zero_days": LimitKey(Limit.USE_ZERO_DAYS, _W),
    },
    Rule.RESET: {},
    Rule.REGISTERS_AGAINST_INTERVALS: {
        "digits": LimitKey(Limit.INTERVALS_DIGITS, _W),
        "energy_times": LimitKey(Limit.INTERVALS_SHARE, _T, 0),
    },
    Rule.UNEXPECTED_REVERSE: {"energy_wh": LimitKey(Limit.REVERSE_WH, _W)},
    Rule.VOLTAGE_LIMIT: {
        "nominal": LimitKey(Limit.VOLTAGE_NOMINAL_DV, _V),
        "low_times": LimitKey(Limit.VOLTAGE_LOW_SHARE, _T),
        "high_times": LimitKey(Limit.VOLTAGE_HIGH_SHARE, _T),
        "intervals": LimitKey(Limit.VOLTAGE_INTERVALS, _W),
    },
    Rule.CURRENT_LIMIT: {
        "nominal": LimitKey(Limit.CURRENT_NOMINAL_DV, _V),
        "capacity_times": LimitKey(Limit.CURRENT_CAPACITY_TIMES, _T),
        "intervals": LimitKey(Limit.CURRENT_INTERVALS, _W),
    },
    Rule.POWER_FACTOR_LIMIT: {
        "least": LimitKey(Limit.FACTOR_LEAST_SHARE, _T),
        "load_times": LimitKey(Limit.FACTOR_LOAD_SHARE, _T),
        "intervals": LimitKey(Limit.FACTOR_INTERVALS, _W),
    },
    Rule.PHASE_LOSS: {
        "nominal": LimitKey(Limit.LOSS_NOMINAL_DV, _V),
        "low_times": LimitKey(Limit.LOSS_LOW_SHARE, _T),
        "other_times": LimitKey(Limit.LOSS_OTHER_SHARE, _T),
        "intervals": LimitKey(Limit.LOSS_INTERVALS, _W),
    },
    Rule.MULTIPLIER_SUSPICION: {
        "near_times": LimitKey(Limit.MULTIPLIER_NEAR_SHARE, _T),
        "known_days": LimitKey(Limit.MULTIPLIER_DAYS, _W),
        "transformer_capacity": LimitKey(Limit.MULTIPLIER_CAPACITY_W, Measure.KILOWATT),
    },
    Rule.CLOCK_DRIFT: {"minutes": LimitKey(Limit.CLOCK_MINUTES, _W)},
    Rule.DUPLICATE_INTERVALS: {
        "intervals": LimitKey(Limit.DUPLICATE_INTERVALS, _W),
        "changes": LimitKey(Limit.DUPLICATE_CHANGES, _W),
    },
    Rule.SHIFTED_INTERVALS: {"most_intervals": LimitKey(Limit.SHIFT_INTERVALS, _W)},
    Rule.DEMAND_AGAINST_INTERVALS: {"demand_times": LimitKey(Limit.DEMAND_SHARE, _T)},
    Rule.SWAPPED_METERS: {
        "level_times": LimitKey(Limit.SWAP_TIMES, _T),
        "near_times": LimitKey(Limit.SWAP_NEAR_SHARE, _T),
        "known_days": LimitKey(Limit.SWAP_DAYS, _W),
    },
    Rule.FIRST_READING: {},
    Rule.PROVISIONAL_TOO_OFTEN: {"days": LimitKey(Limit.PROVISIONAL_DAYS, _W)},
    Rule.USE_WHILE_SUSPENDED: {"energy_wh": LimitKey(Limit.SUSPENDED_WH, _W)},
    Rule.EXCHANGE_WITHOUT_READINGS: {},
}
FILL_LIMITS: Final = {
    "linear_minutes": LimitKey(Limit.LINEAR_MINUTES, _W),
    "like_days": LimitKey(Limit.LIKE_DAYS_MINUTES, Measure.DAYS),
}
# Between which shares of a fill the true energy lies, by its method.
UNCERTAINTY_LIMITS: Final = {
    "linear": (Limit.LINEAR_LOW_SHARE, Limit.LINEAR_HIGH_SHARE),
    "like_days": (Limit.LIKE_DAYS_LOW_SHARE, Limit.LIKE_DAYS_HIGH_SHARE),
    "profile": (Limit.PROFILE_LOW_SHARE, Limit.PROFILE_HIGH_SHARE),
    "flat": (Limit.FLAT_LOW_SHARE, Limit.FLAT_HIGH_SHARE),
}
# A file of the first schema knew nothing of it: anything up to three times.
UNKNOWN_UNCERTAINTY: Final = (0, 3000)


def read_limit(node: Node, key: str, known: LimitKey) -> int:
    """
    Return a limit as the kernels take it.

    raises  BadDocument: it is missing or out of range; BadUnit: it has another unit or more decimals
    """
    value, largest = _scaled(node.at(key), known.measure), LARGEST_LIMIT
    if known.measure is Measure.TIMES:
        largest = LARGEST_PERMILLE
        if not known.least <= value <= largest:
            raise node.bad(f"a factor lies above 0 and up to {LARGEST_PERMILLE // 1000}", key)
    elif known.measure is Measure.KILOWATT:
        largest = LARGEST_LIMIT * 1000
    elif known.measure is Measure.DAYS:
        largest = LARGEST_LIMIT * MINUTES_PER_DAY
    if not known.least <= value <= largest:
        raise node.bad(f"a limit lies between 1 and {LARGEST_LIMIT}", key)
    return value


def _scaled(node: Node, measure: Measure) -> int:
    if measure is Measure.TIMES:
        return node.scaled("times", 3)
    if measure is Measure.VOLT:
        return node.scaled("V", 1)
    if measure is Measure.KILOWATT:
        return node.scaled("kW", 3)
    return node.whole() * (MINUTES_PER_DAY if measure is Measure.DAYS else 1)
