"""Rows of an xlsx workbook, streamed from a file object that the caller opened."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final
from xml.etree.ElementTree import ParseError

import openpyxl
from defusedxml.common import DefusedXmlException
from openpyxl.utils.exceptions import InvalidFileException

from mingdu.wire.exchange.series import BadRecord

PARTS: Final = ("[Content_Types].xml", "xl/workbook.xml")


class NotWorkbook(BadRecord):
    """The file is no xlsx workbook, or a damaged one."""

    next_step = "open it in a spreadsheet program and save it as xlsx or CSV"


class WorkbookTooLarge(BadRecord):
    """The workbook would unpack to more than is allowed, as an archive bomb does."""

    next_step = "hand it in as CSV, or in several files"


class NoSheet(BadRecord):
    """The workbook has no sheet of this name."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a workbook may hold. The sizes in the archive's list bind: what unpacks to more is damaged."""

    unpacked_bytes: int = 1 << 30
    parts: int = 2000
    rows: int = 1_048_576
    columns: int = 512


STANDARD: Final = Limits()

# What openpyxl lets out where the inside of a workbook is not what it should be.
_DAMAGES: Final = (
    zipfile.BadZipFile,
    InvalidFileException,
    DefusedXmlException,
    ParseError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    EOFError,
    RuntimeError,  # an encrypted part; NotImplementedError: a way of packing that is not known
    OSError,
)


def read_sheet(
    file: IO[bytes], name: str | None = None, limits: Limits = STANDARD
) -> Iterator[tuple[int, Sequence[Any]]]:
    """
    Read the rows of one sheet with their number; the header comes first.

    file     an open xlsx file that can seek
    name     of the sheet; None: the first one
    yields   row number from 1, and cells: text, int, float, date, time, None
    raises   NotWorkbook, WorkbookTooLarge, NoSheet

    Formulas give the value that was last computed. Strings that cells share are held in memory once.
    """
    _check_archive(file, limits)
    number = 0
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        if name is not None and name not in book.sheetnames:
            raise NoSheet(f"no sheet {name!r}", line=1, value=name, expected=", ".join(book.sheetnames))
        sheet = book[name] if name is not None else book.worksheets[0]
        # What a workbook says of its own size may be wrong; the rows tell.
        sheet.reset_dimensions()
        for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
            if number > limits.rows or len(cells) > limits.columns:
                expected = f"at most {limits.rows} rows and {limits.columns} columns"
                raise WorkbookTooLarge(f"{len(cells)} columns", line=number, expected=expected)
            yield number, cells
    except _DAMAGES as error:
        raise NotWorkbook(
            f"damaged: {type(error).__name__} {error}"[:200], line=number + 1, expected="an xlsx workbook"
        ) from error


def _check_archive(file: IO[bytes], limits: Limits) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, struct.error, ValueError, OSError, NotImplementedError) as error:
        raise NotWorkbook(f"no archive: {error}"[:200], line=1, expected="an xlsx workbook") from error
    size = sum(part.file_size for part in parts)
    if len(parts) > limits.parts or size > limits.unpacked_bytes:
        expected = f"at most {limits.parts} parts and {limits.unpacked_bytes} bytes"
        raise WorkbookTooLarge(
            "would unpack too large", line=1, value=size, expected=expected, parts=len(parts)
        )
    if not set(PARTS) <= {part.filename for part in parts}:
        raise NotWorkbook("the archive holds no workbook", line=1, expected=" and ".join(PARTS))
