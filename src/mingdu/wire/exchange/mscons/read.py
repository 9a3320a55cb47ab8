"""Read MSCONS: values by usage point and OBIS code; a bad value does not stop the rest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from mingdu.wire.exchange.numbers import gather, read_number
from mingdu.wire.exchange.series import BLOCK_VALUES, BadRecord, Block, Channel, Kind, Mark, Piece, Shape

from .codes import DEMANDS, MARKS, OBIS, REGISTER, read_obis, read_time, unit_of
from .segments import Segment, read_segments

POINT_PLACES: Final = ("172", "107", "237")
START, END, MOMENTS = "163", "164", ("7", "9")
LONGEST_INTERVAL: Final = dt.timedelta(hours=1)
MINUTE: Final = dt.timedelta(minutes=1)


class WrongMessage(BadRecord):
    """A message of the interchange is no MSCONS; it is passed over."""


class WrongCount(BadRecord):
    """The trailer counts other than what stands there: something may be missing."""

    next_step = "ask the sender for the whole interchange"


class BadValue(BadRecord):
    """A quantity belongs to no code or point, has no time, or a qualifier that is not known."""


@dataclass(frozen=True, slots=True)
class _Value:
    channel: Channel
    power: int
    start: dt.datetime
    end: dt.datetime | None
    offset: int | None
    number: tuple[int, int, bool]
    mark: Mark
    code: str
    line: int


@dataclass(slots=True)
class _State:
    """Where the reading stands: interchange, message, point, code, the quantity that waits for its times."""

    reference: str = ""
    messages: int = 0
    message: tuple[str, int] | None = None
    is_mscons: bool = False
    point: str = ""
    meter: str = ""
    obis: str = ""
    quantity: Segment | None = None
    times: dict[str, tuple[dt.datetime, int | None]] = field(default_factory=dict)
    values: list[_Value] = field(default_factory=list)


def read_mscons(pieces: Iterable[bytes]) -> Iterator[Piece]:
    """
    Read an interchange as blocks of at most BLOCK_VALUES values.

    Quantities over at most an hour are intervals, over more periods; codes of registers (1.8.x) without such
    a span are register readings. Times without an offset stay civil.
    raises   NotEdifact, SegmentTooLong; all other faults are yielded with line and number of the segment
    """
    state = _State()
    for segment in read_segments(pieces):
        if segment.tag not in ("DTM", "STS"):
            yield from _settle(state)
        try:
            handler = _HANDLERS.get(segment.tag)
            if handler and (state.is_mscons or segment.tag in _ALWAYS):
                handler(state, segment)
        except BadRecord as fault:
            yield fault
    yield from _settle(state)
    yield from _close(state)
    if state.reference or state.message:
        yield WrongCount("no UNZ at the end", line=segment.line, segment=segment.number, expected="UNZ")


def _begin_interchange(state: _State, segment: Segment) -> None:
    state.reference, state.messages = segment.at(4) or "?", 0


def _begin_message(state: _State, segment: Segment) -> None:
    state.message, state.messages = (segment.at(0), segment.number), state.messages + 1
    state.is_mscons = segment.at(1) == "MSCONS"
    state.point = state.meter = state.obis = ""
    if not state.is_mscons:
        raise WrongMessage(
            f"{segment.at(1)[:20]!r}", line=segment.line, value=segment.at(1), expected="MSCONS"
        )


def _end_message(state: _State, segment: Segment) -> None:
    reference, first = state.message or ("", segment.number)
    state.message, state.is_mscons = None, False
    count = segment.number - first + 1
    if segment.at(0) != str(count) or segment.at(1) != reference:
        stated = f"{segment.at(0)} {segment.at(1)}"
        raise _wrong_count("UNT", segment, stated, f"{count} {reference}")


def _end_interchange(state: _State, segment: Segment) -> None:
    reference, state.reference = state.reference, ""
    if segment.at(0) != str(state.messages) or segment.at(1) != reference:
        stated = f"{segment.at(0)} {segment.at(1)}"
        raise _wrong_count("UNZ", segment, stated, f"{state.messages} {reference}")


def _place(state: _State, segment: Segment) -> None:
    if segment.at(0) in POINT_PLACES:
        state.point, state.meter, state.obis = segment.at(1), "", ""


def _partner(state: _State, segment: Segment) -> None:
    if segment.at(0) == "DP":
        state.point = state.meter = state.obis = ""


def _device(state: _State, segment: Segment) -> None:
    if segment.at(0, 0) == "MG":
        state.meter = segment.at(0, 1)


def _position(state: _State, segment: Segment) -> None:
    state.obis = ""


def _product(state: _State, segment: Segment) -> None:
    # A released colon makes "1-1:1.29.0" one component; without the release it comes in two.
    parts = segment.elements[1] if len(segment.elements) > 1 else ("",)
    whole = ":".join(parts[:2]) if len(parts) > 1 and OBIS.fullmatch(":".join(parts[:2])) else parts[0]
    state.obis = whole


def _quantity(state: _State, segment: Segment) -> None:
    state.quantity = segment
    state.times = {}


def _time(state: _State, segment: Segment) -> None:
    if state.quantity is not None:
        state.times[segment.at(0, 0)] = read_time(segment.at(0, 1), segment.at(0, 2), line=segment.line)


def _settle(state: _State) -> Iterator[Piece]:
    """Put the quantity that was waiting for its times to the values, and close a full block."""
    segment, state.quantity = state.quantity, None
    if segment is None:
        return
    try:
        value = _value(state, segment)
    except BadRecord as fault:
        yield fault
        return
    if state.values and (_key(state.values[-1]) != _key(value) or len(state.values) >= BLOCK_VALUES):
        yield from _close(state)
    state.values.append(value)


def _value(state: _State, segment: Segment) -> _Value:
    read = read_obis(state.obis)
    mark = MARKS.get(segment.at(0, 0))
    if read is None or not state.point or mark is None:
        shown = f"{state.obis} {state.point} {segment.at(0, 0)}"
        expected = "LOC with the point, PIA with the OBIS code, a known qualifier"
        raise BadValue(
            "no point, code or qualifier",
            line=segment.line,
            value=shown,
            expected=expected,
            segment=segment.number,
        )
    kind, phase, register = read
    number = read_number(segment.at(0, 1).replace(",", "."), line=segment.line)
    unit, power = unit_of(segment.at(0, 2), kind, line=segment.line)
    shape, start, end, offset = _when(state, segment, kind)
    minutes = (end - start) // MINUTE if shape is Shape.INTERVAL and end else None
    channel = Channel(state.point, state.meter, kind, unit, shape, minutes, state.obis, register, phase)
    return _Value(
        channel,
        power,
        start,
        end if shape is Shape.PERIOD else None,
        offset,
        number,
        mark,
        segment.at(0, 0),
        segment.line,
    )


def _when(
    state: _State, segment: Segment, kind: Kind
) -> tuple[Shape, dt.datetime, dt.datetime | None, int | None]:
    """Shape, start in UTC (or civil), end and offset of a quantity, by its code and its times."""
    what = state.obis.partition(":")[2].split(".")[1]
    start, end = state.times.get(START), state.times.get(END)
    if start and end and (start[1] is None) == (end[1] is None) and _utc(end) > _utc(start):
        span = _utc(end) - _utc(start)
        if span <= LONGEST_INTERVAL and not span % MINUTE:
            return Shape.INTERVAL, _utc(start), _utc(end), start[1]
        if what not in (*REGISTER, *DEMANDS):
            return Shape.PERIOD, _utc(start), _utc(end), start[1]
    moment = next((state.times[each] for each in (*MOMENTS, END, START) if each in state.times), None)
    if moment is None:
        raise BadValue(
            "no time", line=segment.line, expected="DTM 163 and 164, 7 or 9", segment=segment.number
        )
    return Shape.REGISTER if what in REGISTER else Shape.MOMENT, _utc(moment), None, moment[1]


def _utc(time: tuple[dt.datetime, int | None]) -> dt.datetime:
    return time[0] - (time[1] or 0) * MINUTE


def _key(value: _Value) -> tuple[Channel, int, bool]:
    return value.channel, value.power, value.offset is None


def _close(state: _State) -> Iterator[Piece]:
    values, state.values = state.values, []
    if not values:
        return
    try:
        digits = gather([each.number for each in values], lines=[each.line for each in values])
    except BadRecord as fault:
        yield fault
        return
    ends = [each.end for each in values if each.end is not None]
    is_civil = values[0].offset is None
    yield Block(
        values[0].channel,
        np.array([each.start for each in values], "datetime64[s]"),
        None if is_civil else np.array([each.offset for each in values], np.int64),
        digits.digits,
        digits.exponent + values[0].power,
        np.array([each.mark for each in values], np.uint8),
        np.array([each.code for each in values], np.str_),
        np.array([each.line for each in values], np.int64),
        digits.rounded,
        np.array(ends, "datetime64[s]") if ends else None,
    )


def _wrong_count(tag: str, segment: Segment, stated: str, counted: str) -> WrongCount:
    return WrongCount(
        f"{tag} says {stated[:40]}", line=segment.line, value=stated, expected=counted, segment=segment.number
    )


_ALWAYS: Final = ("UNB", "UNH", "UNT", "UNZ")
_HANDLERS: Final[dict[str, Callable[[_State, Segment], None]]] = {
    "UNB": _begin_interchange,
    "UNH": _begin_message,
    "UNT": _end_message,
    "UNZ": _end_interchange,
    "LOC": _place,
    "NAD": _partner,
    "RFF": _device,
    "LIN": _position,
    "PIA": _product,
    "QTY": _quantity,
    "DTM": _time,
}
