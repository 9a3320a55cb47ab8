"""What a chunk of a file says, as columns that remember their lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np

from mingdu.core.clock import day_number
from mingdu.core.registers import CHANNEL_SCALE, KWH_CHANNELS, Channel, Scale
from mingdu.core.types import AnyColumn, Flags, Ints
from mingdu.errors import TradeError
from mingdu.metering.queries import ids_of_codes
from mingdu.metering.readings import CurveColumns, RegisterColumns
from mingdu.metering.store.columns import Connection
from mingdu.metering.store.profiles import LEAST_DECIMALS
from mingdu.metering.zone import INTERVAL_MINUTES

NOT_KNOWN = -1
YEARS = range(2000, 2100)
MICROSECONDS = 1_000_000


class BrokenRow(TradeError):
    """A line with more or fewer cells than the header."""

    next_step = "compare the line with the header; no cell may hold a comma"


class BadTime(TradeError):
    """A time or day that is none, or an interval that does not begin where one of its day begins."""

    next_step = "write 2026-12-30 for a day, 2026-12-30T00:15:00+08:00 for a time; --interval names another"


class UnknownChannel(TradeError):
    """A channel or register that Mingdu does not know."""

    next_step = "use a channel such as IMPORT, EXPORT, VOLTAGE_A or a register such as TOTAL, PEAK, DEMAND"


class UnknownUnit(TradeError):
    """A unit that does not belong to this channel or register."""

    next_step = (
        "use kWh, kvarh for reactive energy, kW for demand and power, V, A; nothing for a power factor"
    )


class UnknownQuality(TradeError):
    """A quality mark that Mingdu does not know."""

    next_step = "use measured, estimated, edited, provisional or missing; empty is measured"


@dataclass(frozen=True)
class BadLine:
    """A line that was not taken."""

    line: int
    error: TradeError


@dataclass(frozen=True)
class Part:
    """
    Readings of one chunk with the lines that they came from.

    curve_line     int64 (row, point) or (row, 1)  line of each interval, or of the whole row; 0: no line
    register_line  int64 (row,)
    """

    curves: CurveColumns = field(default_factory=CurveColumns.none)
    curve_line: Ints = field(default_factory=lambda: np.zeros((0, 1), dtype=np.int64))
    registers: RegisterColumns = field(default_factory=RegisterColumns.none)
    register_line: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


@dataclass(frozen=True)
class Parsed:
    """Parts to be taken one after another (usually one), and the lines that could not be read."""

    parts: list[Part]
    bad: list[BadLine]


@dataclass
class PointCodes:
    """Finds usage points by code and remembers what it found."""

    conn: Connection
    known: dict[str, int] = field(default_factory=dict)

    def ids(self, codes: AnyColumn) -> Ints:
        """Return the id of each code, int64 (line,); NOT_KNOWN where there is none."""
        texts, place = distinct_texts(codes)
        new = [text for text in texts if text not in self.known]
        if new:
            found = ids_of_codes(self.conn, new)
            self.known |= {text: found.get(text, NOT_KNOWN) for text in new}
        return np.array([self.known[text] for text in texts], dtype=np.int64)[place]


@dataclass(frozen=True)
class Setting:
    """
    What a form needs beside the bytes: the points, the utility's zone, the time.

    interval_minutes  of the channels of the long form; a wide form says it by its columns
    decimals          that the file's energy curves are kept with: 2, or 3 for whole watt-hours
    """

    points: PointCodes
    zone: ZoneInfo
    at: datetime
    interval_minutes: int = INTERVAL_MINUTES
    decimals: int = LEAST_DECIMALS

    def scale_of(self, channel: Channel) -> Scale:
        """Return the scale that a channel of this file is kept in."""
        return (
            CHANNEL_SCALE[channel]._replace(decimals=self.decimals)
            if channel in KWH_CHANNELS
            else CHANNEL_SCALE[channel]
        )


def distinct_texts(column: AnyColumn) -> tuple[list[str], Ints]:
    """Return the distinct texts of a column of bytes, and the place of each line's among them."""
    found, place = np.unique(column, return_inverse=True)
    return [text.decode("utf-8", "replace") for text in found.tolist()], place.reshape(-1)


def read_distinct(column: AnyColumn, read: Callable[[str], int | None]) -> tuple[Ints, Flags]:
    """
    Read each distinct text of a column once.

    read     gives the value, or None for a text that it cannot read
    returns  int64 (line,) values, 0 where not read; bool (line,) where not read
    """
    texts, place = distinct_texts(column)
    values = [read(text) for text in texts]
    bad = np.array([value is None for value in values], dtype=bool)
    return np.array([value or 0 for value in values], dtype=np.int64)[place], bad[place]


def read_day(text: str) -> int | None:
    """Read a civil day as days since 1970-01-01."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day_number(day) if day.year in YEARS else None


def instant_reader(zone: ZoneInfo) -> Callable[[str], int | None]:
    """Return what reads an ISO time as microseconds since 1970; without an offset it is of this zone."""

    def read_instant(text: str) -> int | None:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        if moment.year not in YEARS:
            return None
        aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        whole = aware.astimezone(UTC)
        return int(whole.replace(microsecond=0).timestamp()) * MICROSECONDS + whole.microsecond

    return read_instant


# Units that are taken beside a scale's own, with their power of ten against it.
_PREFIXED = {
    "kWh": {"wh": -3, "mwh": 3}, "kvarh": {"varh": -3, "mvarh": 3}, "kW": {"w": -3, "mw": 3},
    "V": {"kv": 3}, "A": {"ma": -3},
}  # fmt: skip


def units_of(scale: Scale) -> dict[str, int]:
    """Return the units that a value may have, lower case, with the decimals that make its digits whole."""
    others = {unit: scale.decimals + power for unit, power in _PREFIXED.get(scale.unit, {}).items()}
    return {scale.unit.lower(): scale.decimals} | others
