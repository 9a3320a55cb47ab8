"""Billed energy (计费电量): metered registers plus losses, for every account of a column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mingdu.core.determinants import (
    Determinants,
    MissingDeterminant,
    RegisterNotPriced,
    refuse_negative,
    require,
)
from mingdu.core.registers import PERIOD_REGISTERS, Register
from mingdu.core.tariff import Tariff
from mingdu.core.transformer_loss import Losses, line_loss_kwh, spread_kwh, transformer_loss
from mingdu.core.types import Ints

WH_PER_KWH = 1000


@dataclass(frozen=True)
class BilledEnergy:
    """
    Columns over accounts.

    by_register             int64 (account,) a priced register, with losses [Wh]
    metered_wh, billed_wh   int64 (account,) without and with losses [Wh]
    *_kwh, *_kvarh          int64 (account,) whole units; None where no account has losses
    reactive_kvarh          int64 (account,) with losses; None without reactive readings
    """

    by_register: dict[Register, Ints]
    metered_wh: Ints
    billed_wh: Ints
    transformer_loss_kwh: Ints | None = None
    transformer_loss_kvarh: Ints | None = None
    line_loss_kwh: Ints | None = None
    reactive_kvarh: Ints | None = None


def bill_energy(tariff: Tariff, determinants: Determinants) -> BilledEnergy:
    """
    Choose the registers that the tariff prices, round them as it says, and add losses.

    raises  NegativeEnergy, MissingDeterminant, RegisterNotPriced
    """
    metered = _metered(tariff, determinants.energy_wh)
    refuse_negative("reactive energy", determinants.reactive_varh)
    if tariff.rounding.whole_kwh:
        metered = {register: _whole(column) * WH_PER_KWH for register, column in metered.items()}
    total = _sum(metered)
    reactive = None if determinants.reactive_varh is None else _whole(determinants.reactive_varh)
    if not determinants.losses:
        return BilledEnergy(metered, total, total, reactive_kvarh=reactive)
    return _with_losses(metered, total, reactive, determinants.losses)


def whole_billed_kwh(energy: BilledEnergy) -> Ints:
    """Metered energy in whole kWh plus losses, as the power factor takes it."""
    return _whole(energy.metered_wh) + (energy.billed_wh - energy.metered_wh) // WH_PER_KWH


def _metered(tariff: Tariff, energy_wh: Mapping[Register, Ints]) -> dict[Register, Ints]:
    for register, column in energy_wh.items():
        refuse_negative(f"energy of {register.name}", column)
    periods = {register: energy_wh[register] for register in PERIOD_REGISTERS if register in energy_wh}
    if tariff.time_of_use is None:
        return {Register.TOTAL: energy_wh[Register.TOTAL] if Register.TOTAL in energy_wh else _sum(periods)}
    priced = {register for register, _ in tariff.time_of_use.ratio}
    for register in periods.keys() - priced:
        if int(periods[register].max(initial=0)) > 0:
            raise RegisterNotPriced(
                f"energy was counted by {register.name}, for which the tariff has no ratio",
                register=register.name,
            )
    return {
        register: require(f"energy of {register.name}", periods.get(register)) for register in sorted(priced)
    }


def _with_losses(
    metered: dict[Register, Ints], total: Ints, reactive: Ints | None, losses: Mapping[int, Losses]
) -> BilledEnergy:
    by_register = {register: column.copy() for register, column in metered.items()}
    whole_kwh = _whole(total)
    active_kwh, active_kvarh, line_kwh = (np.zeros_like(total) for _ in range(3))
    for row, loss in losses.items():
        if loss.transformer is not None:
            reactive_here = None if reactive is None else int(reactive[row])
            active_kwh[row], active_kvarh[row] = transformer_loss(
                loss.transformer, int(whole_kwh[row]), reactive_here
            )
        if loss.line_pct is not None:
            line_kwh[row] = line_loss_kwh(loss.line_pct, int(whole_kwh[row] + active_kwh[row]))
        _join(by_register, row, int(active_kwh[row] + line_kwh[row]), loss.joins)
    return BilledEnergy(
        by_register=by_register,
        metered_wh=total,
        billed_wh=total + (active_kwh + line_kwh) * WH_PER_KWH,
        transformer_loss_kwh=active_kwh,
        transformer_loss_kvarh=active_kvarh,
        line_loss_kwh=line_kwh,
        reactive_kvarh=None if reactive is None else reactive + active_kvarh,
    )


def _join(by_register: dict[Register, Ints], row: int, loss_kwh: int, joins: Register | None) -> None:
    """Add the loss of one account to the register it joins, or spread it."""
    if Register.TOTAL in by_register:
        joins = Register.TOTAL
    if joins is None:
        energy = {register: int(column[row]) for register, column in by_register.items()}
        for register, share in spread_kwh(loss_kwh, energy).items():
            by_register[register][row] += share * WH_PER_KWH
        return
    if joins not in by_register:
        raise MissingDeterminant(
            f"losses join {joins.name}, which the tariff does not price", quantity=joins.name
        )
    by_register[joins][row] += loss_kwh * WH_PER_KWH


def _sum(columns: Mapping[Register, Ints]) -> Ints:
    if not columns:
        raise MissingDeterminant("the account has no energy", quantity="energy of TOTAL")
    total: Ints = np.sum(list(columns.values()), axis=0, dtype=np.int64)
    return total


def _whole(column: Ints) -> Ints:
    """Thousandths to whole units, half up; zero or more."""
    return (column + WH_PER_KWH // 2) // WH_PER_KWH
