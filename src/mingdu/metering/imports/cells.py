"""
Cells of a comma-separated file, all lines at once.

The bytes of many lines stay one array; a cell is where it begins and ends. No cell becomes a Python object
unless it is one of few distinct texts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mingdu.core.types import AnyColumn, Bytes, Flags, Ints

CHUNK_BYTES = 1 << 22
COMMA, NEWLINE, RETURN, POINT, MINUS, ZERO = b",\n\r.-0"
# A number of so many characters, and what its scale makes of it, fit int64.
LONGEST_NUMBER = 16
LONGEST_SCALED = 18
LONGEST_TEXT = 40
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Cells:
    """
    Lines of one chunk that have as many cells as the header.

    buffer        uint8 (byte,)
    begin, end    int64 (line, cell)  where each cell stands
    line          int64 (line,)       number in the file, the header being 1
    broken        int64 (…,)          numbers of lines with another count of cells; empty ones are left out
    """

    buffer: Bytes
    begin: Ints
    end: Ints
    line: Ints
    broken: Ints

    def __len__(self) -> int:
        return len(self.line)


def read_chunks(path: Path, skipped_bytes: int, chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
    """Yield whole lines, many at once; quotes are left out, since no cell needs them."""
    with path.open("rb") as file:
        file.seek(skipped_bytes)
        rest = b""
        while chunk := file.read(chunk_bytes):
            whole, newline, rest = (rest + chunk).rpartition(b"\n")
            if newline:
                yield (whole + newline).replace(b'"', b"")
        if rest:
            yield rest.replace(b'"', b"") + b"\n"


def cut_cells(chunk: bytes, columns: int, first_line: int) -> Cells:
    """
    Cut lines into cells.

    chunk       whole lines, each ended by a newline
    columns     cells of a good line
    first_line  number of the chunk's first line in the file
    """
    buffer = np.frombuffer(chunk, dtype=np.uint8)
    line_end = np.flatnonzero(buffer == NEWLINE)
    line_begin = np.concatenate([[0], line_end[:-1] + 1])
    comma = np.flatnonzero(buffer == COMMA)
    first_comma = np.searchsorted(comma, line_begin)
    count = np.searchsorted(comma, line_end) - first_comma
    text_end = line_end - ((line_end > line_begin) & (buffer[line_end - 1] == RETURN))
    is_good = count == columns - 1
    numbers = np.arange(first_line, first_line + len(line_end))
    between = comma[first_comma[is_good, np.newaxis] + np.arange(columns - 1)]
    return Cells(
        buffer=buffer,
        begin=np.concatenate([line_begin[is_good, np.newaxis], between + 1], axis=1),
        end=np.concatenate([between, text_end[is_good, np.newaxis]], axis=1),
        line=numbers[is_good],
        broken=numbers[~is_good & (text_end > line_begin)],
    )


@dataclass(frozen=True)
class Numbers:
    """
    Cells read as decimal numbers.

    digits    int64 (line, cell)  value times ten to the asked decimals; 0 where not good
    is_empty  bool (line, cell)
    is_bad    bool (line, cell)   no decimal number, or finer than the asked decimals
    """

    digits: Ints
    is_empty: Flags
    is_bad: Flags


def read_numbers(cells: Cells, columns: slice, decimals: Ints) -> Numbers:
    """
    Read columns of decimal numbers exactly: an optional minus, digits, at most one point.

    decimals  int64 (cell,) or (line, cell)  places by which the point moves to the right; may be negative
    """
    shape = cells.begin[:, columns].shape
    begin, end = cells.begin[:, columns].ravel(), cells.end[:, columns].ravel()
    wanted = np.broadcast_to(decimals, shape).ravel()
    length = end - begin
    is_negative = (length > 1) & (cells.buffer[begin] == MINUS)
    length = length - is_negative
    width = int(min(length.max(initial=0), LONGEST_NUMBER))
    digits, fraction, is_number = _read_from_the_right(cells.buffer, end, length, width)
    shift = wanted - fraction
    finer = 10 ** np.clip(-shift, 0, LONGEST_SCALED)
    is_bad = (length > 0) & ~(is_number & (digits % finer == 0) & (length + shift <= LONGEST_SCALED))
    is_good = (length > 0) & ~is_bad
    digits = np.where(is_good, digits // finer, 0) * 10 ** np.where(is_good, np.maximum(shift, 0), 0)
    digits = np.where(is_negative, -digits, digits)
    return Numbers(digits.reshape(shape), (length == 0).reshape(shape), is_bad.reshape(shape))


def read_texts(cells: Cells, column: int) -> AnyColumn:
    """Read one column as bytes of one width, S40 (line,); longer cells are cut."""
    begin, end = cells.begin[:, column], cells.end[:, column]
    width = int(min(max((end - begin).max(initial=0), 1), LONGEST_TEXT))
    place = begin[:, np.newaxis] + np.arange(width)
    inside = place < end[:, np.newaxis]
    letters = np.where(inside, cells.buffer[np.minimum(place, len(cells.buffer) - 1)], np.uint8(0))
    return np.ascontiguousarray(letters).view(f"S{width}")[:, 0]


def _read_from_the_right(buffer: Bytes, end: Ints, length: Ints, width: int) -> tuple[Ints, Ints, Flags]:
    """
    Read unsigned numbers, place by place from the last character.

    returns  int64 digits without the point, int64 digits behind the point, bool whether it is a number
    """
    digits = np.zeros(len(end), dtype=np.int64)
    scale = np.ones(len(end), dtype=np.int64)
    fraction = np.zeros(len(end), dtype=np.int64)
    has_point = np.zeros(len(end), dtype=bool)
    is_number = length <= width
    for place in range(width):
        inside = length > place
        letter = buffer[np.maximum(end - 1 - place, 0)]
        is_point = inside & (letter == POINT)
        # uint8 wraps on purpose: what is no digit becomes 10 or more.
        digit = letter - np.uint8(ZERO)
        is_digit = inside & (digit < 10)
        is_number &= ~inside | is_digit | (is_point & ~has_point)
        fraction = np.where(is_point, place, fraction)
        has_point |= is_point
        digits += np.where(is_digit, digit * scale, 0)
        scale = np.where(is_digit, scale * 10, scale)
    return digits, fraction, is_number & (length > has_point)
