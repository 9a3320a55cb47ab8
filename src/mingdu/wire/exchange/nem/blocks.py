"""Days and reads of NEM files as blocks of the common vocabulary, and blocks back as days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Final

import numpy as np

from mingdu.errors import TradeError
from mingdu.wire.exchange.numbers import Digits, gather, read_number, rescale
from mingdu.wire.exchange.series import (
    BadRecord,
    Block,
    Bytes,
    Channel,
    Ints,
    Mark,
    Piece,
    Shape,
    Texts,
    Times,
)
from mingdu.wire.exchange.units import read_unit, write_unit

from .codes import MARKS, METHODS, VARIABLE, ZONE_MINUTES, kind_of, own_code
from .read import BadField, read_records
from .records import Accumulation, Day, Details, Event, Read

MINUTE: Final = np.timedelta64(60, "s")
NO_UNIT: Final = ("", 0)


class NotWholeDays(TradeError):
    """The values of a block do not fill whole days of market time."""

    next_step = "hand in intervals of 5, 15 or 30 minutes from 00:00 to 24:00 at +10:00, none left out"


class NoMethod(TradeError):
    """A mark has no quality method in this format."""

    next_step = "name the method for this mark, or leave the values out"


def read_nem(pieces: Iterable[bytes]) -> Iterator[Piece]:
    """
    Read a NEM12 or NEM13 file as blocks: one a day and channel, or three a record 250.

    raises   NotNem, LineTooLong: see read_records; all other faults are yielded with their line
    """
    for record in read_records(pieces):
        match record:
            case BadRecord():
                yield record
            case Day():
                yield _guarded(record)
            case Accumulation():
                yield from accumulation_blocks(record)
            case _:
                pass


def day_block(day: Day) -> Block:
    """
    Return one day as a block of its intervals.

    raises   BadField: the day is not in the calendar
    """
    details, count = day.details, len(day.values.digits)
    base, power = read_unit(details.unit) or NO_UNIT
    try:
        midnight = np.datetime64(dt.datetime.strptime(day.day, "%Y%m%d"), "s")  # noqa: DTZ007
    except ValueError as error:
        raise BadField(f"{day.day} is no day", line=day.line, column=2, value=day.day) from error
    starts = midnight + np.arange(count) * details.interval_minutes * MINUTE - ZONE_MINUTES * MINUTE
    quality, codes, lines = _qualities(day)
    channel = _channel(details, base, Shape.INTERVAL, details.interval_minutes)
    return Block(
        channel,
        starts,
        np.full(count, ZONE_MINUTES, np.int64),
        day.values.digits,
        day.values.exponent + power,
        quality,
        codes,
        lines,
        day.values.rounded,
    )


def accumulation_blocks(record: Accumulation) -> Iterator[Piece]:
    """Yield the two reads as registers, and the amount between them as a period."""
    base, power = read_unit(record.unit) or NO_UNIT
    reads = (record.previous, record.current)
    try:
        shown = gather([read_number(each.value, line=record.line) for each in reads], lines=[record.line] * 2)
        times = np.array([_moment(each.read_at, record.line) for each in reads], "datetime64[s]")
        amount = gather([read_number(record.quantity, line=record.line)], lines=[record.line])
    except BadRecord as fault:
        yield fault
        return
    yield _reads_block(record, _channel(record, base, Shape.REGISTER), (times, None), shown, power)
    period = _channel(record, base, Shape.PERIOD)
    yield _reads_block(record, period, (times[:1], times[1:]), amount, power)


def block_days(block: Block, details: Details, *, methods: Mapping[Mark, str] = METHODS) -> list[Day]:
    """
    Return a block as records 300, one a day; the values go into the unit of the details.

    methods   quality method for each mark; a code of the block that is one of this format stays
    raises    NotWholeDays: intervals are missing or not at +10:00 midnight; NoMethod: a mark has none;
              ValueError: the unit of the details cannot hold the digits
    """
    minutes = details.interval_minutes
    if block.channel.interval_minutes != minutes or block.offset_minutes is None:
        raise NotWholeDays(f"{block.channel.interval_minutes} minutes for a channel of {minutes}")
    local = block.starts_at + ZONE_MINUTES * MINUTE
    count = 1440 // minutes
    days, left = divmod(len(block), count)
    expected = (
        local[:1].astype("datetime64[D]").astype("datetime64[s]") + np.arange(len(block)) * minutes * MINUTE
    )
    if left or not np.array_equal(local, expected):
        raise NotWholeDays(f"{len(block)} intervals from {local[:1]}", intervals=len(block))
    unit = read_unit(details.unit) or NO_UNIT
    exponent = min(block.exponent - unit[1], 0)
    digits = rescale(block.digits, block.exponent - unit[1], exponent)
    codes = [
        _method(code, Mark(mark), methods) for code, mark in zip(block.codes, block.quality, strict=True)
    ]
    return [
        _day_record(
            details,
            local[at],
            Digits(digits[at : at + count], exponent, block.rounded[at : at + count]),
            codes[at : at + count],
        )
        for at in range(0, days * count, count)
    ]


def details_for(channel: Channel, *, suffix: str, power: int = 3) -> Details:
    """Return a record 200 for a channel; power: 3 for kWh. Raises ValueError: it has no interval or unit."""
    if channel.interval_minutes is None:
        raise ValueError(f"{channel.point}: only intervals can be written as NEM12")
    unit = write_unit(channel.unit, power).upper()
    return Details(
        channel.point, suffix, channel.register, suffix, "", channel.meter, unit, channel.interval_minutes
    )


def _guarded(day: Day) -> Piece:
    try:
        return day_block(day)
    except BadRecord as fault:
        return fault


def _channel(
    source: Details | Accumulation, base: str, shape: Shape, interval_minutes: int | None = None
) -> Channel:
    direction = source.direction if isinstance(source, Accumulation) else ""
    kind = kind_of(source.suffix, source.unit, direction)
    return Channel(
        source.point, source.meter, kind, base, shape, interval_minutes, source.suffix, source.register
    )


def _qualities(day: Day) -> tuple[Bytes, Texts, Ints]:
    """Quality, code and line of every interval: the day's own, overwritten by its ranges."""
    count = len(day.values.digits)
    quality = np.full(count, MARKS.get(day.method[:1], Mark.MISSING), np.uint8)
    codes = np.full(count, own_code(day.method, day.reason), "U16")
    lines = np.full(count, day.line, np.int64)
    for event in day.events:
        span = slice(event.start - 1, event.end)
        quality[span] = MARKS[event.method[:1]]
        codes[span] = own_code(event.method, event.reason)[:16]
        lines[span] = event.line
    return quality, codes, lines


