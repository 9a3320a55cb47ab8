"""Readings and given quantities of a bill case: from register digits to energy, with remarks for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mingdu.core.determinants import NegativeEnergy, reconcile_periods, register_energy_wh
from mingdu.core.registers import PERIOD_REGISTERS, Register
from mingdu.core.types import Ints
from mingdu.errors import TradeError
from mingdu.rulebook.document import Node

THOUSANDTHS = 3
DEMAND_DECIMALS = 4
ENERGY_REGISTERS = {register.name: register for register in (Register.TOTAL, *PERIOD_REGISTERS)}
REACTIVE = {"reactive_forward": Register.REACTIVE_FORWARD, "reactive_reverse": Register.REACTIVE_REVERSE}
GIVEN_KEYS = (*ENERGY_REGISTERS, *REACTIVE, "demand_kw", "used_before_kwh", "months_used")
READ_REGISTERS = {**ENERGY_REGISTERS, "DEMAND": Register.DEMAND} | {
    register.name: register for register in REACTIVE.values()
}
MEASURED = "measured"
NOTED_QUALITIES = ("estimated", "edited", "provisional")
REFUSED_QUALITIES = ("missing", "suspect")
DEFAULT_DIGITS = 6


class ReadingNotUsable(TradeError):
    """A reading is missing or suspect: no bill can stand on it."""

    next_step = "have the meter read again, or put an estimate with its method in place"


class ReadingTooLong(TradeError):
    """A reading shows more than the register has digits."""

    next_step = "check the digits of the register and the reading"


class RegisterRanBackwards(TradeError):
    """The end lies below the start, and a roll-over is not believable."""

    next_step = "confirm by a second reading or photo; look for an exchange or a reversed meter"


class TotalNotSumOfPeriods(TradeError):
    """The total register and the sum of the periods differ by more than one digit each."""

    next_step = "read all registers again at the same time; no bill before"


@dataclass
class CaseQuantities:
    """What the readings and determinants of a case amount to, in thousandths [Wh, varh, W]."""

    amounts: dict[Register, int] = field(default_factory=dict)
    digit: dict[Register, int] = field(default_factory=dict)
    checks: list[Mapping[str, Any]] = field(default_factory=list)

    def energy_columns(self) -> dict[Register, Ints]:
        """Energy registers as columns of one account."""
        return {
            register: np.array([amount], dtype=np.int64)
            for register, amount in self.amounts.items()
            if register in ENERGY_REGISTERS.values()
        }


def read_quantities(readings: Node | None, given: Node | None, curve: Node | None = None) -> CaseQuantities:
    """
    Read both lists; a given determinant takes the place of a reading of the same register.

    curve   `{energy: {PEAK: "12.345", …}, quality: estimated}`: sums of the curve's intervals [kWh], in place
            of registers of energy; quality: the worst of all intervals

    raises  ReadingNotUsable, ReadingTooLong, RegisterRanBackwards, TotalNotSumOfPeriods, NegativeEnergy
    """
    quantities = CaseQuantities()
    for item in readings.items() if readings else ():
        _take_reading(item, quantities)
    if curve:
        _take_curve(curve, quantities)
    if given:
        given.only(GIVEN_KEYS)
        for name, node in given.entries().items():
            _take_given(name, node, quantities)
    _hold_total_against_periods(quantities)
    return quantities


def _take_reading(item: Node, quantities: CaseQuantities) -> None:
    item.only(("register", "from", "to", "multiplier", "digits", "quality"))
    register = READ_REGISTERS[item.at("register").choice(READ_REGISTERS)]
    if register in quantities.amounts:
        raise item.bad(f"{register.name} is read twice", "register")
    _note_quality(item, register, quantities)
    multiplier_node = item.find("multiplier")
    multiplier = multiplier_node.whole() if multiplier_node else 1
    if multiplier < 1:
        raise item.bad("a multiplier is at least 1", "multiplier")
    if register is Register.DEMAND:
        # Demand registers show 0.0001 kW; the multiplier comes first, then half up to a whole watt.
        quantities.amounts[register] = (_reading(item, "to", DEMAND_DECIMALS) * multiplier + 5) // 10
        return
    start, end = _reading(item, "from"), _reading(item, "to")
    quantities.digit[register] = _finest_digit(item.at("from"), item.at("to")) * multiplier
    quantities.amounts[register] = _between(item, (start, end), multiplier, quantities)


def _between(item: Node, span: tuple[int, int], multiplier: int, quantities: CaseQuantities) -> int:
    """Thousandths between two readings; a roll-over is believed below half the register's range."""
    start, end = span
    register_range = 10 ** (_digits(item) + THOUSANDTHS)
    columns = (np.array([value], dtype=np.int64) for value in (start, end, register_range, 1))
    shown = int(register_energy_wh(*columns)[0])
    if end < start:
        name = item.at("register").text()
        values = {"register": name, "from": str(item.at("from").value), "to": str(item.at("to").value)}
        if 2 * shown >= register_range:
            raise RegisterRanBackwards(f"{name} fell from {values['from']} to {values['to']}", **values)
        quantities.checks.append({"check": "register_rolled_over", **values})
    return shown * multiplier


