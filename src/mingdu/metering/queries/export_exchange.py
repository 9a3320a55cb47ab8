"""Files of the exchange formats out of what is stored; what was exported comes in again as the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Final
from uuid import NAMESPACE_URL, uuid5

import numpy as np

from mingdu.base.actors import Actor
from mingdu.core.clock import INTERVALS
from mingdu.core.quality import Quality
from mingdu.core.registers import Channel
from mingdu.metering.exchange import CURVE_KINDS, REGISTER_KINDS, ExchangeFormat
from mingdu.metering.zone import midnight, zone
from mingdu.wire.exchange.cim_codes import PERIOD_CODES
from mingdu.wire.exchange.green_button.local_time import LocalTime
from mingdu.wire.exchange.green_button.write import Feed, write_feed
from mingdu.wire.exchange.iec61968.write import write_meter_readings
from mingdu.wire.exchange.nem.blocks import MINUTE, block_days, details_for
from mingdu.wire.exchange.nem.codes import INTERVAL_MINUTES, ZONE_MINUTES
from mingdu.wire.exchange.nem.records import End, Header, Record
from mingdu.wire.exchange.nem.write import write_records
from mingdu.wire.exchange.series import Block, Kind, Mark

from .export_blocks import Chosen, export_blocks

TOTALS: Final = tuple(register for register, (_, tariff) in REGISTER_KINDS.items() if tariff == "TOTAL")
SUFFIXES: Final = {Kind.ACTIVE_IMPORT: "E1", Kind.ACTIVE_EXPORT: "B1"}
# Methods of AEMO: 12 calculated, 14 like day, 17 linear.
NEM_CODES: Final = (
    (Quality.ESTIMATED_LINEAR, "S17"),
    (Quality.ESTIMATED_LIKE_DAYS, "S14"),
    (Quality.ESTIMATED_FLAT, "S12"),
)
FEED_CODES: Final = ((Quality.ESTIMATED_LINEAR, "9"), (Quality.ESTIMATED_LIKE_DAYS, "8"))
CHOSEN: Final = {
    ExchangeFormat.NEM12: Chosen((Channel.IMPORT, Channel.EXPORT), (), INTERVAL_MINUTES, NEM_CODES, True),
    ExchangeFormat.GREEN_BUTTON: Chosen(tuple(CURVE_KINDS), TOTALS, INTERVALS, FEED_CODES),
    ExchangeFormat.IEC61968: Chosen(
        tuple(CURVE_KINDS), tuple(REGISTER_KINDS), tuple(set(INTERVALS) & set(PERIOD_CODES))
    ),
}
# Power of ten of what NEM12 is written in, whatever the days are stored with.
_WATT_HOUR = 0


@dataclass
class Written:
    """What went into a file; left_out: values that the format has no word for."""

    values: int = 0
    left_out: int = 0


@dataclass(frozen=True)
class Export:
    """
    An export of days, the end day excluded.

    minutes   only curves of this interval; None: all that the format can say
    written   counts while the bytes are taken
    """

    format: ExchangeFormat
    first_day: date
    end_day: date
    minutes: int | None = None
    written: Written = field(default_factory=Written)


def export_exchange(by: Actor, export: Export, now: datetime) -> Iterator[bytes]:
    """
    Yield a file of NEM12, Green Button or IEC 61968-9 in pieces.

    now      when it is: NEM12 and Green Button say when they were made
    raises   NotPermitted
    """
    chosen = CHOSEN[export.format]
    if export.minutes is not None:
        chosen = replace(chosen, minutes=tuple({export.minutes} & set(chosen.minutes)))
    blocks = _counted(export_blocks(by, export.first_day, export.end_day, chosen), export)
    match export.format:
        case ExchangeFormat.NEM12:
            return write_records(_nem_records(blocks, export, now))
        case ExchangeFormat.GREEN_BUTTON:
            return write_feed(_feed(export, now), blocks)
        case _:
            return write_meter_readings(blocks)


def _counted(blocks: Iterator[Block], export: Export) -> Iterator[Block]:
    for block in blocks:
        export.written.values += int(np.count_nonzero(block.quality != Mark.MISSING))
        yield block


def _nem_records(blocks: Iterator[Block], export: Export, now: datetime) -> Iterator[Record]:
    created = now.astimezone(UTC) + timedelta(minutes=ZONE_MINUTES)
    yield Header("NEM12", created.strftime("%Y%m%d%H%M"), "MINGDU", "")
    # Neighbouring runs of one channel become one series first: their market days share no civil border.
    for channel, runs in groupby(blocks, key=lambda block: block.channel):
        details = details_for(channel, suffix=SUFFIXES[channel.kind])
        yield details
        yield from block_days(_market_days(list(runs), export), details)
    yield End()


def _market_days(runs: list[Block], export: Export) -> Block:
    """Put one channel's values into whole days at +10:00; what is not there is missing."""
    minutes = runs[0].channel.interval_minutes or 0
    step = minutes * MINUTE
    first = min(run.starts_at[0] for run in runs)
    past = max(run.starts_at[-1] for run in runs) + step
    begin = _market_midnight(first)
    count = -int((begin - past) // (1440 * MINUTE)) * (1440 // minutes)
    digits, quality = np.zeros(count, dtype=np.int64), np.full(count, Mark.MISSING, dtype=np.uint8)
    codes = np.full(count, "N", dtype="U8")
    for run in runs:
        place = (run.starts_at - begin) // step
        is_said = run.quality != Mark.SUSPECT
        export.written.left_out += int(np.count_nonzero(~is_said))
        digits[place] = np.where(is_said, run.digits * 10 ** (run.exponent - _WATT_HOUR), 0)
        quality[place] = np.where(is_said, run.quality, Mark.MISSING)
        codes[place] = run.codes
    offsets = np.full(count, ZONE_MINUTES, dtype=np.int64)
    starts = begin + np.arange(count) * step
    lines = np.zeros(count, dtype=np.int64)
    return Block(
        runs[0].channel, starts, offsets, digits, _WATT_HOUR, quality, codes, lines, lines.astype(np.bool_)
    )


def _market_midnight(instant: np.datetime64) -> np.datetime64:
    offset = ZONE_MINUTES * 60
    seconds = int(instant.astype("datetime64[s]").astype(np.int64)) + offset
    return np.datetime64(seconds - seconds % 86_400 - offset, "s")


class _Urns(dict[str, str]):
    """Names of a feed's entries: the same file has the same names again."""

    def __init__(self, of: str) -> None:
        super().__init__()
        self.of = of

    def __missing__(self, name: str) -> str:
        return f"urn:uuid:{uuid5(NAMESPACE_URL, f'{self.of}/{name}')}"


def _feed(export: Export, now: datetime) -> Feed:
    title = f"{export.first_day} – {export.end_day}"
    made = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Feed(
        title, made, _Urns(f"mingdu/{export.first_day}/{export.end_day}"), local_time(export.first_day)
    )


def local_time(day: date) -> LocalTime:
    """Return the rule of local time of a day's year, with the days on which the clocks change in it."""
    here = zone()
    year = [midnight(date(day.year, 1, 1)) + timedelta(hours=hour) for hour in range(366 * 24)]
    offsets = [int((hour.astimezone(here).utcoffset() or timedelta()).total_seconds()) for hour in year]
    standard, summer = min(offsets), max(offsets)
    if standard == summer:
        return LocalTime(standard)
    changes = [at for at in range(1, len(year)) if offsets[at] != offsets[at - 1]]
    starts = next(at for at in changes if offsets[at] == summer)
    ends = next(at for at in changes if offsets[at] == standard)
    return LocalTime(standard, summer - standard, _rule(year[starts], standard), _rule(year[ends], summer))


def _rule(moment: datetime, offset: int) -> str:
    """A rule of one year: on this day of this month, by the clock in force before."""
    shown = moment.astimezone(UTC) + timedelta(seconds=offset)
    bits = shown.month << 28 | shown.day << 20 | shown.hour << 12 | shown.minute * 60
    return f"{bits:08X}"
