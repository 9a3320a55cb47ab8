"""
Codes that Green Button and IEC 61968-9 share: flow direction, accumulation, kind, unit, interval.

Green Button (NAESB REQ.21) took the enumerations of IEC 61968-9 Annex C over with their numbers. Only what
this house reads and writes stands here; everything else is Kind.OTHER with its code kept beside it.
"""

from __future__ import annotations

from typing import Final

from .series import Kind, Shape

# Unit symbols (part 17 of a reading type, `uom`).
UNITS: Final = {72: "Wh", 73: "varh", 71: "VAh", 38: "W", 63: "var", 61: "VA", 29: "V", 5: "A", 65: ""}
UNIT_CODES: Final = {unit: code for code, unit in UNITS.items()}

# Flow direction (part 5): 1 forward is what the customer takes.
FORWARD, LAGGING, LEADING, NET, REVERSE = 1, 2, 3, 4, 19
QUADRANTS: Final = {
    15: Kind.REACTIVE_Q1,
    16: Kind.REACTIVE_Q2,
    17: Kind.REACTIVE_Q3,
    18: Kind.REACTIVE_Q4,
}
_BY_FLOW: Final = {
    ("Wh", FORWARD): Kind.ACTIVE_IMPORT,
    ("Wh", REVERSE): Kind.ACTIVE_EXPORT,
    ("Wh", NET): Kind.ACTIVE_NET,
    ("varh", FORWARD): Kind.REACTIVE_IMPORT,
    ("varh", REVERSE): Kind.REACTIVE_EXPORT,
    **{("varh", code): kind for code, kind in QUADRANTS.items()},
}
_BY_UNIT: Final = {
    "VAh": Kind.APPARENT,
    "VA": Kind.APPARENT,
    "W": Kind.POWER,
    "var": Kind.POWER,
    "V": Kind.VOLTAGE,
    "A": Kind.CURRENT,
    "": Kind.POWER_FACTOR,
}
FLOW_CODES: Final = {kind: flow for (_, flow), kind in _BY_FLOW.items()}

# Kind of measurement (part 7).
DEMAND: Final = 8
KIND_CODES: Final = {
    Kind.DEMAND: DEMAND,
    Kind.POWER: 37,
    Kind.VOLTAGE: 54,
    Kind.CURRENT: 4,
    Kind.POWER_FACTOR: 38,
}
ENERGY: Final = 12

# Accumulation (part 4).
BULK, CUMULATIVE, DELTA, INDICATING, SUMMATION, INSTANTANEOUS = 1, 3, 4, 6, 9, 12
SHAPES: Final = {
    BULK: Shape.REGISTER,
    CUMULATIVE: Shape.REGISTER,
    SUMMATION: Shape.REGISTER,
    DELTA: Shape.INTERVAL,
    INDICATING: Shape.MOMENT,
    INSTANTANEOUS: Shape.MOMENT,
}
SHAPE_CODES: Final = {
    Shape.REGISTER: BULK,
    Shape.INTERVAL: DELTA,
    Shape.PERIOD: DELTA,
    Shape.MOMENT: INSTANTANEOUS,
}

# Measuring period (part 3) in minutes.
PERIODS: Final = {1: 10, 2: 15, 3: 1, 5: 30, 6: 5, 7: 60, 10: 2, 14: 3, 31: 20}
PERIOD_CODES: Final = {minutes: code for code, minutes in PERIODS.items()}

PHASES: Final = {128: "A", 64: "B", 32: "C"}
PHASE_CODES: Final = {phase: code for code, phase in PHASES.items()}


def kind_of(unit: str | None, flow: int, kind: int) -> Kind:
    """What a unit, a flow direction and a kind of measurement mean together."""
    if unit is None:
        return Kind.OTHER
    if kind == DEMAND:
        return Kind.DEMAND
    return _BY_FLOW.get((unit, flow)) or _BY_UNIT.get(unit, Kind.OTHER)
