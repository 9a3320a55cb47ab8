"""Delimited text to rows: encoding and delimiter found out from the beginning, then read as a stream."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from mingdu.wire.exchange.lines import numbered_lines
from mingdu.wire.exchange.series import BadRecord

SAMPLE_BYTES: Final = 64 * 1024
SAMPLE_ROWS: Final = 200
DELIMITERS: Final = (",", ";", "\t", "|")


class NotText(BadRecord):
    """The file is no text in UTF-8 or GB 18030."""

    next_step = "save the table as CSV in UTF-8, or hand in the xlsx file"


class BadRow(BadRecord):
    """A row cannot be taken apart: a quote does not end, or a field is too long."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """encoding: utf-8, utf-16 or gb18030; delimiter: one of DELIMITERS."""

    encoding: str
    delimiter: str


def sniff(sample: bytes) -> Dialect:
    """
    Find encoding and delimiter out of the first bytes of a file.

    sample    up to SAMPLE_BYTES; may end inside a character
    raises    NotText
    """
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    else:
        encoding = next((each for each in ("utf-8", "gb18030") if _decodes(sample, each)), "")
    if not encoding or (encoding != "utf-16" and b"\0" in sample):
        raise NotText("the bytes are no text", line=1, value=sample[:20].hex(), expected="UTF-8 or GB 18030")
    lines = codecs.getincrementaldecoder(encoding)().decode(sample).splitlines()[:SAMPLE_ROWS]
    return Dialect(encoding, _delimiter([line for line in lines if line.strip()]))


def read_delimited(
    pieces: Iterable[bytes], dialect: Dialect | None = None
) -> Iterator[tuple[int, Sequence[str]] | BadRecord]:
    """
    Read rows with the number of the line on which each ends; the header comes first.

    dialect   None: found out from the first piece(s)
    yields    rows as texts, and BadRow for one that cannot be taken apart
    raises    NotText; LineTooLong
    """
    source = iter(pieces)
    first = b""
    for piece in source:
        first += piece
        if len(first) >= SAMPLE_BYTES:
            break
    found = dialect or sniff(first[:SAMPLE_BYTES])
    lines = _texts(chain([first], source), found.encoding)
    rows = csv.reader(lines, delimiter=found.delimiter)
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield BadRow(str(error), line=max(rows.line_num, 1))
            continue
        yield rows.line_num, row


def _decodes(sample: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(lines: Sequence[str]) -> str:
    """The one that stands in every line, and as often as in the first; then the one that stands most."""

    def fitness(mark: str) -> tuple[int, int]:
        counts = [line.count(mark) for line in lines]
        first = counts[0] if counts else 0
        return (sum(each == first for each in counts) if first else 0, first)

    return max(DELIMITERS, key=fitness)


def _texts(pieces: Iterable[bytes], encoding: str) -> Iterator[str]:
    """Lines as text; a damaged character becomes U+FFFD, which no number or time accepts."""
    if encoding == "utf-16":
        decoder = codecs.getincrementaldecoder(encoding)("replace")
        pieces = (decoder.decode(piece).encode() for piece in pieces)
        encoding = "utf-8"
    for _, line in numbered_lines(pieces):
        yield line.decode(encoding, "replace") + "\n"
