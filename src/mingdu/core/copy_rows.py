"""
Rows of PostgreSQL's binary COPY, built from whole columns.

    buffer = copy_rows([date(days), int64(usage_point_ids), bytea(curves)])

The layout is that of "COPY … (FORMAT binary)" in PostgreSQL's manual: a header, then for each row the number
of its fields and each field's length and bytes, all numbers big-endian; -1 as length is NULL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mingdu.core.types import AnyColumn, Bytes, Ints, Times
from mingdu.errors import TradeError

SIGNATURE = b"PGCOPY\n\xff\r\n\x00"
HEADER = SIGNATURE + bytes(8)
TRAILER = b"\xff\xff"
NULL_LENGTH = -1
# PostgreSQL counts days and microseconds from 2000-01-01.
EPOCH_DAYS = 10_957
EPOCH_MICROSECONDS = EPOCH_DAYS * 86_400_000_000
# Object identifiers of the element types, by their width in bytes.
ELEMENT_OIDS = {2: 21, 4: 23, 8: 20}


class UnlikeColumns(TradeError):
    """Columns of different lengths, or none at all."""


class DoesNotFit(TradeError):
    """A number that its type cannot hold."""

    next_step = "use the wider type; nothing is cut off in silence"


@dataclass(frozen=True)
class Fixed:
    """A column whose fields all have one width: uint8 (row, 4 + width), the length in front."""

    fields: Bytes

    def __len__(self) -> int:
        return len(self.fields)


@dataclass(frozen=True)
class Varying:
    """A column of fields of any length; None is NULL."""

    fields: Sequence[bytes | None]

    def __len__(self) -> int:
        return len(self.fields)


Column = Fixed | Varying


def int16(values: AnyColumn) -> Fixed:
    """Make a smallint column; raises DoesNotFit."""
    return _number(values, 2)


def int32(values: AnyColumn) -> Fixed:
    """Make an integer column; raises DoesNotFit."""
    return _number(values, 4)


def int64(values: AnyColumn) -> Fixed:
    """Make a bigint column."""
    return _number(values, 8)


def date(day_numbers: Ints) -> Fixed:
    """Make a date column of days since 1970-01-01, int64 (row,); raises DoesNotFit."""
    return _number(day_numbers - EPOCH_DAYS, 4)


def timestamptz(instants: Times) -> Fixed:
    """Make a timestamptz column of datetime64 (row,) in UTC."""
    return _number(instants.astype("datetime64[us]").astype(np.int64) - EPOCH_MICROSECONDS, 8)


def bytea(values: Sequence[bytes | None]) -> Varying:
    """Make a bytea column; None is NULL."""
    return Varying(values)


def text(values: Sequence[str | None]) -> Varying:
    """Make a text column; None is NULL."""
    return Varying([None if value is None else value.encode() for value in values])


def constant_text(value: str, rows: int) -> Fixed:
    """Make a text column that says the same in every row."""
    field = np.frombuffer(_length(len(value.encode())) + value.encode(), dtype=np.uint8)
    return Fixed(np.broadcast_to(field, (rows, len(field))))


def int_array(values: AnyColumn, element_bytes: int = 8) -> Fixed:
    """
    Make a column of arrays of one length.

    values          int (row, element)
    element_bytes   2, 4 or 8: smallint[], integer[], bigint[]
    raises          DoesNotFit
    """
    rows, elements = values.shape
    header = array_header(elements, element_bytes)
    body = _number(values.reshape(-1), element_bytes).fields.reshape(rows, elements * (4 + element_bytes))
    front = np.frombuffer(_length(len(header) + body.shape[1]) + header, dtype=np.uint8)
    return Fixed(np.concatenate([np.broadcast_to(front, (rows, len(front))), body], axis=1))


def array_bytes(values: Ints) -> bytes:
    """Encode one bigint[] as a parameter of a statement; values int64 (element,)."""
    return array_header(len(values), 8) + _number(values, 8).fields.tobytes()


def array_header(elements: int, element_bytes: int) -> bytes:
    """Encode dimensions, no NULL, element type, length, first index; an empty array has no dimension."""
    numbers = (
        [1, 0, ELEMENT_OIDS[element_bytes], elements, 1] if elements else [0, 0, ELEMENT_OIDS[element_bytes]]
    )
    return np.array(numbers, dtype=">i4").tobytes()


def copy_rows(columns: Sequence[Column]) -> bytes:
    """
    Return the whole input of one binary COPY.

    columns   in the order of the statement, all of one length
    raises    UnlikeColumns
    """
    lengths = {len(column) for column in columns}
    if len(lengths) != 1:
        raise UnlikeColumns(f"columns of {sorted(lengths)} rows")
    rows = lengths.pop()
    pieces = _pieces(columns, rows)
    body = pieces[0] if len(pieces) == 1 else _interleave(pieces, rows)
    return b"".join((HEADER, *body, TRAILER))


def _number(values: AnyColumn, width: int) -> Fixed:
    wide = np.asarray(values, dtype=np.int64)
    limit = np.iinfo(f"i{width}")
    if wide.size and (wide.min() < limit.min or wide.max() > limit.max):
        raise DoesNotFit(
            f"{wide.min()} to {wide.max()} in {width} bytes", low=int(wide.min()), high=int(wide.max())
        )
    fields = np.empty((wide.size, 4 + width), dtype=np.uint8)
    fields[:, :4] = np.frombuffer(_length(width), dtype=np.uint8)
    fields[:, 4:] = wide.astype(f">i{width}").view(np.uint8).reshape(wide.size, width)
    return Fixed(fields)


def _length(count: int) -> bytes:
    return count.to_bytes(4, "big", signed=True)


def _pieces(columns: Sequence[Column], rows: int) -> list[Sequence[bytes]]:
    """
    Split the rows into pieces: fixed fields that stand together, the bytes of one varying field, and so on.

    A varying field's length closes the piece before it, so that every other piece has one width.
    """
    count = np.frombuffer(len(columns).to_bytes(2, "big"), dtype=np.uint8)
    together: list[Bytes] = [np.broadcast_to(count, (rows, 2))]
    pieces: list[Sequence[bytes]] = []
    for column in columns:
        if isinstance(column, Fixed):
            together.append(column.fields)
            continue
        together.append(_lengths(column))
        pieces += [_cut(together), [field or b"" for field in column.fields]]
        together = []
    if pieces and together:
        pieces.append(_cut(together))
    return pieces or [[np.concatenate(together, axis=1).tobytes()]]


def _lengths(column: Varying) -> Bytes:
    sizes = (NULL_LENGTH if field is None else len(field) for field in column.fields)
    lengths = np.fromiter(sizes, dtype=">i4", count=len(column))
    return lengths.view(np.uint8).reshape(len(column), 4)


def _cut(together: list[Bytes]) -> list[bytes]:
    block = np.concatenate(together, axis=1)
    width, joined = block.shape[1], block.tobytes()
    return [joined[at : at + width] for at in range(0, len(joined), width)]


def _interleave(pieces: list[Sequence[bytes]], rows: int) -> list[bytes]:
    ordered = [b""] * (rows * len(pieces))
    for place, piece in enumerate(pieces):
        ordered[place :: len(pieces)] = piece
    return ordered
