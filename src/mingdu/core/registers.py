"""Registers (示数) and channels (通道) of a meter, with the numbers under which they are stored."""

from __future__ import annotations

from enum import IntEnum


class Register(IntEnum):
    """What a register counts. The numbers are stored; never renumber them."""

    TOTAL = 0
    SHARP = 1
    PEAK = 2
    FLAT = 3
    VALLEY = 4
    DEEP = 5
    EXPORT_TOTAL = 10
    REACTIVE_FORWARD = 20
    REACTIVE_REVERSE = 21
    DEMAND = 30


PERIOD_REGISTERS = (Register.SHARP, Register.PEAK, Register.FLAT, Register.VALLEY, Register.DEEP)

# One digit of an energy register is 0.01 kWh, of a reactive one 0.01 kvarh (DL/T 645-2007);
# one digit of demand is 0.0001 kW = 0.1 W.
WH_PER_DIGIT = 10
DEMAND_DIGITS_PER_KW = 10_000


class Channel(IntEnum):
    """What a curve holds, one value an interval. The numbers are stored; never renumber them."""

    IMPORT = 1
    EXPORT = 2
