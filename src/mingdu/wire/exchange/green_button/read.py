"""Read a Green Button feed; entries may stand in any order, blocks wait for what they belong to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

import numpy as np

from mingdu.wire.exchange.cim_codes import PHASES, SHAPES, UNITS, kind_of
from mingdu.wire.exchange.numbers import MOST_DIGITS
from mingdu.wire.exchange.series import BLOCK_VALUES, BadRecord, Block, Channel, Ints, Mark, Piece, Shape
from mingdu.wire.exchange.xml_stream import Element, wanted_elements

from .local_time import NONE, LocalTime

ATOM: Final = "http://www.w3.org/2005/Atom "
ESPI: Final = "http://naesb.org/espi "
ENTRY: Final = ATOM + "entry"

# Blocks that stand before their reading type wait, this many values at most.
MOST_WAITING: Final = 100_000
UTC_ONLY: Final = LocalTime(0)

# QualityOfReading of NAESB REQ.21.
MARKS: Final = {
    "0": Mark.MEASURED,
    "7": Mark.EDITED,
    "8": Mark.ESTIMATED,
    "9": Mark.ESTIMATED,
    "10": Mark.SUSPECT,
    "11": Mark.MEASURED,
    "12": Mark.PROVISIONAL,
    "14": Mark.PROVISIONAL,
    "17": Mark.MEASURED,
    "18": Mark.MEASURED,
    "19": Mark.MEASURED,
}


class BadReading(BadRecord):
    """A reading, an interval or a code of the feed is no whole number or out of its range."""


class UnknownLink(BadRecord):
    """A block of readings belongs to no meter reading or reading type of the feed."""

    next_step = "ask for the feed with its reading types; without them the unit is not known"


class NotFeed(BadRecord):
    """The file holds no entry of a feed."""

    next_step = "name the format of the file"


@dataclass(frozen=True, slots=True)
class _Type:
    kind_unit: tuple[int, int, int]  # kind, flow, unit
    shape: Shape
    power: int
    interval_minutes: int | None
    default_quality: str
    phase: str


@dataclass(slots=True)
class _Feed:
    """What the entries so far have told, by the address of their links."""

    types: dict[str, _Type] = field(default_factory=dict)
    readings: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    points: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    reading_of: dict[str, str] = field(default_factory=dict)
    point_of: dict[str, str] = field(default_factory=dict)
    zones: dict[str, LocalTime] = field(default_factory=dict)
    waiting: list[tuple[str, Element]] = field(default_factory=list)
    waiting_values: int = 0


def read_feed(pieces: Iterable[bytes]) -> Iterator[Piece]:
    """
    Read a feed as blocks of at most BLOCK_VALUES values.

    Where no entry tells the local time, times are UTC with offset 0.
    raises   NotXml, ForbiddenXml, XmlTooLarge, NotFeed; all other faults are yielded with their line
    """
    feed = _Feed()
    line = 0
    for entry in wanted_elements(pieces, frozenset([ENTRY])):
        line = entry.line
        try:
            blocks = _take(feed, entry)
            for up, block in blocks:
                yield from _block_pieces(feed, up, block)
        except BadRecord as fault:
            yield fault
    if not line:
        raise NotFeed("no entry of a feed", line=1, expected="Atom entries")
    for up, block in feed.waiting:
        yield from _block_pieces(feed, up, block)


def _take(feed: _Feed, entry: Element) -> list[tuple[str, Element]]:
    """Remember what an entry tells; return the blocks of readings that can be read now."""
    links = [each.attributes for each in entry.every(ATOM + "link")]
    own = next((each.get("href", "") for each in links if each.get("rel") == "self"), "")
    up = next((each.get("href", "") for each in links if each.get("rel") == "up"), "")
    related = [each.get("href", "") for each in links if each.get("rel") == "related"]
    content = entry.first(ATOM + "content")
    ready = []
    for resource in content.children if content else ():
        match resource.tag.removeprefix(ESPI):
            case "UsagePoint":
                feed.points[own] = (entry.text_of(ATOM + "title"), related)
                feed.point_of |= dict.fromkeys([*related, f"{own}/MeterReading"], own)
            case "MeterReading":
                feed.readings[own] = (up, related)
                feed.reading_of |= dict.fromkeys([*related, own, f"{own}/IntervalBlock"], own)
            case "ReadingType":
                feed.types[own] = _read_type(resource)
            case "LocalTimeParameters":
                feed.zones[own] = _read_zone(resource)
            case "IntervalBlock":
                ready += _ready_or_waiting(feed, up, resource)
            case _:
                pass
    return ready


def _ready_or_waiting(feed: _Feed, up: str, block: Element) -> list[tuple[str, Element]]:
    # A usage point that comes late would leave blocks without their code: they wait for the end as well.
    is_full = feed.waiting_values + len(block.children) > MOST_WAITING
    if _type_of(feed, up) is not None and (is_full or _point_of(feed, up) is not None):
        return [(up, block)]
    feed.waiting_values += len(block.children)
    if is_full:
        raise UnknownLink("too many readings before their type", line=block.line, value=up)
    feed.waiting.append((up, block))
    return []


def _type_of(feed: _Feed, up: str) -> _Type | None:
    related = feed.readings[feed.reading_of[up]][1] if up in feed.reading_of else []
    return next((feed.types[each] for each in related if each in feed.types), None)


def _point_of(feed: _Feed, up: str) -> str | None:
    collection = feed.readings[feed.reading_of[up]][0] if up in feed.reading_of else ""
    return feed.point_of.get(collection)


def _block_pieces(feed: _Feed, up: str, block: Element) -> Iterator[Piece]:
    kind = _type_of(feed, up)
    if kind is None:
        yield UnknownLink("readings of no known type", line=block.line, value=up, expected="a ReadingType")
        return
    own = _point_of(feed, up) or ""
    title, related = feed.points.get(own, ("", []))
    zone = next((feed.zones[each] for each in related if each in feed.zones), None)
    if zone is None:
        zone = next(iter(feed.zones.values())) if len(feed.zones) == 1 else UTC_ONLY
    code, flow, uom = kind.kind_unit
    channel = Channel(
        title or own.rpartition("/")[2],
        "",
        kind_of(UNITS.get(uom), flow, code),
        UNITS.get(uom, ""),
        kind.shape,
        kind.interval_minutes if kind.shape is Shape.INTERVAL else None,
        f"{code}.{flow}.{uom}",
        phase=kind.phase,
    )
    readings = block.every(ESPI + "IntervalReading")
    while some := list(islice(readings, BLOCK_VALUES)):
        yield from _readings_piece(some, channel, kind, zone)


def _readings_piece(
    readings: list[Element], channel: Channel, kind: _Type, zone: LocalTime
) -> Iterator[Piece]:
    rows: list[tuple[int, int, int, str, int]] = []
    for reading in readings:
        try:
            rows.append(_reading(reading, kind))
        except BadRecord as fault:
            yield fault
    if not rows:
        return
    starts, durations, digits, codes, lines = zip(*rows, strict=True)
    seconds: Ints = np.array(starts, np.int64)
    try:
        offsets = zone.offsets(seconds)
    except ValueError as error:
        yield BadReading(f"rule of summer time: {error}", line=lines[0])
        return
    ends = (seconds + np.array(durations, np.int64)).astype("datetime64[s]")
    yield Block(
        channel,
        seconds.astype("datetime64[s]"),
        offsets,
        np.array(digits, np.int64),
        kind.power,
        np.array([MARKS.get(code, Mark.SUSPECT) if code else Mark.MEASURED for code in codes], np.uint8),
        np.array(codes, np.str_),
        np.array(lines, np.int64),
        np.zeros(len(rows), np.bool_),
        ends if channel.shape is Shape.PERIOD else None,
    )


def _reading(reading: Element, kind: _Type) -> tuple[int, int, int, str, int]:
    """Start, duration, digits, quality and line of one reading."""
    start = _whole(reading, ESPI + "timePeriod", ESPI + "start")
    duration = _whole(reading, ESPI + "timePeriod", ESPI + "duration", missing=0)
    if kind.interval_minutes is not None and duration not in (0, kind.interval_minutes * 60):
        expected = f"{kind.interval_minutes * 60} s"
        raise BadReading(f"a reading of {duration} s", line=reading.line, value=duration, expected=expected)
    quality = reading.text_of(ESPI + "ReadingQuality", ESPI + "quality") or kind.default_quality
    return start, duration, _whole(reading, ESPI + "value"), quality, reading.line


def _read_type(resource: Element) -> _Type:
    def number(name: str, missing: int = 0) -> int:
        return _whole(resource, ESPI + name, missing=missing)

    seconds = number("intervalLength")
    shape = SHAPES.get(number("accumulationBehaviour", 4), Shape.MOMENT)
    minutes = seconds // 60 if seconds % 60 == 0 and 60 <= seconds <= 3600 else None
    if shape is Shape.INTERVAL and minutes is None:
        shape = Shape.PERIOD
    return _Type(
        (number("kind", 12), number("flowDirection", 1), number("uom", -1)),
        shape,
        number("powerOfTenMultiplier"),
        minutes if shape is Shape.INTERVAL else None,
        resource.text_of(ESPI + "defaultQuality"),
        PHASES.get(number("phase"), ""),
    )


def _read_zone(resource: Element) -> LocalTime:
    rules = [resource.text_of(ESPI + name) or NONE for name in ("dstStartRule", "dstEndRule")]
    for rule in rules:
        if len(rule) != len(NONE) or not all(digit in "0123456789abcdefABCDEF" for digit in rule):
            raise BadReading(f"rule {rule[:20]!r}", line=resource.line, value=rule, expected="8 hex digits")
    zone = _whole(resource, ESPI + "tzOffset", missing=0)
    summer = _whole(resource, ESPI + "dstOffset", missing=0)
    if abs(zone) > 86_400 or abs(summer) > 86_400:
        raise BadReading(f"offset {zone} s", line=resource.line, value=zone, expected="within a day")
    return LocalTime(zone, summer, rules[0].upper(), rules[1].upper())


def _whole(element: Element, *path: str, missing: int | None = None) -> int:
    """A whole number down a path; raises BadReading where it is none, or absent and not allowed to be."""
    text = element.text_of(*path)
    if not text and missing is not None:
        return missing
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= MOST_DIGITS - 2):
        name = path[-1].rpartition(" ")[2]
        raise BadReading(f"{name} {text[:20]!r}", line=element.line, value=text, expected="whole number")
    return int(text)
