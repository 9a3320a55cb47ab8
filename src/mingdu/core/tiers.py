"""Rising tiers (阶梯电价): how much of each account's energy lies in each tier."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from mingdu.core.types import Ints
from mingdu.errors import TradeError

MONTHS_OF_YEAR = 12


class BadTiers(TradeError):
    """The tiers of a tariff do not rise, or do not cover every kWh."""

    next_step = "correct the steps: bounds that rise, prices that do not fall, the last bound open"


def check_tiers(start_wh: Sequence[int], price_nyuan_per_kwh: Sequence[int]) -> None:
    """
    Refuse tiers whose first start is not 0, whose starts do not rise or whose prices fall.

    raises  BadTiers
    """
    starts, prices = list(start_wh), list(price_nyuan_per_kwh)
    if not starts or starts[0] != 0:
        raise BadTiers("the first tier does not begin at 0", start_wh=starts)
    if any(later <= earlier for earlier, later in pairwise(starts)):
        raise BadTiers("the bounds of the tiers do not rise", start_wh=starts)
    if any(later < earlier for earlier, later in pairwise(prices)):
        raise BadTiers("the prices of the tiers fall", price_nyuan_per_kwh=prices)


def energy_by_tier(energy_wh: Ints, tier_start_wh: Ints, used_before_wh: Ints | None = None) -> list[Ints]:
    """
    Split each account's energy over the tiers; a kWh at the bound belongs to the lower tier.

    energy_wh       int64 (account,)                 energy of the bill, zero or more [Wh]
    tier_start_wh   int64 (tier,) or (tier, account) where each tier begins: 0, rising; last open [Wh]
    used_before_wh  int64 (account,) or None         energy of earlier bills on the same bounds [Wh]
    returns         one int64 (account,) a tier      their sum is energy_wh [Wh]
    source          鲁发改价格〔2019〕509号 for bounds and yearly sums; worked cases in tests/golden/tiers.csv
    """
    before = np.zeros_like(energy_wh) if used_before_wh is None else used_before_wh
    after = before + energy_wh
    # What lies above each start; the difference of two starts is what lies between them.
    above = [np.maximum(after, start) - np.maximum(before, start) for start in tier_start_wh]
    return [*(lower - upper for lower, upper in pairwise(above)), above[-1]]


def scale_to_months(tier_start_wh: Ints, months: Ints, months_of_bound: int) -> Ints:
    """
    Scale the bounds to the months that an account may use, half up to a whole Wh.

    tier_start_wh    int64 (tier,)           bounds for `months_of_bound` months [Wh]
    months           int64 (account,)        months billed, or months used of the supply year
    months_of_bound  1 for monthly bounds, 12 for yearly ones
    returns          int64 (tier, account)   [Wh]
    """
    scaled = tier_start_wh[:, np.newaxis] * months[np.newaxis, :]
    return (2 * scaled + months_of_bound) // (2 * months_of_bound)
