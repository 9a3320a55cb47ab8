"""Rated bills as columns: what `rate` returns and bills are written from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mingdu.core.billed_energy import BilledEnergy
from mingdu.core.registers import Register
from mingdu.core.tariff import Provenance, Unit
from mingdu.core.types import Flags, Ints


@dataclass(frozen=True)
class RatedLine:
    """
    One line of every account's bill; all columns are (account,).

    quantity         int64  thousandths of the unit [Wh, W, VA]; for unit CNY the base [fen]
    price            int64  [nyuan / price_parts a unit]; for unit CNY the rate [basis points]
    amount_fen       int64  zero where the line is not shown [fen]
    shown            bool   whether the account's bill has this line
    """

    id: str
    unit: Unit
    quantity: Ints
    price: Ints
    price_parts: int
    amount_fen: Ints
    shown: Flags
    in_power_factor: bool
    registers: tuple[Register, ...]
    provenance: Provenance


@dataclass(frozen=True)
class RatedBills:
    """
    The lines of a column of bills in printed order, shares already included, and derived quantities.

    power_factor_pct  int64 (account,) hundredths or NO_POWER_FACTOR; None where the tariff has no standard
    billed_demand_w   int64 (account,) None where no demand is paid [W]
    """

    lines: tuple[RatedLine, ...]
    included: tuple[RatedLine, ...]
    energy: BilledEnergy
    power_factor_pct: Ints | None
    billed_demand_w: Ints | None

    @property
    def total_fen(self) -> Ints:
        """Sum of the rounded lines, int64 (account,) [fen]."""
        total: Ints = np.sum([line.amount_fen for line in self.lines], axis=0, dtype=np.int64)
        return total
