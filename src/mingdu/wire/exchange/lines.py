"""Pieces of bytes to numbered lines; bounded, whatever the pieces and the file are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from .series import BadRecord

MOST_LINE_BYTES: Final = 64 * 1024
BOM: Final = b"\xef\xbb\xbf"


class LineTooLong(BadRecord):
    """A line is longer than any record of the format."""

    next_step = "check that the file is what its name says"


def numbered_lines(pieces: Iterable[bytes], *, most: int = MOST_LINE_BYTES) -> Iterator[tuple[int, bytes]]:
    """
    Split at LF, CR LF or the end, take the ends off, number from 1; a byte order mark is left out.

    raises   LineTooLong: more than `most` bytes without an end
    """
    number, rest = 0, b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            number += 1
            yield number, _checked(line, number, most)
        # A piece without an end is joined to the rest each time: bounded by `most`, so not quadratic.
        _checked(rest, number + 1, most)
    if rest:
        yield number + 1, _checked(rest, number + 1, most)


def _checked(line: bytes, number: int, most: int) -> bytes:
    if len(line) > most:
        raise LineTooLong(
            f"longer than {most} bytes", line=number, value=line[:40], expected=f"at most {most} bytes"
        )
    if number == 1:
        line = line.removeprefix(BOM)
    return line[:-1] if line.endswith(b"\r") else line
