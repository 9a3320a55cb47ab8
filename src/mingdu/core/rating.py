"""Rating (计费): one function from a tariff and columns of determinants to columns of bill lines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mingdu.core.billed_energy import BilledEnergy, bill_energy, whole_billed_kwh
from mingdu.core.determinants import Determinants, refuse_negative, require
from mingdu.core.money import UnitPrice, charge_fen, share_fen
from mingdu.core.power_factor import NO_POWER_FACTOR, power_factor_pct, power_factor_rate
from mingdu.core.rated import RatedBills, RatedLine
from mingdu.core.registers import Register
from mingdu.core.tariff import (
    Basic,
    BasicBy,
    Component,
    Included,
    PowerFactor,
    Provenance,
    Rounding,
    Tariff,
    TierBasis,
    Tiers,
    Unit,
)
from mingdu.core.tiers import MONTHS_OF_YEAR, energy_by_tier, scale_to_months
from mingdu.core.time_of_use import floated_price
from mingdu.core.two_part import DEMAND_PRICE_PARTS, billed_demand_w, demand_price
from mingdu.core.types import Flags, Ints


def rate(tariff: Tariff, determinants: Determinants) -> RatedBills:
    """
    Rate every account of the columns by one tariff.

    tariff        one price table of one season
    determinants  columns over accounts, one row or a million
    returns       RatedBills
    raises        NegativeEnergy, MissingDeterminant, RegisterNotPriced, AmountOutOfRange, BadTiers
    source        worked cases in tests/golden/bill.csv; twin: core/bill_check.py
    """
    energy = bill_energy(tariff, determinants)
    demand_w = _billed_demand(tariff.basic, determinants)
    lines = [
        *(_tier_lines(tariff.tiers, energy, determinants) if tariff.tiers else ()),
        *(line for component in tariff.components for line in _component_lines(component, tariff, energy)),
        *(_basic_lines(tariff.basic, energy, determinants, demand_w) if tariff.basic else ()),
    ]
    factor_pct = None
    if tariff.power_factor is not None:
        reactive = require("reactive energy", energy.reactive_kvarh)
        factor_pct = power_factor_pct(whole_billed_kwh(energy), reactive)
        lines.append(_power_factor_line(tariff.power_factor, factor_pct, lines))
    included = tuple(_included_line(share, energy) for share in tariff.included)
    return RatedBills(tuple(lines), included, energy, factor_pct, demand_w)


def _tier_lines(tiers: Tiers, energy: BilledEnergy, determinants: Determinants) -> list[RatedLine]:
    starts = np.array([step.start_wh for step in tiers.steps], dtype=np.int64)
    if determinants.months is not None and tiers.basis in (TierBasis.MONTH, TierBasis.YEAR):
        months_of_bound = MONTHS_OF_YEAR if tiers.basis is TierBasis.YEAR else 1
        starts = scale_to_months(starts, determinants.months, months_of_bound)
    refuse_negative("energy used before", determinants.used_before_wh)
    by_tier = energy_by_tier(energy.billed_wh, starts, determinants.used_before_wh)
    registers = tuple(energy.by_register)
    lines = [
        _energy_line(
            f"tier.{number}", quantity, UnitPrice(step.price_nyuan_per_kwh), registers, step.provenance
        )
        for number, (step, quantity) in enumerate(zip(tiers.steps, by_tier, strict=True), start=1)
    ]
    # A tier without energy is not shown; the first one stands in for a bill without energy.
    first = replace(lines[0], shown=(by_tier[0] > 0) | (energy.billed_wh == 0))
    return [first, *(replace(line, shown=line.quantity > 0) for line in lines[1:])]


def _component_lines(component: Component, tariff: Tariff, energy: BilledEnergy) -> list[RatedLine]:
    if tariff.time_of_use is None or not component.floats:
        price = UnitPrice(component.price_nyuan_per_kwh)
        registers = tuple(energy.by_register)
        origin = component.provenance
        return [_energy_line(component.id, energy.billed_wh, price, registers, origin, component.pf)]
    ratio = dict(tariff.time_of_use.ratio)
    return [
        _period_line(component, register, quantity, ratio[register], tariff.rounding)
        for register, quantity in energy.by_register.items()
    ]


def _period_line(
    component: Component, register: Register, quantity: Ints, ratio: int, rounding: Rounding
) -> RatedLine:
    price = floated_price(component.price_nyuan_per_kwh, ratio, rounding.floated_decimals)
    line_id = f"{component.id}.{register.name}"
    return _energy_line(line_id, quantity, price, (register,), component.provenance, component.pf)


def _billed_demand(basic: Basic | None, determinants: Determinants) -> Ints | None:
    if basic is None or basic.by is BasicBy.CAPACITY:
        return None
    refuse_negative("demand", determinants.demand_w)
    demand_w = require("demand", determinants.demand_w)
    if basic.by is BasicBy.ACTUAL_DEMAND:
        return demand_w
    contract_w = require("contract demand", determinants.contract_w)
    return billed_demand_w(demand_w, contract_w, basic.band_basis_points)


def _basic_lines(
    basic: Basic, energy: BilledEnergy, determinants: Determinants, demand_w: Ints | None
) -> list[RatedLine]:
    if demand_w is None:
        capacity = require("capacity", determinants.capacity_va)
        price = np.full_like(capacity, basic.price_nyuan)
        return [_basic_line(basic, "capacity", Unit.KVA, capacity, (price, 1))]
    capacity_va = require("capacity", determinants.capacity_va) if basic.rule_260 else None
    price = demand_price(basic.price_nyuan, energy.metered_wh, capacity_va, basic.rule_260)
    return [_basic_line(basic, "demand", Unit.KW, demand_w, (price, DEMAND_PRICE_PARTS))]


def _basic_line(
    basic: Basic, line_id: str, unit: Unit, quantity: Ints, price_and_parts: tuple[Ints, int]
) -> RatedLine:
    price, parts = price_and_parts
    return RatedLine(
        id=line_id,
        unit=unit,
        quantity=quantity,
        price=price,
        price_parts=parts,
        amount_fen=charge_fen(quantity, price, parts),
        shown=_everywhere(quantity),
        in_power_factor=True,
        registers=(Register.DEMAND,) if unit is Unit.KW else (),
        provenance=basic.provenance,
    )


def _power_factor_line(standard: PowerFactor, factor_pct: Ints, lines: list[RatedLine]) -> RatedLine:
    parts = [line.amount_fen for line in lines if line.in_power_factor]
    base_fen = sum(parts, start=np.zeros_like(factor_pct))
    rate_points = power_factor_rate(standard.standard_pct, factor_pct)
    return RatedLine(
        id="power_factor",
        unit=Unit.CNY,
        quantity=base_fen,
        price=rate_points,
        price_parts=1,
        amount_fen=share_fen(base_fen, rate_points),
        shown=factor_pct != NO_POWER_FACTOR,
        in_power_factor=False,
        registers=(Register.REACTIVE_FORWARD, Register.REACTIVE_REVERSE),
        provenance=standard.provenance,
    )


def _included_line(share: Included, energy: BilledEnergy) -> RatedLine:
    price = UnitPrice(share.price_nyuan_per_kwh)
    return _energy_line(share.id, energy.billed_wh, price, tuple(energy.by_register), share.provenance)


def _energy_line(
    line_id: str,
    quantity: Ints,
    price: UnitPrice,
    registers: tuple[Register, ...],
    provenance: Provenance,
    pf: bool = False,
) -> RatedLine:
    return RatedLine(
        id=line_id,
        unit=Unit.KWH,
        quantity=quantity,
        price=np.broadcast_to(np.int64(price.amount), quantity.shape),
        price_parts=price.parts_per_nyuan,
        amount_fen=charge_fen(quantity, price.amount, price.parts_per_nyuan),
        shown=_everywhere(quantity),
        in_power_factor=pf,
        registers=registers,
        provenance=provenance,
    )


def _everywhere(quantity: Ints) -> Flags:
    return np.broadcast_to(np.True_, quantity.shape)
