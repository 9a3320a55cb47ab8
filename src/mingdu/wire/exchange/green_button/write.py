"""Write blocks as a Green Button feed: one canonical text for the same blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.sax.saxutils import escape

import numpy as np

from mingdu.errors import TradeError
from mingdu.wire.exchange.cim_codes import (
    ENERGY,
    FLOW_CODES,
    FORWARD,
    KIND_CODES,
    PHASE_CODES,
    SHAPE_CODES,
    UNIT_CODES,
)
from mingdu.wire.exchange.numbers import MOST_DIGITS
from mingdu.wire.exchange.series import Block, Channel, Mark, Shape

from .local_time import LocalTime
from .read import MARKS

HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
QUALITIES: Final = {
    Mark.MEASURED: "17",
    Mark.ESTIMATED: "8",
    Mark.EDITED: "7",
    Mark.PROVISIONAL: "14",
    Mark.SUSPECT: "10",
}
MULTIPLIERS: Final = range(-12, 10)


class Unwritable(TradeError):
    """Blocks cannot stand in a feed: their times have no zone, or their unit no code."""

    next_step = "give the times their zone and the values a unit that the format knows"


@dataclass(frozen=True, slots=True)
class Feed:
    """
    What a feed says of itself.

    identity   URN (`urn:uuid:…`) of the feed and of each entry, by "feed", "zone" and the entry's address
               below the root ("UsagePoint/01", "UsagePoint/01/MeterReading/01", …); the caller makes them
    updated    RFC 3339, UTC: when the feed was made
    """

    title: str
    updated: str
    identity: Mapping[str, str]
    zone: LocalTime
    root: str = "/espi/1_1/resource"


@dataclass(slots=True)
class _Known:
    points: dict[str, str] = field(default_factory=dict)
    readings: dict[tuple[Channel, int], str] = field(default_factory=dict)
    blocks: dict[str, int] = field(default_factory=dict)


def write_feed(feed: Feed, blocks: Iterable[Block]) -> Iterator[bytes]:
    """
    Write blocks in their order, each after the entries that it needs.

    raises   Unwritable: a block without offset, without a code for its unit, or with too many digits;
             KeyError: an identity is missing

    Missing values are left out: the format has no sign for them. Quality codes of the format itself stay.
    """
    own = {"id": feed.identity["feed"], "title": feed.title, "updated": feed.updated}
    yield (HEAD + "".join(_line(tag, text) for tag, text in own.items())).encode()
    yield _entry(feed, "zone", ("LocalTimeParameters/01", "LocalTimeParameters"), [], _zone(feed.zone))
    known = _Known()
    for block in blocks:
        _check(block)
        point = known.points.get(block.channel.point)
        if point is None:
            point = known.points[block.channel.point] = f"UsagePoint/{len(known.points) + 1:02}"
            yield _point(feed, point, block.channel)
        key = (block.channel, block.exponent)
        reading = known.readings.get(key)
        if reading is None:
            number = len(known.readings) + 1
            reading = known.readings[key] = f"{point}/MeterReading/{number:02}"
            yield from _reading(feed, reading, point, block)
        number = known.blocks[reading] = known.blocks.get(reading, 0) + 1
        where = (f"{reading}/IntervalBlock/{number:03}", f"{reading}/IntervalBlock")
        body = _interval_block(block)
        if body:
            yield _entry(feed, where[0], where, [], body)
    yield b"</feed>\n"


def _point(feed: Feed, point: str, channel: Channel) -> bytes:
    body = "<UsagePoint ESPI><ServiceCategory><kind>0</kind></ServiceCategory></UsagePoint>"
    related = [f"{point}/MeterReading", "LocalTimeParameters/01"]
    return _entry(feed, point, (point, "UsagePoint"), related, body, channel.point)


def _reading(feed: Feed, reading: str, point: str, block: Block) -> Iterator[bytes]:
    kind = "ReadingType/" + reading.rpartition("/")[2]
    related = [f"{reading}/IntervalBlock", kind]
    where = (reading, f"{point}/MeterReading")
    yield _entry(feed, reading, where, related, "<MeterReading ESPI/>", block.channel.code)
    yield _entry(feed, kind, (kind, "ReadingType"), [], _type(block))


def _type(block: Block) -> str:
    channel = block.channel
    parts = {
        "accumulationBehaviour": SHAPE_CODES[channel.shape],
        "commodity": 1,
        "flowDirection": FLOW_CODES.get(channel.kind, FORWARD),
        "intervalLength": (channel.interval_minutes or 0) * 60,
        "kind": KIND_CODES.get(channel.kind, ENERGY),
        "phase": PHASE_CODES.get(channel.phase, 0),
        "powerOfTenMultiplier": block.exponent,
        "uom": UNIT_CODES[channel.unit],
    }
    return f"<ReadingType ESPI>{''.join(_tagged(*part) for part in parts.items())}</ReadingType>"


def _interval_block(block: Block) -> str:
    starts = block.starts_at.astype("datetime64[s]").astype(np.int64)
    durations = _durations(block)
    rows = [at for at in range(len(block)) if block.quality[at] != Mark.MISSING]
    if not rows:
        return ""
    first, end = int(starts[rows].min()), int((starts + durations)[rows].max())
    readings = [_interval_reading(block, at, int(starts[at]), int(durations[at])) for at in rows]
    interval = f"<interval><duration>{end - first}</duration><start>{first}</start></interval>"
    return f"<IntervalBlock ESPI>{interval}\n" + "\n".join(readings) + "\n</IntervalBlock>"


def _interval_reading(block: Block, at: int, start: int, duration: int) -> str:
    code, mark = str(block.codes[at]), Mark(int(block.quality[at]))
    quality = code if MARKS.get(code) is mark else QUALITIES[mark]
    return (
        f"<IntervalReading><ReadingQuality><quality>{quality}</quality></ReadingQuality>"
        f"<timePeriod><duration>{duration}</duration><start>{start}</start></timePeriod>"
        f"<value>{int(block.digits[at])}</value></IntervalReading>"
    )


def _durations(block: Block) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    if block.ends_at is not None:
        return (block.ends_at - block.starts_at).astype("timedelta64[s]").astype(np.int64)
    return np.full(len(block), (block.channel.interval_minutes or 0) * 60, np.int64)


def _zone(zone: LocalTime) -> str:
    return (
        f"<LocalTimeParameters ESPI><dstEndRule>{zone.summer_end}</dstEndRule>"
        f"<dstOffset>{zone.summer_seconds}</dstOffset><dstStartRule>{zone.summer_start}</dstStartRule>"
        f"<tzOffset>{zone.zone_seconds}</tzOffset></LocalTimeParameters>"
    )


def _entry(
    feed: Feed, name: str, where: tuple[str, str], related: list[str], body: str, title: str = ""
) -> bytes:
    """One Atom entry; where: its own address and its collection's, below the root."""
    links = [("self", where[0]), ("up", where[1]), *(("related", each) for each in related)]
    text = "".join(f'<link rel="{rel}" href="{escape(f"{feed.root}/{to}")}"/>\n' for rel, to in links)
    content = body.replace(" ESPI", ' xmlns="http://naesb.org/espi"', 1)
    head = _line("id", feed.identity[name]) + text + _line("title", title)
    return (
        f"<entry>\n{head}<content>\n{content}\n</content>\n"
        f"{_line('published', feed.updated)}{_line('updated', feed.updated)}</entry>\n"
    ).encode()


def _tagged(name: str, value: int) -> str:
    return f"<{name}>{value}</{name}>"


def _line(tag: str, text: str) -> str:
    return f"<{tag}>{escape(text)}</{tag}>\n"


def _check(block: Block) -> None:
    channel = block.channel
    if block.offset_minutes is None:
        raise Unwritable(f"{channel.point}: times without a zone")
    if channel.unit not in UNIT_CODES or block.exponent not in MULTIPLIERS:
        raise Unwritable(f"{channel.point}: unit {channel.unit!r} at 10**{block.exponent}", unit=channel.unit)
    if np.abs(block.digits).max(initial=0) >= 10 ** (MOST_DIGITS - 4):
        # The schema's Int48.
        raise Unwritable(f"{channel.point}: more digits than the format holds")
    if channel.shape is Shape.PERIOD and block.ends_at is None:
        raise Unwritable(f"{channel.point}: periods without their ends")
