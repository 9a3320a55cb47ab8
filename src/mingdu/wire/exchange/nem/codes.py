"""Codes of NEM12 and NEM13: suffixes, quality flags, interval lengths."""

from __future__ import annotations

from typing import Final

from mingdu.wire.exchange.series import Kind, Mark
from mingdu.wire.exchange.units import read_unit

ZONE_MINUTES: Final = 600
INTERVAL_MINUTES: Final = (5, 15, 30)

# The letters speak from the grid's side: "export" flows out of the grid, which is the customer's import.
# Master, check and average meters have letters of their own. Source: AEMO, Standing Data, NMI suffix table.
_ACTIVE: Final = {
    "E": Kind.ACTIVE_IMPORT,
    "F": Kind.ACTIVE_IMPORT,
    "D": Kind.ACTIVE_IMPORT,
    "B": Kind.ACTIVE_EXPORT,
    "C": Kind.ACTIVE_EXPORT,
    "A": Kind.ACTIVE_EXPORT,
    "N": Kind.ACTIVE_NET,
}
_REACTIVE: Final = {
    "Q": Kind.REACTIVE_IMPORT,
    "R": Kind.REACTIVE_IMPORT,
    "P": Kind.REACTIVE_IMPORT,
    "K": Kind.REACTIVE_EXPORT,
    "L": Kind.REACTIVE_EXPORT,
    "J": Kind.REACTIVE_EXPORT,
}
# Of a record 250: I into the grid, E out of it.
_DIRECTIONS: Final = {"E": Kind.ACTIVE_IMPORT, "I": Kind.ACTIVE_EXPORT}
_BY_UNIT: Final = {
    "VAh": Kind.APPARENT,
    "VA": Kind.APPARENT,
    "W": Kind.POWER,
    "var": Kind.POWER,
    "V": Kind.VOLTAGE,
    "A": Kind.CURRENT,
}

MARKS: Final = {
    "A": Mark.MEASURED,
    "E": Mark.ESTIMATED,  # forward estimate
    "S": Mark.ESTIMATED,  # substitute
    "F": Mark.ESTIMATED,  # final substitute
    "N": Mark.MISSING,
}
VARIABLE: Final = "V"

# What is written for marks that come from elsewhere; the method numbers are: 14 like day, 16 agreed.
METHODS: Final = {
    Mark.MEASURED: "A",
    Mark.ESTIMATED: "S14",
    Mark.EDITED: "F16",
    Mark.PROVISIONAL: "E14",
    Mark.MISSING: "N",
}


def kind_of(suffix: str, unit: str, direction: str = "") -> Kind:
    """
    What a suffix and a unit of the file measure; Kind.OTHER if they do not tell.

    direction   of a record 250: the suffixes of plain meters are digits and do not tell
    """
    known = read_unit(unit)
    base = known[0] if known else None
    if base == "Wh":
        return _ACTIVE.get(suffix[:1]) or _DIRECTIONS.get(direction, Kind.OTHER)
    if base == "varh":
        return _REACTIVE.get(suffix[:1], Kind.OTHER)
    if base == "":
        return Kind.POWER_FACTOR
    return _BY_UNIT.get(base or "?", Kind.OTHER)


def own_code(method: str, reason: str) -> str:
    """The code that stands beside a value: method, and the reason behind a slash if there is one."""
    return f"{method}/{reason}" if reason else method
