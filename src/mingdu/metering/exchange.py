"""Exchange formats (交换格式) as metering knows them: whose numbers they carry, our channels in them."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from mingdu.core.registers import Channel, Register
from mingdu.wire.exchange.series import Kind


class ExchangeFormat(StrEnum):
    """Formats of other houses; TABLE is CSV or xlsx read through a mapping of its columns."""

    NEM12 = "nem12"
    NEM13 = "nem13"
    GREEN_BUTTON = "green-button"
    IEC61968 = "iec61968"
    MSCONS = "mscons"
    TABLE = "table"


# Whose numbers of usage points a format carries; an alias is registered under this kind.
NUMBER_KINDS: Final[dict[ExchangeFormat, str]] = {
    ExchangeFormat.NEM12: "nmi",
    ExchangeFormat.NEM13: "nmi",
    ExchangeFormat.GREEN_BUTTON: "mrid",
    ExchangeFormat.IEC61968: "mrid",
    ExchangeFormat.MSCONS: "location",
    ExchangeFormat.TABLE: "account",
}
# Their intervals hold the energy at the point, behind the multiplier; all others what the meter shows.
AT_THE_POINT: Final = frozenset({ExchangeFormat.NEM12, ExchangeFormat.NEM13, ExchangeFormat.MSCONS})

CURVES: Final = {
    (Kind.ACTIVE_IMPORT, ""): Channel.IMPORT,
    (Kind.ACTIVE_EXPORT, ""): Channel.EXPORT,
    (Kind.REACTIVE_Q1, ""): Channel.REACTIVE_Q1,
    (Kind.REACTIVE_Q2, ""): Channel.REACTIVE_Q2,
    (Kind.REACTIVE_Q3, ""): Channel.REACTIVE_Q3,
    (Kind.REACTIVE_Q4, ""): Channel.REACTIVE_Q4,
    (Kind.POWER, ""): Channel.POWER,
    (Kind.POWER_FACTOR, ""): Channel.POWER_FACTOR,
    **{(Kind.VOLTAGE, phase): Channel[f"VOLTAGE_{phase}"] for phase in "ABC"},
    **{(Kind.CURRENT, phase): Channel[f"CURRENT_{phase}"] for phase in "ABC"},
}
CURVE_KINDS: Final = {channel: kind for kind, channel in CURVES.items()}
TARIFFS: Final = {
    "": "TOTAL", "0": "TOTAL", "TOTAL": "TOTAL", "总": "TOTAL",
    "1": "SHARP", "SHARP": "SHARP", "尖": "SHARP", "尖峰": "SHARP",
    "2": "PEAK", "PEAK": "PEAK", "峰": "PEAK", "高峰": "PEAK",
    "3": "FLAT", "FLAT": "FLAT", "平": "FLAT", "平段": "FLAT",
    "4": "VALLEY", "VALLEY": "VALLEY", "谷": "VALLEY", "低谷": "VALLEY",
    "5": "DEEP", "DEEP": "DEEP", "深谷": "DEEP",
}  # fmt: skip
REGISTERS: Final = {
    **{(Kind.ACTIVE_IMPORT, name): Register[name] for name in TARIFFS.values()},
    **{(Kind.ACTIVE_EXPORT, name): Register[f"EXPORT_{name}"] for name in TARIFFS.values()},
    (Kind.REACTIVE_IMPORT, "TOTAL"): Register.REACTIVE_FORWARD,
    (Kind.REACTIVE_EXPORT, "TOTAL"): Register.REACTIVE_REVERSE,
    (Kind.REACTIVE_Q1, "TOTAL"): Register.REACTIVE_Q1,
    (Kind.REACTIVE_Q2, "TOTAL"): Register.REACTIVE_Q2,
    (Kind.REACTIVE_Q3, "TOTAL"): Register.REACTIVE_Q3,
    (Kind.REACTIVE_Q4, "TOTAL"): Register.REACTIVE_Q4,
    (Kind.DEMAND, "TOTAL"): Register.DEMAND,
}
REGISTER_KINDS: Final = {register: kind for kind, register in REGISTERS.items()}
TARIFF_NUMBERS: Final = {"TOTAL": "", "SHARP": "1", "PEAK": "2", "FLAT": "3", "VALLEY": "4", "DEEP": "5"}
# Base unit and power of ten of our units.
BASES: Final = {
    "kWh": ("Wh", 3), "kvarh": ("varh", 3), "kW": ("W", 3), "V": ("V", 0), "A": ("A", 0), "": ("", 0),
}  # fmt: skip
