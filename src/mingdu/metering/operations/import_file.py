"""Imports a file of readings: streamed, vectorised, reported line by line."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import numpy as np
from django.db import transaction

from mingdu.base.actors import Actor
from mingdu.base.database import reading_connection
from mingdu.base.permissions import require
from mingdu.errors import TradeError
from mingdu.metering.imports.cells import BYTE_ORDER_MARK, Cells, cut_cells, read_chunks
from mingdu.metering.imports.long_form import is_long, read_long
from mingdu.metering.imports.parsed import BadLine, BrokenRow, Parsed, PointCodes, Setting
from mingdu.metering.imports.report import ImportReport, LineOutcomes
from mingdu.metering.imports.wide_curves import is_wide_curves, read_wide_curves
from mingdu.metering.imports.wide_registers import is_wide_registers, read_wide_registers
from mingdu.metering.readings import ReadingBatch, Source
from mingdu.metering.store.profiles import USUAL
from mingdu.metering.zone import zone

from .accept import accept_readings, record_evidence


class UnknownFormat(TradeError):
    """A file whose header is none of the known forms, or not that of the form asked for."""

    next_step = "the forms are in the manual under imports; --format names one"


class Form(StrEnum):
    """Forms of files of readings."""

    LONG = "long"
    CURVES = "curves"
    REGISTERS = "registers"


Reader = Callable[[Cells, list[str], Setting], Parsed]
FORMS: dict[Form, tuple[Callable[[list[str]], bool], Reader]] = {
    Form.LONG: (is_long, read_long),
    Form.CURVES: (is_wide_curves, read_wide_curves),
    Form.REGISTERS: (is_wide_registers, read_wide_registers),
}


class Kept(NamedTuple):
    """
    How a file's curves are stored.

    minutes   length of an interval of the long form; the wide form says it by its columns
    decimals  of the energies: 2, or 3 for whole watt-hours
    """

    minutes: int
    decimals: int


USUALLY = Kept(*USUAL)


@dataclass(frozen=True)
class _File:
    """A file with its header: how many bytes stand before the first line of values, and what reads them."""

    path: Path
    header: list[str]
    skipped_bytes: int
    reader: Reader
    kept: Kept


def import_file(
    path: Path,
    *,
    form: Form | None = None,
    kept: Kept = USUALLY,
    dry_run: bool = False,
    by: Actor,
    at: datetime,
) -> ImportReport:
    """
    Import a file of readings; the same file again changes nothing.

    form     None: told by the header
    kept     interval and decimals of the file's energy curves
    dry_run  report what would become of it and write nothing
    returns  ImportReport; lines that cannot be taken are named in it, all others stand
    raises   NotPermitted, UnknownFormat
    """
    require(by, "metering.accept_readings")
    file = _open(path, form, kept)
    digest = sha256_of(path)
    if not dry_run:
        evidence = record_evidence("file", path.name, sha256=digest, by=by, at=at)
        return _import(file, evidence, by, at)
    with transaction.atomic():
        evidence = record_evidence("file", path.name, sha256=digest, by=by, at=at)
        report = _import(file, evidence, by, at)
        transaction.set_rollback(True)
    return report


def sha256_of(path: Path) -> str:
    """Return the hash of a file's bytes: what makes it the same evidence."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _import(file: _File, evidence: int, by: Actor, at: datetime) -> ImportReport:
    report = ImportReport()
    points = PointCodes(reading_connection())
    setting = Setting(points, zone(), at, file.kept.minutes, file.kept.decimals)
    line = 2
    for chunk in read_chunks(file.path, file.skipped_bytes):
        cells = cut_cells(chunk, len(file.header), line)
        parsed = file.reader(cells, file.header, setting)
        codes = {point: code for code, point in setting.points.known.items()}
        count = chunk.count(b"\n")
        outcomes = LineOutcomes(line, np.zeros(count, dtype=np.uint8), codes)
        for part in parsed.parts:
            batch = ReadingBatch(Source.FILE, evidence, part.curves, part.registers)
            outcomes.add(part, accept_readings(batch, by=by, at=at))
        broken = [_broken(number, file.header) for number in cells.broken.tolist()]
        outcomes.count(report, [*broken, *parsed.bad], len(cells) + len(broken))
        line += count
    return report


def form_of(head: bytes) -> Form | None:
    """Tell which of our own forms a file has by its first line; None: none of them."""
    _, header = _header(head.partition(b"\n")[0])
    return next((form for form, (fits, _) in FORMS.items() if fits(header)), None)


def _open(path: Path, form: Form | None, kept: Kept) -> _File:
    with path.open("rb") as opened:
        first = opened.readline()
    text, header = _header(first)
    for known, (fits, reader) in FORMS.items():
        if form in (None, known) and fits(header):
            return _File(path, header, len(first), reader, kept)
    raise UnknownFormat(f"{path.name} begins with {text[:80]!r}", header=text[:200], form=form)


def _header(first: bytes) -> tuple[str, list[str]]:
    text = first.removeprefix(BYTE_ORDER_MARK).decode("utf-8", "replace").strip()
    return text, [name.strip().strip('"') for name in text.split(",")]


def _broken(line: int, header: list[str]) -> BadLine:
    return BadLine(line, BrokenRow(f"line {line} has not {len(header)} cells", cells=len(header)))
