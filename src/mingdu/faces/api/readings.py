"""Readings of other systems, in the long form of the files: the same door, the same report."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

import numpy as np
from ninja import Router, Schema
from pydantic import Field

from mingdu.base.database import reading_connection
from mingdu.metering.imports.cells import cut_cells
from mingdu.metering.imports.long_form import read_long
from mingdu.metering.imports.parsed import PointCodes, Setting
from mingdu.metering.imports.report import ImportReport, LineOutcomes
from mingdu.metering.operations import accept_readings, record_evidence
from mingdu.metering.readings import ReadingBatch, Source
from mingdu.metering.zone import zone

from .door import Request
from .fields import Body

router = Router(tags=["metering"])

MOST_ROWS = 10_000
HEADER = ["usage_point", "channel|register", "time", "value", "unit", "quality"]
# A cell of the long form; what would end a cell or a line of a file is not part of one.
Cell = Annotated[str, Field(max_length=60, pattern=r'^[^,"\r\n\x00]*$')]


class ReadingRow(Body):
    """One value: of an interval of a channel, or of a register. Quality empty is measured."""

    usage_point: Annotated[Cell, Field(min_length=1)]
    channel: Cell = ""
    register_: Annotated[Cell, Field(alias="register")] = ""
    time: Annotated[Cell, Field(min_length=1)]
    value: Cell
    unit: Cell
    quality: Cell = ""


class ReadingRows(Body):
    """Values to take."""

    rows: Annotated[list[ReadingRow], Field(min_length=1, max_length=MOST_ROWS)]


class BadRowAnswer(Schema):
    """A row that was not taken, counted from 1, and why."""

    line: int
    error: str
    values: dict[str, Any]


class ReportAnswer(Schema):
    """What became of the rows; the same rows again change nothing."""

    rows: int
    accepted: int
    same: int
    conflicts: int
    bad: list[BadRowAnswer]


@router.post("/readings", response=ReportAnswer)
def take_readings(request: Request, body: ReadingRows) -> ReportAnswer:
    """Take readings through the one door; rows that cannot be taken are named, all others stand."""
    text = "".join(f"{','.join(_cells(row))}\n" for row in body.rows).encode()
    digest = hashlib.sha256(text).hexdigest()
    evidence = record_evidence("api", request.auth.id, sha256=digest, by=request.auth, at=request.now)
    cells = cut_cells(text, len(HEADER), 1)
    setting = Setting(PointCodes(reading_connection()), zone(), request.now)
    parsed = read_long(cells, HEADER, setting)
    codes = {point: code for code, point in setting.points.known.items()}
    outcomes = LineOutcomes(1, np.zeros(len(body.rows), dtype=np.uint8), codes)
    for part in parsed.parts:
        batch = ReadingBatch(Source.API, evidence, part.curves, part.registers)
        outcomes.add(part, accept_readings(batch, by=request.auth, at=request.now))
    report = ImportReport()
    outcomes.count(report, parsed.bad, len(cells))
    return ReportAnswer.model_validate(report.as_json())


def _cells(row: ReadingRow) -> list[str]:
    return [row.usage_point, row.channel or row.register_, row.time, row.value, row.unit, row.quality]
