"""How the columns of one sender's tables are read: guessed once, confirmed by a person, remembered."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

from mingdu.errors import TradeError
from mingdu.wire.exchange.series import Kind, Shape

from .headers import Meaning, Role, read_header
from .moments import ORDERS, BadTime, guess_order, read_moment

VERSION: Final = 1
MOST_COLUMNS: Final = 512
MOST_INTERVAL: Final = 60
# A guess below this is offered, but not taken by itself.
SURE_SCORE: Final = 60
SINGLE: Final = (
    Role.POINT,
    Role.METER,
    Role.TIME,
    Role.CLOCK,
    Role.UNIT,
    Role.KIND,
    Role.REGISTER,
    Role.QUALITY,
)


class BadMapping(TradeError):
    """A mapping cannot be used: no time, no value, one role twice, or written by another version."""

    next_step = "choose what each column holds"


@dataclass(frozen=True, slots=True)
class Column:
    """One column, by its place from 0, its header as it stood, and what it holds."""

    index: int
    header: str
    meaning: Meaning


@dataclass(frozen=True, slots=True)
class Mapping:
    """
    How to read a table.

    decimal, group     decimal mark and thousands separator; group empty: none
    order              order of the date's parts: "ymd", "dmy", "mdy"
    zone_minutes       offset of all times; None: civil time of a zone that the importer knows
    labels_end         times label the end of the interval
    interval_minutes   of amounts; None: energies are register readings unless a header says otherwise
    unit               of value columns whose header and row name none
    point              code of the usage point of all rows, for tables that have neither point nor meter
    raises             BadMapping
    """

    columns: tuple[Column, ...]
    decimal: str = "."
    group: str = ""
    order: str = "ymd"
    zone_minutes: int | None = None
    labels_end: bool = False
    interval_minutes: int | None = None
    unit: str = "kWh"
    point: str = ""
    version: int = VERSION

    def __post_init__(self) -> None:
        if self.version != VERSION:
            raise BadMapping(f"mapping of version {self.version}", version=self.version, expected=VERSION)
        if self.order not in ORDERS or self.decimal not in (".", ",") or self.group == self.decimal:
            raise BadMapping(f"order {self.order!r}, decimal {self.decimal!r}, group {self.group!r}")
        for role in SINGLE:
            if len(self.having(role)) > 1:
                headers = [each.header for each in self.having(role)]
                raise BadMapping(f"{role.value} is in {len(headers)} columns", headers=headers)
        if not self.having(Role.TIME) or not self.having(Role.VALUE):
            raise BadMapping("no column holds the time, or none a value")

    def having(self, role: Role) -> tuple[Column, ...]:
        """Columns of one role."""
        return tuple(each for each in self.columns if each.meaning.role is role)

    def fits(self, headers: Sequence[str]) -> bool:
        """Whether a table with these headers can be read by it: every used header stands where it stood."""
        return all(
            each.index < len(headers) and headers[each.index].strip() == each.header.strip()
            for each in self.columns
            if each.meaning.role is not Role.IGNORED
        )

    def require_interval(self) -> None:
        """Raise BadMapping where a header says amounts (电量) and no interval is named."""
        amounts = [each.header for each in self.columns if each.meaning.shape is Shape.INTERVAL]
        if amounts and self.interval_minutes is None:
            raise BadMapping("amounts without the length of their interval", headers=amounts)

    def as_json(self) -> dict[str, Any]:
        """Return what is stored; `from_json` reads it back."""
        return {
            "version": self.version,
            "decimal": self.decimal,
            "group": self.group,
            "order": self.order,
            "zone_minutes": self.zone_minutes,
            "labels_end": self.labels_end,
            "interval_minutes": self.interval_minutes,
            "unit": self.unit,
            "point": self.point,
            "columns": [_column_json(each) for each in self.columns],
        }


def from_json(stored: Dict[str, Any]) -> Mapping:
    """Read a stored mapping; raises BadMapping: it is of another version or damaged."""
    try:
        fields = {name: value for name, value in stored.items() if name != "columns"}
        return Mapping(columns=tuple(map(_column, stored["columns"])), **fields)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadMapping(f"a stored mapping is damaged: {error}") from error


def guess_mapping(headers: Sequence[str], rows: Sequence[Sequence[str]] = ()) -> Mapping:
    """
    Guess from the headers and a few rows; a person confirms it, `Meaning.score` tells how sure each is.

    Of two columns with the same single role the surer one has it. The decimal mark, thousands separator,
    order of dates and interval come from the rows: show it some of one channel, in their order.
    raises   BadMapping: no column looks like a time or like a value, or there are too many columns
    """
    if len(headers) > MOST_COLUMNS:
        raise BadMapping(f"{len(headers)} columns", columns=len(headers), most=MOST_COLUMNS)
    columns = [Column(at, header, read_header(header)) for at, header in enumerate(headers)]
    for role in SINGLE:
        same = [each for each in columns if each.meaning.role is role]
        for loser in sorted(same, key=lambda each: -each.meaning.score)[1:]:
            columns[loser.index] = replace(loser, meaning=Meaning(Role.IGNORED))
    values = [each.index for each in columns if each.meaning.role is Role.VALUE]
    times = [each.index for each in columns if each.meaning.role is Role.TIME]
    decimal, group = _marks([row[at] for row in rows for at in values if at < len(row)])
    order = guess_order([row[at] for row in rows for at in times if at < len(row)])
    minutes = sorted(each.meaning.minute for each in columns if each.meaning.minute is not None)
    interval = _step(minutes) or _step(
        _minutes_of([row[at] for row in rows for at in times if at < len(row)], order)
    )
    return Mapping(tuple(columns), decimal, group, order, interval_minutes=interval)


def _minutes_of(texts: Sequence[str], order: str) -> list[int]:
    """Minutes of the sample's times; texts that are no time are passed over here, and refused when read."""
    minutes = []
    for text in texts:
        try:
            moment, _ = read_moment(text, order, line=1)
        except BadTime:
            continue
        minutes.append(moment.toordinal() * 1440 + moment.hour * 60 + moment.minute)
    return minutes


