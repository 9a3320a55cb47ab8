"""
The code of a reading type: 18 numbers, "0.0.2.4.1.1.12.0.0.0.0.0.0.0.0.3.72.0". Source: IEC 61968-9, Annex C.

| part | name | read here |
|---|---|---|
| 1, 2 | macro period, aggregate | kept in the code |
| 3 | measuring period | minutes, see cim_codes.PERIODS |
| 4 | accumulation | register, interval or moment, see cim_codes.SHAPES |
| 5 | flow direction | import, export, quadrant |
| 6 | commodity | 1 electricity secondary metered, 2 primary metered; others are Kind.OTHER |
| 7 | measurement kind | 8 demand; else the unit tells |
| 8 … 11 | interharmonic, argument | a value that has them is Kind.OTHER |
| 12 | time of use | `Channel.register` |
| 13, 14 | critical peak, consumption tier | kept in the code |
| 15 | phase | 128 A, 64 B, 32 C |
| 16 | power of ten | exponent of the values |
| 17 | unit | see cim_codes.UNITS |
| 18 | currency | kept in the code |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mingdu.wire.exchange.cim_codes import (
    ENERGY,
    FLOW_CODES,
    KIND_CODES,
    PERIOD_CODES,
    PERIODS,
    PHASE_CODES,
    PHASES,
    SHAPE_CODES,
    SHAPES,
    UNIT_CODES,
    UNITS,
    kind_of,
)
from mingdu.wire.exchange.series import BadRecord, Channel, Kind, Shape

PARTS: Final = 18
ELECTRICITY: Final = (1, 2)
MOST_POWER: Final = 12


class BadReadingType(BadRecord):
    """A reading type is not 18 whole numbers."""


@dataclass(frozen=True, slots=True)
class ReadingType:
    """
    What a code says.

    power              value · 10**power in the base unit
    interval_minutes   of Shape.INTERVAL; Shape.PERIOD where an amount names no known interval
    tariff             part 12 as text, empty for none
    """

    code: str
    kind: Kind
    unit: str
    power: int
    shape: Shape
    interval_minutes: int | None
    phase: str
    tariff: str

    def channel(self, point: str, meter: str) -> Channel:
        """Channel of these readings at one meter."""
        return Channel(
            point,
            meter,
            self.kind,
            self.unit,
            self.shape,
            self.interval_minutes,
            self.code,
            self.tariff,
            self.phase,
        )


def read_type(code: str, *, line: int) -> ReadingType:
    """Read a code; raises BadReadingType."""
    texts = code.strip().split(".")
    if len(texts) != PARTS or not all(_is_whole(text) for text in texts):
        raise BadReadingType(f"{code[:60]!r}", line=line, value=code, expected="18 whole numbers with dots")
    parts = [int(text) for text in texts]
    power = parts[15]
    if abs(power) > MOST_POWER:
        raise BadReadingType(f"power {power}", line=line, value=code, expected="within 10**12")
    unit, shape, minutes = UNITS.get(parts[16]), SHAPES.get(parts[3], Shape.MOMENT), PERIODS.get(parts[2])
    is_plain = parts[5] in ELECTRICITY and not any(parts[7:11])
    if shape is Shape.INTERVAL and minutes is None:
        shape = Shape.PERIOD
    return ReadingType(
        ".".join(map(str, parts)),
        kind_of(unit, parts[4], parts[6]) if is_plain else Kind.OTHER,
        unit or "",
        power,
        shape,
        minutes if shape is Shape.INTERVAL else None,
        PHASES.get(parts[14], ""),
        str(parts[11]) if parts[11] else "",
    )


def write_type(channel: Channel, power: int) -> str:
    """
    Return the code of a channel whose values have this power of ten; its own code stays if it says the same.

    raises   KeyError: the unit or the interval has no code
    """
    period = PERIOD_CODES[channel.interval_minutes] if channel.interval_minutes else 0
    tariff = channel.register if channel.register.isascii() and channel.register.isdecimal() else "0"
    parts = [0] * PARTS
    parts[2:7] = [
        period,
        SHAPE_CODES[channel.shape],
        FLOW_CODES.get(channel.kind, 0),
        1,
        KIND_CODES.get(channel.kind, ENERGY),
    ]
    parts[11], parts[14] = int(tariff), PHASE_CODES.get(channel.phase, 0)
    parts[15], parts[16] = power, UNIT_CODES[channel.unit]
    return ".".join(map(str, parts))


def _is_whole(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdecimal() and len(digits) <= 6
