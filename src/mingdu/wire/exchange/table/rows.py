"""Rows of a table to blocks, through a mapping; a bad row is a fault with its line, the rest goes on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import numpy as np

from mingdu.wire.exchange.numbers import gather, read_number
from mingdu.wire.exchange.series import BLOCK_VALUES, BadRecord, Block, Channel, Kind, Mark, Piece, Shape
from mingdu.wire.exchange.units import read_unit

from .headers import Meaning, Role, read_header
from .mapping import Column, Mapping
from .moments import read_clock, read_moment

# So many channels are remembered; a table with more makes them anew.
MOST_CHANNELS: Final = 10_000

Cell = object
Row = tuple[int, Sequence[Cell]]

_MARK_WORDS: Final = {
    Mark.MEASURED: "measured actual valid good ok a 实测 正常 有效 合格",
    Mark.ESTIMATED: "estimated e s f 估算 补算 拟合",
    Mark.EDITED: "edited 修正 人工修正 补录",
    Mark.PROVISIONAL: "provisional 临时 暂估",
    Mark.MISSING: "missing n 缺失 缺数",
    Mark.SUSPECT: "suspect questionable 可疑 异常",
}
# Programs write these where they have a row and no value.
NO_VALUES: Final = ("nan", "null", "none", "n/a", "-", "--")
MARKS: Final = {word: mark for mark, words in _MARK_WORDS.items() for word in words.split()}
_ENERGY_UNITS: Final = ("Wh", "varh", "VAh")
_DEFAULT_UNITS: Final = {
    Kind.VOLTAGE: "V",
    Kind.CURRENT: "A",
    Kind.POWER_FACTOR: "pf",
    Kind.POWER: "kW",
    Kind.DEMAND: "kW",
}


class UnknownWord(BadRecord):
    """A cell names a unit, a quality or a measured quantity that is not known."""

    next_step = "correct the cell, or tell in the mapping what the column holds"


class EmptyCell(BadRecord):
    """A row has no time or no usage point and meter."""


@dataclass(slots=True)
class _Pending:
    """Values of one channel that wait to become a block."""

    numbers: list[tuple[int, int, bool]] = field(default_factory=list)
    times: list[dt.datetime] = field(default_factory=list)
    offsets: list[int | None] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _RowFacts:
    """What all values of one row share."""

    line: int
    cells: Sequence[Cell]
    moment: dt.datetime
    offset: int | None
    mark: Mark
    code: str


Key = tuple[Channel, int, bool]


@dataclass(frozen=True, slots=True)
class _Plan:
    """The mapping with its columns looked up once, and the channels that were met so far."""

    mapping: Mapping
    places: dict[Role, int]
    values: tuple[Column, ...]
    channels: dict[tuple[int, str, str, str, str, str], tuple[Channel, int]]

    def text(self, cells: Sequence[Cell], role: Role) -> str:
        """Text of the column of a role, empty if there is none."""
        place = self.places.get(role, len(cells))
        return _text(cells[place]) if place < len(cells) else ""


def read_rows(rows: Iterable[Row | BadRecord], mapping: Mapping) -> Iterator[Piece]:
    """
    Turn rows into blocks of at most BLOCK_VALUES values (and one row more).

    rows     line number and cells: texts, or what a workbook holds; faults pass through
    yields   blocks by channel, each in the order of the rows, and a fault for each bad row or cell

    An empty value cell is no value; one that says "nan", or whose quality is "missing", is a missing one.
    raises   BadMapping: a header says amounts, and the mapping names no interval
    """
    mapping.require_interval()
    places = {column.meaning.role: column.index for column in reversed(mapping.columns)}
    plan = _Plan(mapping, places, mapping.having(Role.VALUE), {})
    waiting: dict[Key, _Pending] = {}
    count = 0
    for row in rows:
        if isinstance(row, BadRecord):
            yield row
            continue
        line, cells = row
        if not any(_text(cell) for cell in cells):
            continue
        try:
            facts = _facts(line, cells, plan)
        except BadRecord as fault:
            yield fault
            continue
        for column in plan.values:
            try:
                count += _take(waiting, column, facts, plan)
            except BadRecord as fault:
                yield fault
        if count >= BLOCK_VALUES:
            yield from _close(waiting)
            count = 0
    yield from _close(waiting)


def _facts(line: int, cells: Sequence[Cell], plan: _Plan) -> _RowFacts:
    moment, offset = _moment(line, cells, plan)
    word = plan.text(cells, Role.QUALITY)
    mark = MARKS.get(word.casefold(), None) if word else Mark.MEASURED
    if mark is None:
        raise UnknownWord(f"quality {word[:20]!r}", line=line, value=word, expected=" ".join(MARKS))
    return _RowFacts(
        line, cells, moment, offset if offset is not None else plan.mapping.zone_minutes, mark, word
    )


def _moment(line: int, cells: Sequence[Cell], plan: _Plan) -> tuple[dt.datetime, int | None]:
    cell = _cell(cells, plan.places[Role.TIME])
    offset: int | None = None
    if isinstance(cell, dt.datetime):
        moment = cell.replace(tzinfo=None)
    elif isinstance(cell, dt.date):
        moment = dt.datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001
    elif not _text(cell):
        raise EmptyCell("no time", line=line, expected="date and time")
    else:
        moment, offset = read_moment(_text(cell), plan.mapping.order, line=line)
    clock = _cell(cells, plan.places[Role.CLOCK]) if Role.CLOCK in plan.places else None
    if isinstance(clock, dt.time):
        moment += dt.timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second)
    elif clock is not None:
        moment += read_clock(_text(clock), line=line)
    return moment, offset


def _take(waiting: dict[Key, _Pending], column: Column, facts: _RowFacts, plan: _Plan) -> int:
    """Put one cell to its channel; returns 1, or 0 where there is no value."""
    mapping, text = plan.mapping, _text(_cell(facts.cells, column.index))
    if not text and facts.mark is not Mark.MISSING:
        return 0
    mark, code = facts.mark, facts.code
    if text.casefold() in NO_VALUES:
        mark, code, text = Mark.MISSING, text, ""
    channel, power = _channel(column, facts, plan)
    plain = text.replace(mapping.group, "") if mapping.group else text
    number = read_number(plain.replace(mapping.decimal, ".") or "0", line=facts.line, column=column.index + 1)
    moment = facts.moment
    if column.meaning.minute is not None:
        moment += dt.timedelta(minutes=column.meaning.minute)
    if mapping.labels_end and channel.interval_minutes:
        moment -= dt.timedelta(minutes=channel.interval_minutes)
    if facts.offset is not None:
        moment -= dt.timedelta(minutes=facts.offset)
    pending = waiting.setdefault((channel, power, facts.offset is None), _Pending())
    pending.numbers.append(number)
    pending.times.append(moment)
    pending.offsets.append(facts.offset)
    pending.marks.append(mark)
    pending.codes.append(code)
    pending.lines.append(facts.line)
    return 1


def _channel(column: Column, facts: _RowFacts, plan: _Plan) -> tuple[Channel, int]:
    """Channel of a cell and the power of ten of its unit; made once for the same texts."""
    roles = (Role.POINT, Role.METER, Role.KIND, Role.UNIT, Role.REGISTER)
    point, meter, named, unit_name, register = (plan.text(facts.cells, role) for role in roles)
    key = (column.index, point, meter, named, unit_name, register)
    if key in plan.channels:
        return plan.channels[key]
    point = point or plan.mapping.point
    if not point and not meter:
        raise EmptyCell("neither a usage point nor a meter", line=facts.line)
    meaning = _named(named, facts.line) if named else column.meaning
    kind = meaning.kind or Kind.ACTIVE_IMPORT
    unit_name = unit_name or meaning.unit or column.meaning.unit
    base, power = _unit(unit_name or _DEFAULT_UNITS.get(kind, plan.mapping.unit), facts.line)
    shape = _shape(meaning, base, plan.mapping)
    minutes = plan.mapping.interval_minutes if shape is Shape.INTERVAL else None
    code = named or (column.header if column.meaning.minute is None else "")
    channel = Channel(point, meter, kind, base, shape, minutes, code, register, meaning.phase)
    if len(plan.channels) >= MOST_CHANNELS:
        plan.channels.clear()
    plan.channels[key] = channel, power
    return channel, power


def _unit(name: str, line: int) -> tuple[str, int]:
    unit = read_unit(name)
    if unit is None:
        raise UnknownWord(f"unit {name[:20]!r}", line=line, value=name, expected="kWh, kvarh, V …")
    return unit


def _named(word: str, line: int) -> Meaning:
    meaning = read_header(word)
    if meaning.role is not Role.VALUE:
        raise UnknownWord(f"{word[:20]!r} is no measured quantity", line=line, value=word)
    return meaning


def _shape(meaning: Meaning, unit: str, mapping: Mapping) -> Shape:
    """Energies are amounts where the mapping names an interval; what the header says goes first."""
    if meaning.shape is not None and (meaning.shape is not Shape.INTERVAL or mapping.interval_minutes):
        return meaning.shape
    if unit not in _ENERGY_UNITS:
        return Shape.MOMENT
    return Shape.INTERVAL if mapping.interval_minutes else Shape.REGISTER


def _close(waiting: dict[Key, _Pending]) -> Iterator[Piece]:
    for (channel, power, is_civil), pending in waiting.items():
        try:
            values = gather(pending.numbers, lines=pending.lines)
        except BadRecord as fault:
            yield fault
            continue
        yield Block(
            channel,
            np.array(pending.times, "datetime64[s]"),
            None if is_civil else np.array(pending.offsets, np.int64),
            values.digits,
            values.exponent + power,
            np.array(pending.marks, np.uint8),
            np.array(pending.codes, np.str_),
            np.array(pending.lines, np.int64),
            values.rounded,
        )
    waiting.clear()


def _cell(cells: Sequence[Cell], place: int) -> Cell:
    return cells[place] if place < len(cells) else None


def _text(cell: Cell) -> str:
    """A cell as text; a workbook's float by its shortest text, a whole one without a point."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return format(Decimal(repr(cell)), "f").removesuffix(".0")
    return str(cell).strip()