def _step(minutes: Sequence[int]) -> int | None:
    """The shortest step forward, if it is an interval: 1 to 60 minutes."""
    steps = [later - earlier for earlier, later in pairwise(minutes) if later > earlier]
    return min(steps) if steps and min(steps) <= MOST_INTERVAL else None


def _marks(texts: Sequence[str]) -> tuple[str, str]:
    """Decimal mark and thousands separator: the mark that stands last, and once, is the decimal one."""
    for text in texts:
        if "," in text and "." in text:
            return (",", ".") if text.rfind(",") > text.rfind(".") else (".", ",")
    commas = [text for text in texts if "," in text]
    if commas and all(text.count(",") == 1 and len(text.rpartition(",")[2].strip()) != 3 for text in commas):
        return ",", ""
    return (".", ",") if commas else (".", "")


def _column_json(column: Column) -> dict[str, Any]:
    meaning = column.meaning
    return {
        "index": column.index,
        "header": column.header,
        "role": meaning.role.value,
        "kind": meaning.kind and meaning.kind.value,
        "shape": meaning.shape and meaning.shape.value,
        "phase": meaning.phase,
        "unit": meaning.unit,
        "minute": meaning.minute,
        "score": meaning.score,
    }


def _column(stored: Dict[str, Any]) -> Column:
    meaning = Meaning(
        Role(stored["role"]),
        Kind(stored["kind"]) if stored["kind"] else None,
        Shape(stored["shape"]) if stored["shape"] else None,
        str(stored["phase"]),
        str(stored["unit"]),
        stored["minute"],
        int(stored["score"]),
    )
    return Column(int(stored["index"]), str(stored["header"]), meaning)
