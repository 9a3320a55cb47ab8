"""What a bill is computed from (计费量): columns over accounts, and how registers become energy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from mingdu.core.registers import Register
from mingdu.core.transformer_loss import Losses
from mingdu.core.types import Flags, Ints
from mingdu.errors import TradeError


class NegativeEnergy(TradeError):
    """A quantity that can only grow is below zero."""

    next_step = "look at the readings: an exchange, a reversed meter or a typing error"


class MissingDeterminant(TradeError):
    """The tariff needs a quantity that the account does not have."""

    next_step = "give the quantity, or put the account on another tariff"


class RegisterNotPriced(TradeError):
    """Energy was counted by a register for which the tariff has no ratio."""

    next_step = "map the register to a priced period in the meter's file, or price it in the tariff"


@dataclass(frozen=True)
class Determinants:
    """
    Columns of equal length, one row an account; None where the tariff does not ask for the quantity.

    energy_wh       int64 (account,) a register: TOTAL, or one a period [Wh]
    reactive_varh   int64 (account,) |forward| + |reverse| [varh]
    demand_w        int64 (account,) greatest demand of the month [W]
    contract_w      int64 (account,) contract demand [W]
    capacity_va     int64 (account,) contract transformer capacity [VA]
    used_before_wh  int64 (account,) energy already billed on the same tier bounds [Wh]
    months          int64 (account,) months billed (monthly bounds) or used of the supply year; None: 1 or 12
    losses          by row, only for the few accounts that have them
    """

    energy_wh: Mapping[Register, Ints]
    reactive_varh: Ints | None = None
    demand_w: Ints | None = None
    contract_w: Ints | None = None
    capacity_va: Ints | None = None
    used_before_wh: Ints | None = None
    months: Ints | None = None
    losses: Mapping[int, Losses] = field(default_factory=dict)


def register_energy_wh(start: Ints, end: Ints, register_range: Ints, wh_per_digit: Ints) -> Ints:
    """
    Energy between two readings; an end below the start means that the register rolled over (翻转) once.

    start, end      int64 (register,)  whole digits, below the range
    register_range  int64 (register,)  digits at which the register begins again: 10⁸ for XXXXXX.XX
    wh_per_digit    int64 (register,)  Wh of one digit after the multiplier
    returns         int64 (register,)  [Wh]
    source          facts 5.1; whether a roll-over is believable is for the caller to judge
    """
    return np.where(end < start, end + register_range - start, end - start) * wh_per_digit


def reconcile_periods(
    total_wh: Ints, period_wh: Mapping[Register, Ints], tolerance_wh: Ints
) -> tuple[dict[Register, Ints], Flags]:
    """
    Hold the sum of the periods against the total register: flat = total − the others within the tolerance.

    total_wh      int64 (account,)           [Wh]
    period_wh     int64 (account,) a period  [Wh]
    tolerance_wh  int64 (account,)           one digit of every period register, after the multiplier [Wh]
    returns       (the periods, flat mended; bool (account,) where they disagree: a finding, no bill)
    source        our ruling; where no register counts flat the periods stand as read
    """
    difference = total_wh - sum(period_wh.values(), start=np.zeros_like(total_wh))
    disagree = np.abs(difference) > tolerance_wh
    mended = dict(period_wh)
    if Register.FLAT in mended:
        flat = mended[Register.FLAT] + np.where(disagree, 0, difference)
        disagree = disagree | (flat < 0)
        mended[Register.FLAT] = np.where(flat < 0, mended[Register.FLAT], flat)
    return mended, disagree


def refuse_negative(name: str, column: Ints | None) -> None:
    """Raise NegativeEnergy with the first row below zero."""
    if column is not None and column.size and int(column.min()) < 0:
        row = int(np.argmax(column < 0))
        raise NegativeEnergy(f"{name} is negative", quantity=name, row=row, value=int(column[row]))


def require(name: str, column: Ints | None) -> Ints:
    """Return the column, or raise MissingDeterminant."""
    if column is None:
        raise MissingDeterminant(f"the tariff needs {name}", quantity=name)
    return column
