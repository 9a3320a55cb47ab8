"""Tables of other houses: CSV or xlsx through a mapping of their columns, guessed or remembered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Final

from mingdu.errors import TradeError
from mingdu.wire.exchange.series import BadRecord, Piece
from mingdu.wire.exchange.table.delimited import read_delimited
from mingdu.wire.exchange.table.headers import Role
from mingdu.wire.exchange.table.mapping import SURE_SCORE, Mapping, guess_mapping
from mingdu.wire.exchange.table.rows import Row, read_rows
from mingdu.wire.exchange.table.sheet import read_sheet

from .formats import ZIP, bytes_of

SAMPLE_ROWS: Final = 60
TableRows = Iterator[Row | BadRecord]


class EmptyTable(TradeError):
    """The file holds no row."""

    next_step = "check that the file is the one meant"


class MappingMisfit(TradeError):
    """The headers of the table are not those that the mapping was made for."""

    next_step = "choose another mapping, or make one for this table"


class UnsureMapping(TradeError):
    """What the columns hold could not be told surely by their headers."""

    next_step = "make a mapping for this table on the page of imports, and name it with --map"


@dataclass(frozen=True)
class Table:
    """A table's headers, and its rows behind them, which can be read once."""

    headers: tuple[str, ...]
    rows: TableRows


@contextmanager
def opened_table(path: Path) -> Iterator[Table]:
    """
    Open a CSV or xlsx file; its first row with any text is the header.

    raises   EmptyTable; BadRecord: it is neither text nor a workbook
    """
    with path.open("rb") as file:
        is_workbook = file.read(len(ZIP)) == ZIP
        file.seek(0)
        rows: TableRows = iter(read_sheet(file)) if is_workbook else iter(read_delimited(bytes_of(path)))
        for row in rows:
            headers = () if isinstance(row, BadRecord) else tuple(_shown(cell) for cell in row[1])
            if any(headers):
                yield Table(headers, rows)
                return
    raise EmptyTable(f"{path.name} holds no row", file=path.name)


def table_pieces(path: Path, mapping: Mapping | None, point: str = "") -> Iterator[Piece]:
    """
    Read a table.

    mapping  None: guessed, and taken only where every used column is known for sure
    point    code of the usage point, for tables that have neither point nor meter
    raises   EmptyTable, MappingMisfit, UnsureMapping, BadMapping, BadRecord
    """
    with opened_table(path) as table:
        chosen, rows = _chosen(table, mapping)
        yield from read_rows(rows, replace(chosen, point=point or chosen.point))


def guess_table(path: Path) -> tuple[Mapping, tuple[str, ...], int]:
    """
    Guess how a table is read.

    returns  mapping, headers, and how sure it is from 0 to 100: that of its least sure used column
    raises   EmptyTable, BadMapping, BadRecord
    """
    with opened_table(path) as table:
        sample = list(islice(table.rows, SAMPLE_ROWS))
        mapping = guess_mapping(table.headers, _texts(sample))
        return mapping, table.headers, score_of(mapping)


def preview_table(path: Path, mapping: Mapping, rows: int) -> list[Piece]:
    """Return what the first rows of a table say through a mapping."""
    with opened_table(path) as table:
        return list(read_rows(islice(table.rows, rows), mapping))


def score_of(mapping: Mapping) -> int:
    """How sure a mapping is: the score of its least sure column that is used."""
    return min(each.meaning.score for each in mapping.columns if each.meaning.role is not Role.IGNORED)


def _chosen(table: Table, mapping: Mapping | None) -> tuple[Mapping, TableRows]:
    if mapping is not None:
        if not mapping.fits(table.headers):
            headers = list(table.headers[:20])
            raise MappingMisfit(f"the table begins with {', '.join(headers)[:80]}", headers=headers)
        return mapping, table.rows
    sample = list(islice(table.rows, SAMPLE_ROWS))
    guess = guess_mapping(table.headers, _texts(sample))
    if score_of(guess) < SURE_SCORE:
        unsure = [each.header for each in guess.columns if 0 < each.meaning.score < SURE_SCORE]
        raise UnsureMapping(f"not sure what {', '.join(unsure)[:80]} holds", headers=unsure[:20])
    return guess, chain(sample, table.rows)


def _texts(sample: Sequence[Row | BadRecord]) -> list[list[str]]:
    rows = [row for row in sample if not isinstance(row, BadRecord)]
    return [[_shown(cell) for cell in cells] for _, cells in rows]


def _shown(cell: object) -> str:
    return "" if cell is None else str(cell).strip()
