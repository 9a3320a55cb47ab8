from __future__ import annotations

import datetime as dt
import io
import zipfile

import openpyxl
import pytest
from hypothesis import given, settings

from mingdu.wire.exchange.series import BadRecord, blocks_of
from mingdu.wire.exchange.table.mapping import guess_mapping
from mingdu.wire.exchange.table.rows import read_rows
from mingdu.wire.exchange.table.sheet import Limits, NoSheet, NotWorkbook, WorkbookTooLarge, read_sheet
from wire.exchange.files import damaged

START = dt.datetime.fromisoformat("2026-10-25")


def workbook(rows: int = 3) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "示数"
    sheet.append(["户号", "时间", "示数"])
    for at in range(rows):
        sheet.append(["0530100042", START + dt.timedelta(hours=at), 1234.5 + at])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


BOOK = workbook()


def rezipped(change: dict[str, bytes]) -> io.BytesIO:
    """The same archive with some parts replaced or added."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(BOOK)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for part in {*old.namelist(), *change}:
            new.writestr(part, change[part] if part in change else old.read(part))
    return file


def test_rows_of_a_workbook_become_blocks() -> None:
    rows = read_sheet(io.BytesIO(BOOK), "示数")
    _, headers = next(rows)
    (block,) = blocks_of(list(read_rows(rows, guess_mapping(headers))))
    assert (list(block.digits), block.exponent) == ([12345, 12355, 12365], 2)
    assert list(block.lines) == [2, 3, 4]


def test_refuses_what_is_no_workbook() -> None:
    for raw in (b"", b"user,value\n", BOOK[:200], BOOK[: len(BOOK) // 2]):
        with pytest.raises(NotWorkbook):
            list(read_sheet(io.BytesIO(raw)))
    inside = BOOK.index(b"xl/worksheets/sheet1.xml") + 40
    with pytest.raises(NotWorkbook):
        list(read_sheet(io.BytesIO(BOOK[:inside] + b"\xff" * 40 + BOOK[inside + 40 :])))
    plain = io.BytesIO()
    with zipfile.ZipFile(plain, "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(NotWorkbook):
        list(read_sheet(plain))
    with pytest.raises(NoSheet):
        list(read_sheet(io.BytesIO(BOOK), "absent"))


def test_refuses_what_would_unpack_too_large_before_it_unpacks() -> None:
    bomb = rezipped({"xl/worksheets/sheet1.xml": b"<row/>" * 1_000_000})
    with pytest.raises(WorkbookTooLarge):
        list(read_sheet(bomb, limits=Limits(unpacked_bytes=1_000_000)))
    with pytest.raises(WorkbookTooLarge):
        list(read_sheet(io.BytesIO(BOOK), limits=Limits(parts=3)))


def test_refuses_too_many_rows_or_columns() -> None:
    for limits in (Limits(rows=2), Limits(columns=2)):
        with pytest.raises(WorkbookTooLarge):
            list(read_sheet(io.BytesIO(BOOK), limits=limits))


def test_refuses_entities_in_a_sheet() -> None:
    row = b'<row><c t="str"><v>&a;</v></c></row>'
    sheet = b'<!DOCTYPE x [<!ENTITY a "aa">]><worksheet><sheetData>' + row + b"</sheetData></worksheet>"
    with pytest.raises(NotWorkbook):
        list(read_sheet(rezipped({"xl/worksheets/sheet1.xml": sheet})))


@given(damaged(BOOK))
@settings(max_examples=40, deadline=None)
def test_damage_raises_only_named_faults(raw: bytes) -> None:
    try:
        list(read_sheet(io.BytesIO(raw)))
    except BadRecord as fault:
        assert fault.line >= 1
