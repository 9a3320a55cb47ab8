"""
What every exchange format is read into: channels, blocks of values as columns, and faults with their line.

A value is `digits · 10**exponent` of its channel's unit: whole numbers, never float. The format's own
quality code stands beside ours, so that nothing is lost on the way through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any, ClassVar, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mingdu.errors import TradeError

Ints: TypeAlias = NDArray[np.int64]
Bytes: TypeAlias = NDArray[np.uint8]
Flags: TypeAlias = NDArray[np.bool_]
Texts: TypeAlias = NDArray[np.str_]
Times: TypeAlias = NDArray[np.datetime64]

# So many values a block holds at most, except where one record of the format holds more.
BLOCK_VALUES: Final = 4096


class BadRecord(TradeError):
    """
    Something in a file is not what its format says.

    values   line (from 1), and where known: column (from 1), value (as it stood, cut), expected
    """

    next_step: ClassVar[str] = "ask the sender for a corrected file, or correct the line and hand it in again"

    MOST_SHOWN: ClassVar[int] = 80

    def __init__(
        self, message: str, *, line: int, value: object = None, expected: str = "", **more: Any
    ) -> None:
        values: dict[str, Any] = {"line": line, **more}
        if value is not None:
            values["value"] = str(value)[: self.MOST_SHOWN]
        if expected:
            values["expected"] = expected
        super().__init__(f"line {line}: {message}", **values)

    @property
    def line(self) -> int:
        """Line of the file, from 1."""
        return int(self.values["line"])


class Kind(Enum):
    """What is measured, seen from the customer: import is what he takes from the grid."""

    ACTIVE_IMPORT = "active_import"
    ACTIVE_EXPORT = "active_export"
    ACTIVE_NET = "active_net"
    REACTIVE_IMPORT = "reactive_import"
    REACTIVE_EXPORT = "reactive_export"
    REACTIVE_Q1 = "reactive_q1"
    REACTIVE_Q2 = "reactive_q2"
    REACTIVE_Q3 = "reactive_q3"
    REACTIVE_Q4 = "reactive_q4"
    APPARENT = "apparent"
    DEMAND = "demand"
    POWER = "power"
    VOLTAGE = "voltage"
    CURRENT = "current"
    POWER_FACTOR = "power_factor"
    OTHER = "other"


class Shape(Enum):
    """What a value's time means."""

    INTERVAL = "interval"  # an amount over `interval_minutes`, labelled by its start
    PERIOD = "period"  # an amount between two times of its own
    REGISTER = "register"  # what a register showed at a moment
    MOMENT = "moment"  # what was measured at a moment: voltage, current, power


class Mark(IntEnum):
    """How far a value can be trusted; the numbers are those of core.quality."""

    MEASURED = 0
    ESTIMATED = 1
    EDITED = 4
    PROVISIONAL = 5
    MISSING = 6
    SUSPECT = 7


@dataclass(frozen=True, slots=True)
class Channel:
    """
    One series of one meter.

    point              the sender's code of the usage point
    meter              serial number; empty if the format does not say
    kind, phase        what is measured; phase "A", "B", "C" or empty for all together
    unit               base unit: Wh varh VAh W var VA V A, "" for none
    interval_minutes   1 to 60 for Shape.INTERVAL, else None
    code               the format's own name of the channel: NEM suffix, reading type, OBIS, column
    register           total, or the register of the tariff as the format calls it
    """

    point: str
    meter: str
    kind: Kind
    unit: str
    shape: Shape
    interval_minutes: int | None = None
    code: str = ""
    register: str = ""
    phase: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """
    Some values of one channel, in the order of the file; all columns have the shape (value,).

    starts_at        datetime64[s]   start of interval or period, or the moment; UTC if the offset is known
    offset_minutes   int64 or None   civil time less UTC, as the format gave it; None: `starts_at` is civil
                                     time of a zone that the file does not name
    digits           int64           value = digits · 10**exponent [unit of the channel]; 0 where missing
    quality          uint8           Mark
    codes            str             the format's own quality code, empty if it gave none
    lines            int64           line of the file, from 1
    rounded          bool            the text had more decimals than are kept (see numbers.MOST_DECIMALS)
    ends_at          datetime64[s]   only for Shape.PERIOD
    """

    channel: Channel
    starts_at: Times
    offset_minutes: Ints | None
    digits: Ints
    exponent: int
    quality: Bytes
    codes: Texts
    lines: Ints
    rounded: Flags
    ends_at: Times | None = None

    def __len__(self) -> int:
        return len(self.digits)

    @property
    def local(self) -> Times:
        """datetime64[s] (value,) civil time as the format gave it."""
        if self.offset_minutes is None:
            return self.starts_at
        return self.starts_at + self.offset_minutes * np.timedelta64(60, "s")


# What a reader yields.
Piece: TypeAlias = "Block | BadRecord"


def blocks_of(pieces: Sequence[Piece]) -> list[Block]:
    """Return only the blocks."""
    return [piece for piece in pieces if isinstance(piece, Block)]


def faults_of(pieces: Sequence[Piece]) -> list[BadRecord]:
    """Return only the faults."""
    return [piece for piece in pieces if isinstance(piece, BadRecord)]