def _reads_block(
    record: Accumulation, channel: Channel, times: tuple[Times, Times | None], values: Digits, power: int
) -> Block:
    """The period carries the quality of its later read."""
    count = len(values.digits)
    reads: list[Read] = [record.previous, record.current][-count:]
    codes = [own_code(each.method, each.reason) for each in reads]
    return Block(
        channel,
        times[0],
        np.full(count, ZONE_MINUTES, np.int64),
        values.digits,
        values.exponent + power,
        np.array([MARKS.get(each.method[:1], Mark.MISSING) for each in reads], np.uint8),
        np.array(codes, np.str_),
        np.full(count, record.line, np.int64),
        values.rounded,
        times[1],
    )


def _moment(text: str, line: int) -> np.datetime64:
    try:
        return np.datetime64(dt.datetime.strptime(text, "%Y%m%d%H%M%S"), "s") - ZONE_MINUTES * MINUTE  # noqa: DTZ007
    except ValueError as error:
        raise BadField(f"{text} is no moment", line=line, value=text, expected="YYYYMMDDhhmmss") from error


def _method(code: str, mark: Mark, methods: Mapping[Mark, str]) -> tuple[str, str]:
    """Method and reason of one value."""
    method, _, reason = str(code).partition("/")
    if MARKS.get(method[:1]) is mark and len(method) in (1, 3):
        return method, reason
    if mark not in methods:
        raise NoMethod(f"{mark.name} has no quality method", mark=mark.name)
    return methods[mark], ""


def _day_record(
    details: Details, midnight: np.datetime64, values: Digits, codes: list[tuple[str, str]]
) -> Day:
    day = str(midnight)[:10].replace("-", "")
    if len(set(codes)) == 1:
        return Day(details, day, values, *codes[0])
    events, at = [], 1
    for (method, reason), same in groupby(codes):
        length = len(list(same))
        events.append(Event(at, at + length - 1, method, reason))
        at += length
    return Day(details, day, values, VARIABLE, events=tuple(events))
