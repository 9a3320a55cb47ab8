"""Registers (示数) and channels (通道) of a meter: the numbers they are stored under, units, scales."""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple


class Register(IntEnum):
    """
    What a register counts, shows or says. The numbers are stored; never renumber them.

    DEMAND_TIME  when the demand was reached: minutes since 1970-01-01 UTC
    STATUS_n     the n-th status word of the meter (运行状态字), 16 bits
    """

    TOTAL = 0
    SHARP = 1
    PEAK = 2
    FLAT = 3
    VALLEY = 4
    DEEP = 5
    EXPORT_TOTAL = 10
    EXPORT_SHARP = 11
    EXPORT_PEAK = 12
    EXPORT_FLAT = 13
    EXPORT_VALLEY = 14
    EXPORT_DEEP = 15
    REACTIVE_FORWARD = 20
    REACTIVE_REVERSE = 21
    REACTIVE_Q1 = 22
    REACTIVE_Q2 = 23
    REACTIVE_Q3 = 24
    REACTIVE_Q4 = 25
    DEMAND = 30
    DEMAND_TIME = 31
    EXPORT_DEMAND = 32
    EXPORT_DEMAND_TIME = 33
    STATUS_1 = 41
    STATUS_2 = 42
    STATUS_3 = 43
    STATUS_4 = 44
    STATUS_5 = 45
    STATUS_6 = 46
    STATUS_7 = 47


PERIOD_REGISTERS = (Register.SHARP, Register.PEAK, Register.FLAT, Register.VALLEY, Register.DEEP)
DEMAND_TIMES = (Register.DEMAND_TIME, Register.EXPORT_DEMAND_TIME)
STATUS_WORDS = tuple(register for register in Register if register.name.startswith("STATUS_"))

# One digit of an energy register is 0.01 kWh, of a reactive one 0.01 kvarh (DL/T 645-2007);
# one digit of demand is 0.0001 kW = 0.1 W.
WH_PER_DIGIT = 10
DEMAND_DIGITS_PER_KW = 10_000
# The widest word that is no count: sixteen bits, and minutes up to the year 2160.
STATUS_MAX = 0xFFFF
DEMAND_TIME_MAX = 99_999_999


class Channel(IntEnum):
    """What a curve holds, one value an interval. The numbers are stored; never renumber them."""

    IMPORT = 1
    EXPORT = 2
    REACTIVE_Q1 = 3
    REACTIVE_Q2 = 4
    REACTIVE_Q3 = 5
    REACTIVE_Q4 = 6
    VOLTAGE_A = 11
    VOLTAGE_B = 12
    VOLTAGE_C = 13
    CURRENT_A = 21
    CURRENT_B = 22
    CURRENT_C = 23
    CURRENT_N = 24
    POWER = 31
    POWER_FACTOR = 41
    STATUS = 51


class Scale(NamedTuple):
    """Unit of a value, and how many of its digits stand behind the point."""

    unit: str
    decimals: int


KWH, KVARH, KW = Scale("kWh", 2), Scale("kvarh", 2), Scale("kW", 4)
VOLT, AMPERE, RATIO, WORD, MINUTE = (
    Scale("V", 1), Scale("A", 3), Scale("", 3), Scale("word", 0), Scale("min", 0)
)  # fmt: skip


def _register_scale(register: Register) -> Scale:
    if register in STATUS_WORDS:
        return WORD
    if register in DEMAND_TIMES:
        return MINUTE
    if "DEMAND" in register.name:
        return KW
    return KVARH if "REACTIVE" in register.name else KWH


def _channel_scale(channel: Channel) -> Scale:
    kinds = {"REACTIVE": KVARH, "VOLTAGE": VOLT, "CURRENT": AMPERE, "POWER": KW, "STATUS": WORD}
    if channel is Channel.POWER_FACTOR:
        return RATIO
    return kinds.get(channel.name.partition("_")[0], KWH)


# A curve's rows may say other decimals than these, which are those of DL/T 645-2007.
REGISTER_SCALE: Final = {register: _register_scale(register) for register in Register}
CHANNEL_SCALE: Final = {channel: _channel_scale(channel) for channel in Channel}
KWH_CHANNELS: Final = frozenset({Channel.IMPORT, Channel.EXPORT})
