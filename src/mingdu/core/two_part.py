"""The basic charge of a two-part tariff (两部制基本电费): billed demand and its price."""

from __future__ import annotations

import numpy as np

from mingdu.core.money import BASIS_POINTS
from mingdu.core.types import Ints

# A demand customer with at least so many kWh a kVA and month pays nine tenths of the price.
RULE_260_KWH_PER_KVA = 260
DEMAND_PRICE_PARTS = 10
REDUCED_PARTS = 9


def billed_demand_w(demand_w: Ints, contract_w: Ints, band_basis_points: int) -> Ints:
    """
    Demand to pay under a contract demand (合约最大需量).

    Not above the band: the contract value. Above: the actual one plus once more the part over the band.

    demand_w           int64 (account,)  greatest demand of the month [W]
    contract_w         int64 (account,)  [W]
    band_basis_points  10,500 for 105 %
    returns            int64 (account,)  half up to a whole W [W]
    source             发改办价格〔2016〕1583号; worked cases in tests/golden/billed_demand.csv
    """
    limit = contract_w * band_basis_points
    over = np.maximum(demand_w * BASIS_POINTS - limit, 0)
    over_w = (over + BASIS_POINTS // 2) // BASIS_POINTS
    return np.where(over > 0, demand_w + over_w, contract_w)


def demand_price(price_nyuan_per_kw: int, energy_wh: Ints, capacity_va: Ints | None, rule_260: bool) -> Ints:
    """
    Price of a kW: nine tenths where the month's energy reaches 260 kWh a kVA.

    energy_wh    int64 (account,)  metered energy over all the customer's metering points [Wh]
    capacity_va  int64 (account,)  contract transformer capacity; not needed without the rule [VA]
    returns      int64 (account,)  [nyuan/kW, in DEMAND_PRICE_PARTS]
    source       Zhejiang text of the rule; Yunnan's own text not seen
    """
    full = np.full_like(energy_wh, price_nyuan_per_kw * DEMAND_PRICE_PARTS)
    if not rule_260 or capacity_va is None:
        return full
    reaches = energy_wh >= RULE_260_KWH_PER_KVA * capacity_va
    return np.where(reaches, price_nyuan_per_kw * REDUCED_PARTS, full)
