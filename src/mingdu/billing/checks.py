"""Checks before issue (核算校核): columns in, hits out; an account with a hit waits for a person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mingdu.core.determinants import reconcile_periods, register_energy_wh
from mingdu.core.quality import Quality
from mingdu.core.registers import PERIOD_REGISTERS, Register
from mingdu.core.types import Flags, Ints
from mingdu.rulebook.billing_checks import BillingChecks

from .inputs import Inputs

PERCENT, MINUTES_AN_HOUR = 100, 60
# A person may decide that the energy is real; every other hit says that there is no bill to compute.
MATTERS_OF_JUDGEMENT = frozenset({"open_finding", "variance_gate"})

Check = tuple[str, Flags, dict[str, Ints]]


@dataclass(frozen=True)
class Hit:
    """One check that held one account, with the figures behind it."""

    row: int
    check: str
    values: dict[str, int]


@dataclass(frozen=True)
class Ground:
    """
    What the checks hold the inputs against.

    on_hold      ids of usage points with an open finding that holds bills
    whole_terms  ids of agreements that hold from the period's first day
    shared       ids of usage points under more than one agreement
    hours        hours of the period
    rules        thresholds
    """

    on_hold: Ints
    whole_terms: Ints
    shared: Ints
    hours: int
    rules: BillingChecks


def total_energy_wh(inputs: Inputs) -> Ints:
    """Return the energy of the total register, int64 (account,) [Wh]; a fall is taken for one roll-over."""
    start, end = _total(inputs.from_digits, inputs), _total(inputs.to_digits, inputs)
    return register_energy_wh(start, end, inputs.register_range, inputs.wh_per_digit * inputs.multiplier)


def hold(inputs: Inputs, ground: Ground) -> list[Hit]:
    """Run all checks; returns hits, check by check: rows without one may be billed."""
    return [
        Hit(int(row), check, {name: int(column[row]) for name, column in figures.items()})
        for check, mask, figures in [*_checks_of_paper(inputs, ground), *_checks_of_energy(inputs, ground)]
        for row in np.flatnonzero(mask)
    ]


def period_energy_wh(inputs: Inputs) -> tuple[dict[Register, Ints], Flags]:
    """Return energy by period register with flat reconciled to the total, and where the two disagree."""
    scale = inputs.wh_per_digit * inputs.multiplier
    periods = {
        register: (inputs.to_digits[:, place] - inputs.from_digits[:, place]) * scale
        for place, register in enumerate(inputs.registers)
        if register in PERIOD_REGISTERS
    }
    if not periods:
        return {}, np.zeros(len(inputs), dtype=np.bool_)
    return reconcile_periods(total_energy_wh(inputs), periods, len(periods) * scale)


def _checks_of_paper(inputs: Inputs, ground: Ground) -> list[Check]:
    """What is not there, or not the same through the period."""
    return [
        ("missing_reading", (inputs.missing > 0) & ~inputs.is_by_curve, {"missing": inputs.missing}),
        ("curve_incomplete", (inputs.missing > 0) & inputs.is_by_curve, {"missing_minutes": inputs.missing}),
        (
            "curve_mostly_estimated",
            inputs.estimated_minutes * PERCENT > MINUTES_AN_HOUR * ground.hours * ground.rules.curve_percent,
            {"estimated_minutes": inputs.estimated_minutes},
        ),
        ("suspect_reading", _is_suspect(inputs), {"quality": inputs.quality}),
        ("meter_exchanged", ~inputs.is_one_meter, {}),
        ("agreement_changed", ~np.isin(inputs.terms.agreement_id, ground.whole_terms), {}),
        ("point_shared", np.isin(inputs.terms.usage_point_id, ground.shared), {}),
        (
            "agreement_incomplete",
            inputs.lacks_terms,
            {"contract_w": inputs.contract_w, "capacity_va": inputs.capacity_va},
        ),
        ("open_finding", np.isin(inputs.terms.usage_point_id, ground.on_hold), {}),
    ]


def _checks_of_energy(inputs: Inputs, ground: Ground) -> list[Check]:
    """What the registers say; without both ends, or across two meters, they say nothing."""
    energy = total_energy_wh(inputs)
    # Of a suspect reading nothing more is said: it is not yet known what the register showed.
    is_read = (inputs.missing == 0) & inputs.is_one_meter & ~_is_suspect(inputs)
    fell = (inputs.to_digits < inputs.from_digits).any(axis=1)
    rose = is_read & ~fell
    # One capacity-hour is one watt-hour: the most a point could draw.
    most = inputs.capacity_w * ground.hours * ground.rules.capacity_percent // PERCENT
    before = _energy_of_month_before(inputs)
    gate = np.maximum(before * ground.rules.gate_percent // PERCENT, ground.rules.gate_least_wh)
    return [
        ("register_fell", is_read & fell, {"energy_wh": energy}),
        ("above_capacity", rose & (energy > most), {"energy_wh": energy, "most_wh": most}),
        (
            "variance_gate",
            rose & (before >= 0) & (energy > gate),
            {"energy_wh": energy, "month_before_wh": before},
        ),
        ("total_against_periods", rose & period_energy_wh(inputs)[1], {}),
    ]


def _is_suspect(inputs: Inputs) -> Flags:
    return np.isin(inputs.quality, (Quality.MISSING, Quality.SUSPECT))


def _energy_of_month_before(inputs: Inputs) -> Ints:
    start = _total(inputs.from_digits, inputs)
    energy = (start - inputs.before_digits) * inputs.wh_per_digit * inputs.multiplier
    return np.where((inputs.before_digits >= 0) & (energy >= 0), energy, -1)


def _total(digits: Ints, inputs: Inputs) -> Ints:
    column: Ints = digits[:, inputs.registers.index(Register.TOTAL)]
    return column
