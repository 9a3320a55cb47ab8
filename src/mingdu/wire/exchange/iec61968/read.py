"""Read MeterReadings, one MeterReading at a time, bare or inside a message with header and payload."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np

from mingdu.wire.exchange.numbers import gather, read_number
from mingdu.wire.exchange.series import BLOCK_VALUES, BadRecord, Block, Piece, Shape
from mingdu.wire.exchange.xml_stream import Element, wanted_elements

from .qualities import mark_of
from .reading_type import ReadingType, read_type

NAMESPACE: Final = "http://iec.ch/TC57/2011/MeterReadings#"
NS: Final = NAMESPACE + " "
METER_READING: Final = NS + "MeterReading"


class NoReadings(BadRecord):
    """The file holds no MeterReading of the namespace of 2011."""

    next_step = "name the format of the file, or ask for messages of the 2011 namespace"


class BadReading(BadRecord):
    """A reading has no time with an offset, or an amount no period."""


@dataclass(frozen=True, slots=True)
class _Value:
    start: dt.datetime
    end: dt.datetime | None
    offset: int
    number: tuple[int, int, bool]
    codes: tuple[str, ...]
    line: int


def read_meter_readings(pieces: Iterable[bytes]) -> Iterator[Piece]:
    """
    Read all MeterReadings as blocks of at most BLOCK_VALUES values.

    raises   NotXml, ForbiddenXml, XmlTooLarge, NoReadings; all other faults are yielded with their line
    """
    is_empty = True
    for element in wanted_elements(pieces, frozenset([METER_READING])):
        is_empty = False
        yield from _meter_reading(element)
    if is_empty:
        raise NoReadings("no MeterReading", line=1, expected=NAMESPACE)


def _meter_reading(element: Element) -> Iterator[Piece]:
    point, meter = _identity(element, "UsagePoint"), _identity(element, "Meter")
    for group in element.every(NS + "IntervalBlocks"):
        try:
            kind = read_type(_reference(group, "ReadingType"), line=group.line)
        except BadRecord as fault:
            yield fault
            continue
        yield from _pieces(group.every(NS + "IntervalReadings"), kind, (point, meter))
    singles: dict[str, list[Element]] = {}
    for reading in element.every(NS + "Readings"):
        singles.setdefault(_reference(reading, "ReadingType"), []).append(reading)
    for code, readings in singles.items():
        try:
            kind = read_type(code, line=readings[0].line)
        except BadRecord as fault:
            yield fault
            continue
        yield from _pieces(iter(readings), kind, (point, meter))


def _pieces(readings: Iterator[Element], kind: ReadingType, whose: tuple[str, str]) -> Iterator[Piece]:
    while some := list(islice(readings, BLOCK_VALUES)):
        values = []
        for reading in some:
            try:
                values.append(_value(reading, kind))
            except BadRecord as fault:
                yield fault
        try:
            if values:
                yield _block(values, kind, whose)
        except BadRecord as fault:
            yield fault


def _value(reading: Element, kind: ReadingType) -> _Value:
    line = reading.line
    stamp = _time(reading.text_of(NS + "timeStamp"), line)
    start, end = stamp, None
    if kind.shape is Shape.INTERVAL:
        start = stamp - dt.timedelta(minutes=kind.interval_minutes or 0)
    elif kind.shape is Shape.PERIOD:
        start = _time(reading.text_of(NS + "timePeriod", NS + "start"), line)
        end = _time(reading.text_of(NS + "timePeriod", NS + "end") or reading.text_of(NS + "timeStamp"), line)
    offset = stamp.utcoffset() or dt.timedelta()
    codes = tuple(_reference(each, "ReadingQualityType") for each in reading.every(NS + "ReadingQualities"))
    number = read_number(reading.text_of(NS + "value"), line=line)
    return _Value(start, end, int(offset.total_seconds()) // 60, number, codes, line)


def _time(text: str, line: int) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
        # Far outside the calendar an interval's start or a change of zone would not exist.
        if moment.tzinfo is not None and 1900 <= moment.year <= 9000:
            return moment
    except ValueError:
        pass
    raise BadReading(f"time {text[:40]!r}", line=line, value=text, expected="date, time and offset")


def _block(values: list[_Value], kind: ReadingType, whose: tuple[str, str]) -> Block:
    digits = gather([each.number for each in values], lines=[each.line for each in values])
    ends = [each.end for each in values if each.end is not None]
    return Block(
        kind.channel(*whose),
        _column([each.start for each in values]),
        np.array([each.offset for each in values], np.int64),
        digits.digits,
        digits.exponent + kind.power,
        np.array([mark_of(each.codes) for each in values], np.uint8),
        np.array([" ".join(each.codes)[:120] for each in values], np.str_),
        np.array([each.line for each in values], np.int64),
        digits.rounded,
        _column(ends) if ends else None,
    )


def _column(moments: list[dt.datetime]) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    return np.array([each.astimezone(dt.UTC).replace(tzinfo=None) for each in moments], "datetime64[s]")


def _identity(element: Element, name: str) -> str:
    """The name that people use, else the mRID."""
    thing = element.first(NS + name)
    if thing is None:
        return ""
    return thing.text_of(NS + "Names", NS + "name") or thing.text_of(NS + "mRID")


def _reference(element: Element, name: str) -> str:
    found = element.first(NS + name)
    return found.attributes.get("ref", "") if found else ""