def _reading(item: Node, name: str, decimals: int = THOUSANDTHS) -> int:
    node = item.at(name)
    value = node.scaled("register kWh, kvarh or kW", decimals)
    if value < 0:
        raise NegativeEnergy(f"{node.key} is negative", file=node.file, key=node.key, value=str(node.value))
    if value >= 10 ** (_digits(item) + decimals):
        raise ReadingTooLong(
            f"{node.key} = {node.value} does not fit {_digits(item)} digits",
            file=node.file,
            key=node.key,
            value=str(node.value),
            digits=_digits(item),
        )
    return value


def _take_given(name: str, node: Node, quantities: CaseQuantities) -> None:
    if name in ("used_before_kwh", "months_used"):
        return
    amount = node.scaled("kWh, kvarh or kW", THOUSANDTHS)
    if amount < 0:
        raise NegativeEnergy(f"{node.key} is negative", file=node.file, key=node.key, value=str(node.value))
    register = Register.DEMAND if name == "demand_kw" else {**ENERGY_REGISTERS, **REACTIVE}[name]
    quantities.amounts[register] = amount
    quantities.digit[register] = _finest_digit(node)


def _take_curve(curve: Node, quantities: CaseQuantities) -> None:
    curve.only(("energy", "quality"))
    quality = curve.at("quality").choice((MEASURED, *NOTED_QUALITIES, *REFUSED_QUALITIES))
    if quality in REFUSED_QUALITIES:
        message = f"intervals of the curve are {quality}"
        raise ReadingNotUsable(message, file=curve.file, key=curve.at("quality").key, register="curve")
    if quality != MEASURED:
        quantities.checks.append({"check": f"{quality}_curve"})
    energy = curve.at("energy")
    energy.only(ENERGY_REGISTERS)
    for name, node in energy.entries().items():
        if ENERGY_REGISTERS[name] in quantities.amounts:
            raise node.bad(f"{name} is read, and summed from the curve as well")
        _take_given(name, node, quantities)


def _note_quality(item: Node, register: Register, quantities: CaseQuantities) -> None:
    quality_node = item.find("quality")
    if quality_node is None:
        return
    quality = quality_node.choice((MEASURED, *NOTED_QUALITIES, *REFUSED_QUALITIES))
    if quality in REFUSED_QUALITIES:
        raise ReadingNotUsable(
            f"the reading of {register.name} is {quality}",
            file=item.file,
            key=quality_node.key,
            register=register.name,
        )
    if quality != MEASURED:
        quantities.checks.append({"check": f"{quality}_reading", "register": register.name})


def _hold_total_against_periods(quantities: CaseQuantities) -> None:
    columns = quantities.energy_columns()
    total = columns.pop(Register.TOTAL, None)
    if total is None or not columns:
        return
    tolerance = sum(quantities.digit[register] for register in columns)
    mended, disagree = reconcile_periods(total, columns, np.array([tolerance], dtype=np.int64))
    if bool(disagree[0]):
        raise TotalNotSumOfPeriods(
            "the total register and the sum of the periods differ",
            total_wh=int(total[0]),
            periods_wh=sum(int(column[0]) for column in columns.values()),
            tolerance_wh=tolerance,
        )
    flat = Register.FLAT
    if flat in columns and int(mended[flat][0]) != int(columns[flat][0]):
        before, after = int(columns[flat][0]), int(mended[flat][0])
        quantities.amounts[flat] = after
        quantities.checks.append({"check": "flat_from_total", "read_wh": before, "billed_wh": after})


def _digits(item: Node) -> int:
    node = item.find("digits")
    digits = node.whole() if node else DEFAULT_DIGITS
    if not 1 <= digits <= 9:
        raise item.bad("a register has 1 … 9 digits before the point", "digits")
    return digits


def _finest_digit(*nodes: Node) -> int:
    """The last digit shown, in thousandths: "100.00" → 10."""
    decimals = max(len(str(node.value).partition(".")[2]) for node in nodes)
    return int(10 ** (THOUSANDTHS - min(decimals, THOUSANDTHS)))
