"""
Why one bill differs from another (电费变动原因): its factors are put in the other's place, one after another.

Each step rates the whole bill again with one factor more of the later bill. What a step changes is the amount
of its cause, so the causes sum to the difference in every fen, whatever the tariffs do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import accumulate, pairwise

import numpy as np

from mingdu.core.determinants import Determinants
from mingdu.core.rated import RatedBills
from mingdu.core.rating import rate
from mingdu.core.registers import PERIOD_REGISTERS, Register
from mingdu.core.tariff import BasicBy, Tariff
from mingdu.core.two_part import DEMAND_PRICE_PARTS
from mingdu.core.types import Ints


class Factor(StrEnum):
    """What made a bill higher or lower, in the order in which the factors are exchanged."""

    TIERS = "tiers"
    DAYS = "days"
    ENERGY = "energy"
    SHIFT = "shift"
    DEMAND = "demand"
    POWER_FACTOR = "power_factor"
    LOSSES = "losses"
    PRICE = "price"
    TARIFF = "tariff"


@dataclass(frozen=True)
class Billed:
    """What one bill was rated from: determinants of one row, and the days of its period."""

    tariff: Tariff
    determinants: Determinants
    days: int

    @property
    def energy_wh(self) -> int:
        """The energy that the tariff prices, before losses [Wh]."""
        return sum(self.priced_wh.values())

    @property
    def priced_wh(self) -> dict[Register, int]:
        """Energy by period register, or of the total where no period is priced [Wh]."""
        energy = {register: int(column[0]) for register, column in self.determinants.energy_wh.items()}
        if self.tariff.time_of_use is None and Register.TOTAL in energy:
            return {Register.TOTAL: energy[Register.TOTAL]}
        return {register: amount for register, amount in energy.items() if register in PERIOD_REGISTERS}

    def rated(self) -> RatedBills:
        """Rate the bill afresh."""
        return rate(self.tariff, self.determinants)


@dataclass(frozen=True)
class Share:
    """One cause with its part of the difference; more than zero made the bill higher [fen]."""

    factor: Factor
    amount_fen: int


def causes_of_change(before: Billed, after: Billed) -> list[Share]:
    """
    Split the difference of two bills into causes.

    before, after  one row each; where tariffs ask for different quantities, one cause TARIFF takes it all
    returns        shares that are not zero, in the order of Factor; their sum is after − before [fen]
    raises         every error of `rate`
    source         worked cases in tests/golden/change.csv
    """
    if _asked(before) != _asked(after):
        difference = _total_fen(after.rated()) - _total_fen(before.rated())
        return [Share(Factor.TARIFF, difference)] if difference else []
    amounts = dict.fromkeys(Factor, 0)
    total = _total_fen(before.rated())
    for factor, tariff, determinants in _steps(before, after):
        next_total = _total_fen(rate(tariff, determinants))
        amounts[factor] += next_total - total
        total = next_total
    return [Share(factor, amount) for factor, amount in amounts.items() if amount]


def energy_at_same_use_wh(before: Billed, days: int) -> int:
    """Return what the days of another period would have used at this bill's daily use, half up [Wh]."""
    return (2 * before.energy_wh * days + before.days) // (2 * before.days)


def _steps(before: Billed, after: Billed) -> Iterator[tuple[Factor, Tariff, Determinants]]:
    """
    Yield the way from the first bill to the second.

    While energy changes, the tiers end with the highest that both bills reach, and the price of demand stays:
    so more energy is valued at one price, and what the higher tiers and the 260 kWh add is told by itself.
    """
    old, new = before.determinants, after.determinants
    held = _held(before, after)
    yield Factor.TIERS, held, old
    yield Factor.DAYS, held, _scaled(before, after, energy_at_same_use_wh(before, after.days))
    step = _scaled(before, after, after.energy_wh)
    yield Factor.ENERGY, held, step
    step = replace(step, energy_wh=new.energy_wh)
    yield Factor.SHIFT, held, step
    step = replace(step, used_before_wh=new.used_before_wh, months=new.months)
    yield Factor.TIERS, replace(held, tiers=before.tariff.tiers), step
    step = replace(step, demand_w=new.demand_w, contract_w=new.contract_w, capacity_va=new.capacity_va)
    yield Factor.DEMAND, before.tariff, step
    step = replace(step, reactive_varh=new.reactive_varh)
    yield Factor.POWER_FACTOR, before.tariff, step
    yield Factor.LOSSES, before.tariff, new
    yield Factor.PRICE, after.tariff, new


def _asked(billed: Billed) -> tuple[object, ...]:
    """What a tariff asks for; only bills of the same quantities can lend each other their factors."""
    facts, tariff = billed.determinants, billed.tariff
    given = (facts.reactive_varh, facts.demand_w, facts.contract_w, facts.capacity_va)
    parts = (tariff.tiers, tariff.basic, tariff.power_factor)
    return (
        tariff.kind,
        frozenset(facts.energy_wh),
        tuple(each is None for each in (*given, *parts)),
        frozenset(register for register, _ in tariff.time_of_use.ratio) if tariff.time_of_use else None,
        tariff.basic.by if tariff.basic else None,
    )


def _held(before: Billed, after: Billed) -> Tariff:
    """The first bill's tariff without what depends on how much was used."""
    tariff, rated = before.tariff, before.rated()
    if tariff.tiers is not None:
        top = min(_highest_tier(rated), _highest_tier(rate(tariff, after.determinants)))
        tariff = replace(tariff, tiers=replace(tariff.tiers, steps=tariff.tiers.steps[:top]))
    if tariff.basic is not None and tariff.basic.by is not BasicBy.CAPACITY:
        paid = next(int(line.price[0]) for line in rated.lines if line.id == "demand") // DEMAND_PRICE_PARTS
        tariff = replace(tariff, basic=replace(tariff.basic, price_nyuan=paid, rule_260=False))
    return tariff


def _highest_tier(rated: RatedBills) -> int:
    tiers = [line for line in rated.lines if line.id.startswith("tier.")]
    return max((number for number, line in enumerate(tiers, 1) if line.quantity[0]), default=1)


def _scaled(before: Billed, after: Billed, target_wh: int) -> Determinants:
    """Scale energy and reactive energy, so that neither shares of periods nor power factor move."""
    old, total_wh = before.determinants, before.energy_wh
    # Where nothing was used before there are no shares to keep, and those of the later bill hold.
    shares = before.priced_wh if total_wh else after.priced_wh
    parts = dict(zip(shares, _spread(target_wh, list(shares.values())), strict=True))
    parts[Register.TOTAL] = target_wh
    energy_wh = {
        register: _column(parts[register]) if register in parts else column
        for register, column in old.energy_wh.items()
    }
    reactive = old.reactive_varh
    if reactive is not None and total_wh:
        reactive = _column((2 * int(reactive[0]) * target_wh + total_wh) // (2 * total_wh))
    return replace(old, energy_wh=energy_wh, reactive_varh=reactive)


def _spread(target: int, shares: list[int]) -> list[int]:
    """Spread a whole number by shares; the parts sum to it."""
    whole = sum(shares)
    if not whole:
        return [target, *(0 for _ in shares[1:])]
    edges = [0, *accumulate(shares)]
    return [target * end // whole - target * start // whole for start, end in pairwise(edges)]


def _column(value: int) -> Ints:
    return np.array([value], dtype=np.int64)


def _total_fen(rated: RatedBills) -> int:
    return int(rated.total_fen[0])
