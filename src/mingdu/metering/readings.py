"""What comes through the one door of readings, as columns, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Self

import numpy as np

from mingdu.core.registers import CHANNEL_SCALE
from mingdu.core.types import Bytes, Flags, Ints, Times
from mingdu.errors import TradeError

# The meter is then looked up: the one installed at the usage point at that time.
WHICHEVER_METER = 0


class FutureReading(TradeError):
    """A reading of a time that has not come yet."""

    next_step = "check the clock of the meter and the date of the file"


class UnknownUsagePoint(TradeError):
    """No such usage point; one that the actor may not touch answers the same."""

    next_step = "register the usage point first, or correct its code"


class NotInstalled(TradeError):
    """No meter, or not this one, was installed at the usage point at that time."""

    next_step = "register the installation, or correct the time"


class BadValue(TradeError):
    """A value that the register or channel cannot show, or a quality mark that is unknown."""

    next_step = "read the register again"


class OutsideStorage(TradeError):
    """A reading of a month for which no storage is laid out."""

    next_step = "correct the date, or lay out the month with metering.make_months"


class WrongDayLength(TradeError):
    """A curve with another number of intervals than its civil day has."""

    next_step = "send whole days of the channel's interval; days that change the clocks are shorter or longer"


class OtherInterval(TradeError):
    """A curve of a day that is stored with another interval or other decimals."""

    next_step = "send the day as it is stored, or correct it by the channel's profile"


class UnlikeReadingColumns(TradeError):
    """Columns of one batch that have different lengths."""


class Source(IntEnum):
    """Through which way a value came. The numbers are stored; never renumber them."""

    SOCKET = 1
    FILE = 2
    PHONE = 3
    API = 4
    REGISTRY = 5
    EXCHANGE = 6
    DAY_CLOSE = 7


class Intent(StrEnum):
    """RECORD what was read; CORRECT what is stored and known to be wrong."""

    RECORD = "record"
    CORRECT = "correct"


class Outcome(IntEnum):
    """What became of one value; NOTHING where none was offered."""

    NOTHING = 0
    ACCEPTED = 1
    SAME = 2
    CONFLICT = 3
    BAD = 4


@dataclass(frozen=True)
class CurveColumns:
    """
    Curves of whole civil days, one row each; what was not read is MISSING.

    usage_point_id, day, channel  int64 (row,)         day: days since 1970-01-01; channel: Channel
    values                        int64 (row, point)   register digits of each interval, before the multiplier
    quality                       uint8 (row, point)   Quality
    decimals                      int64 (row,)         digits behind the point; None: the channel's own
    """

    usage_point_id: Ints
    day: Ints
    channel: Ints
    values: Ints
    quality: Bytes
    decimals: Ints | None = None

    def __post_init__(self) -> None:
        rows = len(self.usage_point_id)
        _check_lengths(rows, self.day, self.channel, self.values, self.quality, self.scale)
        if self.values.ndim != 2 or self.values.shape != self.quality.shape:
            raise UnlikeReadingColumns(f"values {self.values.shape} and quality {self.quality.shape}")

    def __len__(self) -> int:
        return len(self.usage_point_id)

    @property
    def scale(self) -> Ints:
        """Return the decimals of each row, int64 (row,); those of an unknown channel do not matter."""
        if self.decimals is not None:
            return self.decimals
        own = np.zeros(int(self.channel.max(initial=0)) + 1, dtype=np.int64)
        for channel, scale in CHANNEL_SCALE.items():
            if channel < len(own):
                own[channel] = scale.decimals
        return own[np.maximum(self.channel, 0)]

    @classmethod
    def none(cls) -> Self:
        """Return no curve."""
        no = np.zeros(0, dtype=np.int64)
        return cls(no, no, no, np.zeros((0, 96), dtype=np.int64), np.zeros((0, 96), dtype=np.uint8))

    def take(self, rows: Ints | Flags) -> CurveColumns:
        """Return the chosen rows."""
        return CurveColumns(
            self.usage_point_id[rows], self.day[rows], self.channel[rows],
            self.values[rows], self.quality[rows], None if self.decimals is None else self.decimals[rows],
        )  # fmt: skip


@dataclass(frozen=True)
class RegisterColumns:
    """
    Register readings, one row each.

    usage_point_id, meter_id, register, digits  int64 (row,)  meter_id: WHICHEVER_METER looks it up
    read_at                                     datetime64[us] (row,)  UTC
    quality                                     uint8 (row,)  Quality
    """

    usage_point_id: Ints
    meter_id: Ints
    register: Ints
    read_at: Times
    digits: Ints
    quality: Bytes

    def __post_init__(self) -> None:
        rows = len(self.usage_point_id)
        _check_lengths(rows, self.meter_id, self.register, self.read_at, self.digits, self.quality)

    def __len__(self) -> int:
        return len(self.usage_point_id)

    @classmethod
    def none(cls) -> Self:
        """Return no register reading."""
        no = np.zeros(0, dtype=np.int64)
        return cls(no, no, no, no.astype("datetime64[us]"), no, np.zeros(0, dtype=np.uint8))

    def take(self, rows: Ints | Flags) -> RegisterColumns:
        """Return the chosen rows."""
        return RegisterColumns(
            self.usage_point_id[rows], self.meter_id[rows], self.register[rows],
            self.read_at[rows], self.digits[rows], self.quality[rows],
        )  # fmt: skip


@dataclass(frozen=True)
class ReadingBatch:
    """
    Readings of one source and one evidence.

    evidence_id  as returned by `record_evidence`
    """

    source: Source
    evidence_id: int
    curves: CurveColumns = field(default_factory=CurveColumns.none)
    registers: RegisterColumns = field(default_factory=RegisterColumns.none)
    intent: Intent = Intent.RECORD


@dataclass(frozen=True)
class BadRow:
    """A row that was not taken: of "curve" or "register", at which place of the batch, and why."""

    part: str
    row: int
    error: TradeError


@dataclass(frozen=True)
class Acceptance:
    """
    What became of a batch, value by value.

    curve_outcomes     uint8 (row, point)  Outcome
    register_outcomes  uint8 (row,)        Outcome
    bad                rows that were not taken; all others stand
    """

    curve_outcomes: Bytes
    register_outcomes: Bytes
    bad: tuple[BadRow, ...] = ()

    @property
    def accepted(self) -> int:
        """Values that are stored from now on and were not before."""
        return self._count(Outcome.ACCEPTED)

    @property
    def same(self) -> int:
        """Values that changed nothing: known already, or an estimate where there is a reading."""
        return self._count(Outcome.SAME)

    @property
    def conflicts(self) -> int:
        """Values that differ from a stored reading; both are kept."""
        return self._count(Outcome.CONFLICT)

    def _count(self, outcome: Outcome) -> int:
        return int(np.count_nonzero(self.curve_outcomes == outcome)) + int(
            np.count_nonzero(self.register_outcomes == outcome)
        )


def _check_lengths(rows: int, *columns: Ints | Bytes | Times) -> None:
    lengths = {len(column) for column in columns} | {rows}
    if len(lengths) > 1:
        raise UnlikeReadingColumns(f"columns of {sorted(lengths)} rows in one batch")
