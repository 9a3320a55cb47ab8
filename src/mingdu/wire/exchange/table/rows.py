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


def read_rows(rows: Iterable[Row | BadRecord], mapping: Mapping) -> Iterator[Piece]:
    """
    Turn rows into blocks of at most BLOCK_VALUES values (and one row more).

    rows     line number and cells: texts, or what a workbook holds; faults pass through
    yields   blocks by channel, each in the order of the rows, and a fault for each bad row or cell

    An empty value cell is no value; one that says its quality is "missing" is.
    raises   BadMapping: a header says amounts, and the mapping names no interval
    """
    mapping.require_interval()
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
            facts = _facts(line, cells, mapping)
        except BadRecord as fault:
            yield fault
            continue
        for column in mapping.having(Role.VALUE):
            try:
                count += _take(waiting, column, facts, mapping)
            except BadRecord as fault:
                yield fault
        if count >= BLOCK_VALUES:
            yield from _close(waiting)
            count = 0
    yield from _close(waiting)


def _facts(line: int, cells: Sequence[Cell], mapping: Mapping) -> _RowFacts:
    moment, offset = _moment(line, cells, mapping)
    word = _cell_text(cells, mapping, Role.QUALITY)
    mark = MARKS.get(word.casefold(), None) if word else Mark.MEASURED
    if mark is None:
        raise UnknownWord(f"quality {word[:20]!r}", line=line, value=word, expected=" ".join(MARKS))
    return _RowFacts(line, cells, moment, offset if offset is not None else mapping.zone_minutes, mark, word)


def _moment(line: int, cells: Sequence[Cell], mapping: Mapping) -> tuple[dt.datetime, int | None]:
    cell = _cell(cells, mapping.having(Role.TIME)[0])
    offset: int | None = None
    if isinstance(cell, dt.datetime):
        moment = cell.replace(tzinfo=None)
    elif isinstance(cell, dt.date):
        moment = dt.datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001
    elif not _text(cell):
        raise EmptyCell("no time", line=line, expected="date and time")
    else:
        moment, offset = read_moment(_text(cell), mapping.order, line=line)
    clock = _cell(cells, mapping.having(Role.CLOCK)[0]) if mapping.having(Role.CLOCK) else None
    if isinstance(clock, dt.time):
        moment += dt.timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second)
    elif clock is not None:
        moment += read_clock(_text(clock), line=line)
    return moment, offset


def _take(waiting: dict[Key, _Pending], column: Column, facts: _RowFacts, mapping: Mapping) -> int:
    """Put one cell to its channel; returns 1, or 0 where there is no value."""
    text = _text(_cell(facts.cells, column))
    if not text and facts.mark is not Mark.MISSING:
        return 0
    channel, power = _channel(column, facts, mapping)
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
    pending.marks.append(facts.mark)
    pending.codes.append(facts.code)
    pending.lines.append(facts.line)
    return 1


def _channel(column: Column, facts: _RowFacts, mapping: Mapping) -> tuple[Channel, int]:
    point = _cell_text(facts.cells, mapping, Role.POINT)
    meter = _cell_text(facts.cells, mapping, Role.METER)
    if not point and not meter:
        raise EmptyCell("neither a usage point nor a meter", line=facts.line)
    named = _cell_text(facts.cells, mapping, Role.KIND)
    meaning = _named(named, facts.line) if named else column.meaning
    kind = meaning.kind or Kind.ACTIVE_IMPORT
    unit_name = (
        _cell_text(facts.cells, mapping, Role.UNIT) or meaning.unit or column.meaning.unit
    ) or _DEFAULT_UNITS.get(kind, mapping.unit)
    unit = read_unit(unit_name)
    if unit is None:
        raise UnknownWord(
            f"unit {unit_name[:20]!r}", line=facts.line, value=unit_name, expected="kWh, kvarh, V …"
        )
    shape = _shape(meaning, unit[0], mapping)
    minutes = mapping.interval_minutes if shape is Shape.INTERVAL else None
    code, register = named or column.header, _cell_text(facts.cells, mapping, Role.REGISTER)
    if column.meaning.minute is not None:
        code = named
    return Channel(point, meter, kind, unit[0], shape, minutes, code, register, meaning.phase), unit[1]


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


def _cell(cells: Sequence[Cell], column: Column) -> Cell:
    return cells[column.index] if column.index < len(cells) else None


def _cell_text(cells: Sequence[Cell], mapping: Mapping, role: Role) -> str:
    columns = mapping.having(role)
    return _text(_cell(cells, columns[0])) if columns else ""


def _text(cell: Cell) -> str:
    """A cell as text; a workbook's float by its shortest text, a whole one without a point."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return format(Decimal(repr(cell)), "f").removesuffix(".0")
    return str(cell).strip()
