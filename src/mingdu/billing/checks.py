"""Checks before issue (核算校核): columns in, hits out; an account with a hit waits for a person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mingdu.core.determinants import reconcile_periods, register_energy_wh
from mingdu.core.registers import PERIOD_REGISTERS, WH_PER_DIGIT, Register
from mingdu.core.types import Flags, Ints
from mingdu.rulebook.billing_checks import BillingChecks

from .inputs import Inputs

PERCENT = 100


@dataclass(frozen=True)
class Hit:
    """One check that held one account, with the figures behind it."""

    row: int
    check: str
    values: dict[str, int]


def total_energy_wh(inputs: Inputs) -> Ints:
    """Return the energy of the total register over the period, int64 (account,) [Wh]; a fall is one roll-over."""
    start, end = _register(inputs.from_digits, inputs), _register(inputs.to_digits, inputs)
    return register_energy_wh(start, end, inputs.register_range, WH_PER_DIGIT * inputs.multiplier)


def hold(inputs: Inputs, on_hold: Ints, hours: int, rules: BillingChecks) -> list[Hit]:
    """
    Run all checks.

    on_hold       ids of usage points with an open finding that holds bills
    hours         hours of the period
    returns       hits, row by row; rows without one may be billed
    """
    energy = total_energy_wh(inputs)
    fell = (inputs.to_digits < inputs.from_digits).any(axis=1)
    month_before = _energy_of_month_before(inputs)
    gate = np.maximum(month_before * rules.gate_percent // PERCENT, rules.gate_least_wh)
    # One capacity-hour is one watt-hour: the most a point could draw.
    most = inputs.capacity_w * hours * rules.capacity_percent // PERCENT
    masks: list[tuple[str, Flags, dict[str, Ints]]] = [
        ("missing_reading", ~inputs.found, {"quality": inputs.quality}),
        ("meter_exchanged", inputs.found & ~inputs.is_one_meter, {}),
        ("register_fell", inputs.found & fell, {"energy_wh": energy}),
        ("open_finding", np.isin(inputs.terms.usage_point_id, on_hold), {}),
        ("above_capacity", inputs.found & ~fell & (energy > most), {"energy_wh": energy, "most_wh": most}),
        (
            "variance_gate",
            inputs.found & ~fell & (month_before >= 0) & (energy > gate),
            {"energy_wh": energy, "month_before_wh": month_before},
        ),
        ("total_against_periods", inputs.found & ~fell & _periods_disagree(inputs), {}),
    ]
    return [
        Hit(int(row), check, {name: int(column[row]) for name, column in figures.items()})
        for check, mask, figures in masks
        for row in np.flatnonzero(mask)
    ]


def period_energy_wh(inputs: Inputs) -> tuple[dict[Register, Ints], Flags]:
    """Return energy by period register with flat reconciled to the total, and where the two disagree."""
    scale = WH_PER_DIGIT * inputs.multiplier
    periods = {
        register: (inputs.to_digits[:, place] - inputs.from_digits[:, place]) * scale
        for place, register in enumerate(inputs.registers)
        if register in PERIOD_REGISTERS
    }
    if not periods:
        return {}, np.zeros(len(inputs), dtype=np.bool_)
    return reconcile_periods(total_energy_wh(inputs), periods, len(periods) * scale)


def _periods_disagree(inputs: Inputs) -> Flags:
    return period_energy_wh(inputs)[1]


def _energy_of_month_before(inputs: Inputs) -> Ints:
    start = _register(inputs.from_digits, inputs)
    energy = (start - inputs.before_digits) * WH_PER_DIGIT * inputs.multiplier
    return np.where((inputs.before_digits >= 0) & (energy >= 0), energy, -1)


def _register(digits: Ints, inputs: Inputs) -> Ints:
    column: Ints = digits[:, inputs.registers.index(Register.TOTAL)]
    return column
