"""Power-factor adjustment (力调电费): the factor of a month and the rate that follows from it."""

from __future__ import annotations

from math import isqrt

import numpy as np

from mingdu.core.types import Ints
from mingdu.errors import TradeError

# Steps of 〔83〕水电财字第215号: (down to this hundredth, basis points for each hundredth on the way).
SURCHARGE_STEPS = {
    90: ((70, 50), (65, 100), (0, 200)),
    85: ((65, 50), (60, 100), (0, 200)),
    80: ((60, 50), (55, 100), (0, 200)),
}
# Steps upwards: (up to this hundredth, basis points of reduction for each); above the last nothing more.
REDUCTION_STEPS = {90: ((95, 15),), 85: ((90, 10), (94, 15)), 80: ((90, 10), (92, 15))}
NO_POWER_FACTOR = -1


class UnknownPowerFactorStandard(TradeError):
    """The standard of a tariff is none of 0.90, 0.85, 0.80."""

    next_step = "write standard: 0.90, 0.85 or 0.80"


def power_factor_pct(energy_kwh: Ints, reactive_kvarh: Ints) -> Ints:
    """
    Power factor P / √(P² + Q²) of a month, half up to two decimals, without a floating number.

    energy_kwh      int64 (account,)  with losses [kWh]
    reactive_kvarh  int64 (account,)  |forward| + |reverse|, with losses [kvarh]
    returns         int64 (account,)  hundredths; NO_POWER_FACTOR where nothing flowed
    """
    pairs = zip(energy_kwh.tolist(), reactive_kvarh.tolist(), strict=True)
    return np.array([_hundredths(energy, reactive) for energy, reactive in pairs], dtype=np.int64)


def power_factor_table(standard_pct: int) -> Ints:
    """
    Rate for each power factor from 0.00 to 1.00.

    standard_pct  90, 85 or 80
    returns       int64 (101,)  basis points, + surcharge, − reduction
    raises        UnknownPowerFactorStandard
    source        〔83〕水电财字第215号; judged by the printed table in tests/golden/power_factor.csv
    """
    if standard_pct not in SURCHARGE_STEPS:
        raise UnknownPowerFactorStandard(
            f"no table for a power factor of {standard_pct} %", standard_pct=standard_pct
        )
    table = np.zeros(101, dtype=np.int64)
    for factor in range(standard_pct - 1, -1, -1):
        step = next(points for low, points in SURCHARGE_STEPS[standard_pct] if factor >= low)
        table[factor] = table[factor + 1] + step
    for factor in range(standard_pct + 1, 101):
        step = next((points for high, points in REDUCTION_STEPS[standard_pct] if factor <= high), 0)
        table[factor] = table[factor - 1] - step
    return table


def power_factor_rate(standard_pct: int, factor_pct: Ints) -> Ints:
    """
    Look up the rate of each account; zero where there is no power factor.

    factor_pct  int64 (account,)  hundredths or NO_POWER_FACTOR
    returns     int64 (account,)  basis points
    """
    rates = power_factor_table(standard_pct)[np.maximum(factor_pct, 0)]
    return np.where(factor_pct == NO_POWER_FACTOR, 0, rates)


def _hundredths(energy: int, reactive: int) -> int:
    square = energy * energy + reactive * reactive
    if square == 0:
        return NO_POWER_FACTOR
    # isqrt of the floored quotient is the floor of 200 P / √(P² + Q²), that is half-hundredths;
    # one more halving rounds them half up.
    return (isqrt(40_000 * energy * energy // square) + 1) // 2
