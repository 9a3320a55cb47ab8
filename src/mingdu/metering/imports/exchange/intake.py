"""Blocks of a foreign file gathered until they are worth a transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from mingdu.core.quality import Quality
from mingdu.core.types import Bytes, Flags, Ints, Times
from mingdu.errors import TradeError
from mingdu.metering.imports.parsed import NOT_KNOWN
from mingdu.metering.readings import UnknownUsagePoint
from mingdu.metering.zone import civil_days
from mingdu.wire.exchange.series import BadRecord, Block, Channel, Mark, Piece

from .civil import utc_of
from .names import PointNames
from .report import ExchangeReport
from .targets import Target, Targets
from .values import Values

# So many values go through the door together; a channel's latest day waits for its rest, up to so many.
CHUNK_VALUES: Final = 200_000
MOST_WAITING: Final = 400_000
_NOT_YET: Final = np.datetime64("NaT", "us")

_QUALITY: Final = np.zeros(len(Quality), dtype=np.uint8)
for _mark in Mark:
    _QUALITY[_mark] = Quality[_mark.name] if _mark is not Mark.ESTIMATED else Quality.ESTIMATED_FLAT
# Codes that name the method of an estimate: NEM's method numbers, Green Button's qualities.
_METHODS: Final = {
    "14": Quality.ESTIMATED_LIKE_DAYS,
    "15": Quality.ESTIMATED_LIKE_DAYS,
    "17": Quality.ESTIMATED_LINEAR,
}
_WHOLE_CODES: Final = {"8": Quality.ESTIMATED_LIKE_DAYS, "9": Quality.ESTIMATED_LINEAR}


class NoSuchTime(TradeError):
    """A time that the clocks of the zone leave out."""

    next_step = "name the zone that the file's clock had; Etc/GMT or Etc/GMT-8 have no summer time"


@dataclass
class Intake:
    """
    Takes blocks in and gives values out, with what could not be taken in the report.

    zone             of times that name none
    interval_minutes for channels that are measured at a moment and name no interval
    chunk_values     how many go through the door together
    """

    names: PointNames
    targets: Targets
    zone: ZoneInfo
    interval_minutes: int
    report: ExchangeReport
    chunk_values: int = CHUNK_VALUES
    waiting: list[Values] = field(default_factory=list)
    count: int = 0
    latest: dict[Channel, np.datetime64] = field(default_factory=dict)

    def chunks(self, pieces: Iterable[Piece]) -> Iterator[Values]:
        """
        Yield values of whole channel days; a file that cannot be read on ends where it cannot.

        A day comes in two chunks only where more than MOST_WAITING values are of unfinished days.
        """
        try:
            for piece in pieces:
                if isinstance(piece, BadRecord):
                    self._refuse(piece)
                else:
                    self._add(piece)
                if self.count >= self.chunk_values:
                    yield from self._give(is_end=False)
        except BadRecord as fault:
            self._refuse(fault)
        yield from self._give(is_end=True)

    def _refuse(self, fault: BadRecord) -> None:
        self.report.refuse(fault, np.array([fault.line]))

    def _add(self, block: Block) -> None:
        channel = block.channel
        try:
            target = self.targets.of(channel)
            if target is None:
                self.report.passed_over += len(block)
                return
            begin, no_such = self._instants(block)
            point = self._point(channel, begin)
        except TradeError as error:
            self.report.refuse(error, block.lines)
            return
        quality = _qualities(block)
        self.report.note_codes(block.codes, quality)
        for line, shown in zip(block.lines[no_such].tolist(), block.starts_at[no_such], strict=True):
            left_out = NoSuchTime(f"{shown} is not in {self.zone.key}", time=str(shown), zone=self.zone.key)
            self.report.refuse(left_out, np.array([line]))
        is_missing = (quality == Quality.MISSING) & ~no_such
        self.report.take_missing(int(np.count_nonzero(is_missing)))
        good = ~no_such & ~is_missing
        self.waiting.append(self._values(block, target, point, (begin, quality)).take(good))
        self.count += int(np.count_nonzero(good))

    def _instants(self, block: Block) -> tuple[Times, Flags]:
        if block.offset_minutes is not None:
            return block.starts_at.astype("datetime64[us]"), np.zeros(len(block), dtype=bool)
        latest = self.latest.get(block.channel, _NOT_YET)
        begin, no_such = utc_of(block.starts_at, self.zone, latest)
        if len(begin):
            self.latest[block.channel] = begin[-1]
        return begin, no_such

    def _point(self, channel: Channel, begin: Times) -> int:
        point = self.names.find(channel.point, channel.meter, begin)
        if point == NOT_KNOWN:
            named = {"usage_point": channel.point} if channel.point else {}
            named |= {"meter": channel.meter} if channel.meter else {}
            raise UnknownUsagePoint(f"usage point {channel.point or channel.meter}", **named)
        return point

    def _values(self, block: Block, target: Target, point: int, read: tuple[Times, Bytes]) -> Values:
        def everywhere(value: int) -> Ints:
            return np.full(len(block), value, dtype=np.int64)

        return Values(
            point=everywhere(point),
            code=everywhere(target.code),
            minutes=everywhere(0 if target.is_register else target.minutes or self.interval_minutes),
            begin=read[0],
            digits=block.digits,
            exponent=everywhere(block.exponent - target.power),
            quality=read[1],
            line=block.lines,
            rounded=block.rounded,
            is_multiplied=np.full(len(block), target.is_multiplied),
        )

    def _give(self, *, is_end: bool) -> Iterator[Values]:
        if not self.waiting:
            return
        values = Values.joined(self.waiting)
        goes_on = np.zeros(len(values), dtype=bool) if is_end else _latest_days(values)
        if np.count_nonzero(goes_on) > min(MOST_WAITING, self.chunk_values // 2):
            goes_on[:] = False
        self.waiting, self.count = [values.take(goes_on)], int(np.count_nonzero(goes_on))
        yield values.take(~goes_on)


def _qualities(block: Block) -> Bytes:
    """Our marks; an estimate keeps its method where the code names one, else it is a flat one."""
    quality: Bytes = _QUALITY[block.quality]
    for code in np.unique(block.codes[block.quality == Mark.ESTIMATED]).tolist():
        method = _WHOLE_CODES.get(code) or _METHODS.get(code.partition("/")[0][1:3])
        if method is not None:
            quality[(block.codes == code) & (block.quality == Mark.ESTIMATED)] = method
    return quality


def _latest_days(values: Values) -> Flags:
    """Tell which intervals are of the latest day of their channel, whose rest may still come."""
    day = civil_days(values.begin)
    keys = np.stack([values.point, values.code, values.minutes], axis=1)
    _, channel = np.unique(keys, axis=0, return_inverse=True)
    channel = channel.reshape(-1)
    latest = np.full(channel.max(initial=-1) + 1, np.iinfo(np.int64).min)
    np.maximum.at(latest, channel, day)
    goes_on: Flags = (day == latest[channel]) & (values.minutes > 0)
    return goes_on
