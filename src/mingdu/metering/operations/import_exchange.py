"""Imports a file of another house: read as a stream, taken through the one door, reported by line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from django.db import transaction

from mingdu.base.actors import Actor
from mingdu.base.database import reading_connection
from mingdu.base.permissions import require
from mingdu.core.registers import Channel, Register
from mingdu.core.types import Bytes, Ints
from mingdu.metering.exchange import NUMBER_KINDS, ExchangeFormat
from mingdu.metering.imports.exchange.formats import READERS, bytes_of, head_of, tell_format
from mingdu.metering.imports.exchange.intake import CHUNK_VALUES, Intake
from mingdu.metering.imports.exchange.names import PointNames
from mingdu.metering.imports.exchange.parts import Ground, parts_of
from mingdu.metering.imports.exchange.report import ExchangeReport
from mingdu.metering.imports.exchange.tables import table_pieces
from mingdu.metering.imports.exchange.targets import Targets
from mingdu.metering.imports.exchange.values import Values
from mingdu.metering.imports.parsed import Part
from mingdu.metering.readings import Acceptance, Outcome, ReadingBatch, Source, UnknownUsagePoint
from mingdu.metering.zone import INTERVAL_MINUTES, zone
from mingdu.wire.exchange.series import Piece
from mingdu.wire.exchange.table import mapping as columns

from .accept import accept_readings, record_evidence
from .import_file import Form, form_of, sha256_of

WHOLE_WATT_HOURS = 3
Told = Callable[[int], None]


@dataclass(frozen=True)
class How:
    """
    How a foreign file is read.

    zone      of times that name none; None: the utility's
    points    foreign numbers with our codes; they go before the registered aliases
    mapping   of a table's columns; None: guessed
    point     code of the usage point of a table that names none
    minutes   interval of what is measured at a moment and names none
    decimals  of energy curves where nothing near is stored: 2 or 3
    """

    format: ExchangeFormat
    zone: ZoneInfo | None = None
    points: Mapping[str, str] = field(default_factory=dict)
    mapping: columns.Mapping | None = None
    point: str = ""
    minutes: int = INTERVAL_MINUTES
    decimals: int = WHOLE_WATT_HOURS
    chunk_values: int = CHUNK_VALUES


def import_exchange(
    path: Path,
    how: How,
    *,
    dry_run: bool = False,
    told: Told = lambda _: None,
    by: Actor,
    at: datetime,
) -> ExchangeReport:
    """
    Import a file of another house; the same file again changes nothing.

    dry_run  report what would become of it and write nothing
    told     called with the values that have come to the door so far
    returns  ExchangeReport; what cannot be taken is named in it, all else stands
    raises   NotPermitted; of tables: EmptyTable, MappingMisfit, UnsureMapping, BadMapping
    """
    require(by, "metering.accept_readings")
    if not dry_run:
        return _import(path, how, told, (by, at))
    with transaction.atomic():
        report = _import(path, how, told, (by, at))
        transaction.set_rollback(True)
    return report


def told_format(path: Path) -> Form | ExchangeFormat:
    """Tell the format of a file by its beginning: one of our own forms, another house's, else a table."""
    head = head_of(path)
    return tell_format(head) or form_of(head) or ExchangeFormat.TABLE


def _import(path: Path, how: How, told: Told, act: tuple[Actor, datetime]) -> ExchangeReport:
    by, at = act
    evidence = record_evidence("file", path.name, sha256=sha256_of(path), by=by, at=at)
    report = ExchangeReport(how.format)
    names = PointNames(reading_connection(), NUMBER_KINDS[how.format], how.points)
    intake = Intake(names, Targets(how.format), how.zone or zone(), how.minutes, report, how.chunk_values)
    ground = Ground(reading_connection(), at, how.decimals, report)
    for values in intake.chunks(_pieces(path, how)):
        outcomes = _Outcomes(values, names.names, report)
        for part in parts_of(values, ground):
            batch = ReadingBatch(Source.FILE, evidence, part.curves, part.registers)
            outcomes.add(part, accept_readings(batch, by=by, at=at))
        told(report.rows)
    return report


def _pieces(path: Path, how: How) -> Iterator[Piece]:
    if how.format is ExchangeFormat.TABLE:
        return table_pieces(path, how.mapping, how.point)
    return READERS[how.format](bytes_of(path))


@dataclass(frozen=True)
class _Outcomes:
    """
    Puts what became of a chunk's values into the report.

    A part has curves or registers, and its "lines" are places of the values, counted from 1.
    """

    values: Values
    names: Mapping[int, str]
    report: ExchangeReport

    def add(self, part: Part, acceptance: Acceptance) -> None:
        place, outcomes = part.register_line, acceptance.register_outcomes
        if len(part.curves):
            came = part.curve_line > 0
            place, outcomes = part.curve_line[came], acceptance.curve_outcomes[came]
        for bad in acceptance.bad:
            places = part.curve_line[bad.row] if bad.part == "curve" else part.register_line[[bad.row]]
            error = bad.error
            if isinstance(error, UnknownUsagePoint):
                # A file knows numbers, not ids.
                name = self.names[error.values["usage_point_id"]]
                error = UnknownUsagePoint(f"usage point {name}", usage_point=name)
            self.report.refuse(error, self.values.line[places[places > 0] - 1])
        self.report.take(outcomes)
        self._name_conflicts(place, outcomes)

    def _name_conflicts(self, place: Ints, outcomes: Bytes) -> None:
        for entry in (place[outcomes == Outcome.CONFLICT] - 1).tolist():
            values, code = self.values, int(self.values.code[entry])
            item = Register(code).name if values.minutes[entry] == 0 else Channel(code).name
            point = self.names[int(values.point[entry])]
            time = f"{values.begin[entry].astype('datetime64[s]')}Z"
            self.report.name_conflict(int(values.line[entry]), point, item, time)
