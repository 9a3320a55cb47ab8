"""Read NEM12 and NEM13, record by record; a bad line does not stop the rest."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

from mingdu.wire.exchange.lines import numbered_lines
from mingdu.wire.exchange.numbers import Digits, read_number, read_numbers
from mingdu.wire.exchange.series import BadRecord

from .codes import INTERVAL_MINUTES, VARIABLE
from .records import Accumulation, Day, Details, End, Event, Header, Read, Record, Visit, VisitPair

DAY: Final = re.compile(r"[12][0-9]{3}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])", re.ASCII)
METHOD: Final = re.compile(r"[AN]|[EFS][0-9]{2}|V", re.ASCII)
MINUTES_A_DAY: Final = 1440


class NotNem(BadRecord):
    """The file does not begin with a record 100 of NEM12 or NEM13."""

    next_step = "name the format of the file, or ask the sender for the whole file"


class UnknownRecord(BadRecord):
    """A line begins with no indicator of this version."""


class WrongFields(BadRecord):
    """A record has too few or too many fields."""


class OutOfPlace(BadRecord):
    """A record stands where it belongs to nothing: a day without details, a range without a day."""


class BadField(BadRecord):
    """A field does not hold what the format says."""


class UncoveredIntervals(BadRecord):
    """The ranges of a day of variable quality leave intervals out, or tell one twice."""


class NoEnd(BadRecord):
    """The last record is not 900: the file may be cut."""

    next_step = "ask the sender for the whole file; what came before the cut was read"


@dataclass(slots=True)
class _State:
    version: str = ""
    details: Details | None = None
    day: Day | None = None
    events: list[Event] = field(default_factory=list)
    is_ended: bool = False


def read_records(pieces: Iterable[bytes]) -> Iterator[Record | BadRecord]:
    """
    Read the records of a file; a day comes out when its ranges are complete.

    pieces   bytes of the file in pieces of any size
    yields   records and faults in the order of the file
    raises   NotNem: the first record is no 100; LineTooLong
    """
    state = _State()
    line = 0
    for line, raw in numbered_lines(pieces):
        if raw.strip():
            yield from _take(state, line, raw.decode("utf-8", "replace"))
    yield from _close_day(state)
    if not state.is_ended:
        yield NoEnd("the last record is not 900", line=max(line, 1), expected="900")


def _take(state: _State, line: int, text: str) -> Iterator[Record | BadRecord]:
    fields = _split(text)
    indicator = fields[0].strip()
    if indicator != "400":
        yield from _close_day(state)
    try:
        if not state.version and indicator != "100":
            raise NotNem("the first record is not 100", line=line, value=text, expected="100,NEM12 or NEM13")
        reader = _READERS.get((state.version, indicator)) or _READERS.get(("", indicator))
        if reader is None:
            raise UnknownRecord(f"record {indicator[:8]!r} is not known", line=line, value=text)
        if state.is_ended and indicator != "100":
            raise OutOfPlace("a record behind the end of data", line=line, value=text, expected="100")
        record = reader(state, fields, line)
    except NotNem:
        raise
    except BadRecord as fault:
        yield fault
        return
    if record is not None:
        yield record


def _split(text: str) -> list[str]:
    if '"' not in text:
        return text.split(",")
    try:
        return next(csv.reader([text]))
    except csv.Error:
        return text.split(",")


def _read_header(state: _State, fields: list[str], line: int) -> Header:
    _counted(fields, 5, line)
    if fields[1] not in ("NEM12", "NEM13"):
        raise NotNem(f"version {fields[1][:20]!r}", line=line, value=fields[1], expected="NEM12 or NEM13")
    state.version, state.details, state.is_ended = fields[1], None, False
    version, created, sender, receiver = fields[1:5]
    return Header(version, created, sender, receiver, line)


def _read_details(state: _State, fields: list[str], line: int) -> Details:
    # Days below a record that cannot be read must not go to the channel above it.
    state.details = None
    fields = _counted(fields, 10, line, least=9)
    minutes = fields[8].strip()
    if minutes not in map(str, INTERVAL_MINUTES):
        raise BadField(
            f"interval length {minutes[:20]!r}", line=line, column=9, value=minutes, expected="5, 15 or 30"
        )
    if not fields[1].strip():
        raise BadField("no NMI", line=line, column=2, value="", expected="code of the usage point")
    point, configuration, register, suffix, data_stream, meter, unit = fields[1:8]
    state.details = Details(
        point, configuration, register, suffix, data_stream, meter, unit, int(minutes), fields[9], line
    )
    return state.details


def _read_day(state: _State, fields: list[str], line: int) -> None:
    if state.details is None:
        raise OutOfPlace("a day without details", line=line, expected="200 above")
    count = MINUTES_A_DAY // state.details.interval_minutes
    fields = _counted(fields, count + 7, line, least=count + 3)
    day, (method, reason, description, updated, loaded) = fields[1], fields[count + 2 :]
    _matched(DAY, day, "YYYYMMDD", line, 2)
    _matched(METHOD, method, "A, N, V, or E, F, S with two digits", line, count + 3)
    values = _read_values(fields[2 : count + 2], method, line)
    state.day = Day(state.details, day, values, method, reason, description, updated, loaded, line=line)


def _read_values(texts: list[str], method: str, line: int) -> Digits:
    """Empty fields are allowed where the quality can be "null"; they read as zero and are missing."""
    if method in ("N", VARIABLE):
        texts = [text if text.strip() else "0" for text in texts]
    return read_numbers(texts, line=line, first_column=3)


def _read_event(state: _State, fields: list[str], line: int) -> None:
    if state.day is None:
        raise OutOfPlace("a range without a day", line=line, expected="300 above")
    fields = _counted(fields, 6, line, least=4)
    if not all(re.fullmatch("[0-9]{1,4}", each, re.ASCII) for each in fields[1:3]):
        raise BadField("range of intervals", line=line, column=2, value=fields[1:3], expected="two numbers")
    _matched(METHOD, fields[3], "A, N, or E, F, S with two digits", line, 4)
    start, end, count = int(fields[1]), int(fields[2]), len(state.day.values.digits)
    if not 1 <= start <= end <= count or fields[3] == VARIABLE:
        expected = f"1 to {count}, rising, not V"
        raise BadField("range of intervals", line=line, column=2, value=fields[1:4], expected=expected)
    if len(state.events) >= count:
        raise BadField("more ranges than intervals", line=line, expected=f"at most {count}")
    method, reason, description = fields[3:]
    state.events.append(Event(start, end, method, reason, description, line))


def _close_day(state: _State) -> Iterator[Day | BadRecord]:
    """Give out the day that was being read, if its ranges cover it where its quality varies."""
    day, events = state.day, tuple(state.events)
    state.day = None
    state.events.clear()
    if day is None:
        return
    covered = sum(each.end - each.start + 1 for each in events)
    rises = all(above.end < below.start for above, below in pairwise(events))
    count = len(day.values.digits)
    if not rises or (day.method == VARIABLE and covered != count):
        expected = f"ranges that follow one another over 1 to {count}"
        yield UncoveredIntervals(f"{day.day}: ranges do not fit", line=day.line, expected=expected)
        return
    yield replace(day, events=events)


def _read_visit(state: _State, fields: list[str], line: int) -> Visit:
    if state.details is None:
        raise OutOfPlace("a visit without details", line=line, expected="200 above")
    fields = _counted(fields, 5, line, least=2)
    transaction, service_order, read_at, index = fields[1:]
    return Visit(transaction, service_order, read_at, index, line)


def _read_accumulation(state: _State, fields: list[str], line: int) -> Accumulation:
    fields = _counted(fields, 23, line, least=20)
    for column in (8, 13, 18):
        read_number(fields[column], line=line, column=column + 1)
    for column in (9, 14):
        _matched(_MOMENT, fields[column], "YYYYMMDDhhmmss", line, column + 1)
    for column in (10, 15):
        _matched(METHOD, fields[column], "A, N, or E, F, S with two digits", line, column + 1)
    if not fields[1].strip():
        raise BadField("no NMI", line=line, column=2, value="", expected="code of the usage point")
    point, configuration, register, suffix, data_stream, meter, direction = fields[1:8]
    return Accumulation(
        point,
        configuration,
        register,
        suffix,
        data_stream,
        meter,
        direction,
        _read(fields[8:13]),
        _read(fields[13:18]),
        fields[18],
        fields[19],
        next_read_date=fields[20],
        updated=fields[21],
        loaded=fields[22],
        line=line,
    )


def _read(fields: list[str]) -> Read:
    value, read_at, method, reason, description = fields
    return Read(value, read_at, method, reason, description)


def _read_visit_pair(state: _State, fields: list[str], line: int) -> VisitPair:
    fields = _counted(fields, 5, line, least=2)
    previous, previous_order, current, current_order = fields[1:]
    return VisitPair(previous, previous_order, current, current_order, line)


def _read_end(state: _State, fields: list[str], line: int) -> End:
    state.is_ended, state.details = True, None
    return End(line)


def _counted(fields: list[str], most: int, line: int, *, least: int = 0) -> list[str]:
    """Empty fields at the end may be left out; commas behind the last field are let be."""
    while len(fields) > most and not fields[-1].strip():
        fields = fields[:-1]
    if not (least or most) <= len(fields) <= most:
        expected = f"{least or most} to {most} fields"
        raise WrongFields(f"{len(fields)} fields", line=line, value=len(fields), expected=expected)
    return fields + [""] * (most - len(fields))


def _matched(pattern: re.Pattern[str], text: str, expected: str, line: int, column: int) -> None:
    if not pattern.fullmatch(text):
        raise BadField(f"{text[:20]!r}", line=line, column=column, value=text, expected=expected)


_MOMENT: Final = re.compile(DAY.pattern + r"(?:[01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]", re.ASCII)

_READERS: Final[dict[tuple[str, str], Callable[[_State, list[str], int], Record | None]]] = {
    ("", "100"): _read_header,
    ("", "900"): _read_end,
    ("NEM12", "200"): _read_details,
    ("NEM12", "300"): _read_day,
    ("NEM12", "400"): _read_event,
    ("NEM12", "500"): _read_visit,
    ("NEM13", "250"): _read_accumulation,
    ("NEM13", "550"): _read_visit_pair,
}
