"""Imports at a desk: a file is handed in, checked without writing, then imported by the workers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from mingdu.base import audit, ledger
from mingdu.base.actors import Actor
from mingdu.base.permissions import require
from mingdu.errors import TradeError
from mingdu.metering.exchange import ExchangeFormat
from mingdu.metering.imports.exchange.civil import zone_of
from mingdu.metering.imports.exchange.files_kept import keep_file
from mingdu.metering.models import FileImport
from mingdu.metering.queries.file_imports import file_import_of, import_run_key
from mingdu.wire.exchange.table.mapping import from_json

from .import_exchange import How
from .import_file import Form, UnknownFormat

KIND = "metering.import"
MOST_NAME = 200


class NotChecked(TradeError):
    """A file is imported only after its check, and once."""

    next_step = "check the file first; a file that was imported is in the list"


@dataclass(frozen=True)
class Reading:
    """
    How a file handed in is read, as a person chose it.

    format    one of our own forms, or of another house's formats
    zone      of times that name none; empty: the utility's
    point     usage point of a table that names none
    mapping   JSON of a table's mapping; None: guessed
    minutes   interval of the curves where the file does not say it
    decimals  of energies: 2 or 3
    """

    format: str
    zone: str = ""
    point: str = ""
    mapping: dict[str, Any] | None = None
    minutes: int = 15
    decimals: int = 3


def hand_in_file(name: str, pieces: Iterable[bytes], *, by: Actor, at: datetime) -> int:
    """
    Keep a file that shall be imported.

    returns  number of the import
    raises   NotPermitted, UploadTooLarge, EmptyUpload
    """
    require(by, "metering.accept_readings")
    sha256, size = keep_file(pieces)
    with transaction.atomic():
        row = FileImport.objects.create(
            name=name[-MOST_NAME:], sha256=sha256, size_bytes=size, uploaded_by=by.id, uploaded_at=at
        )
        details = {"name": row.name, "sha256": sha256, "bytes": size}
        audit.record(by, "metering.hand_in_file", f"file_import:{row.pk}", at=at, details=details)
    return int(row.pk)


@transaction.atomic
def check_file(number: int, reading: Reading, *, by: Actor, at: datetime) -> int:
    """
    Have the workers report what would become of a file, without writing anything of it.

    returns  number of the run
    raises   NotPermitted, UnknownImport, UnknownFormat, UnknownZone, BadMapping; NotChecked: it was imported
    """
    require(by, "metering.accept_readings")
    row = _waiting(number, by)
    _check(reading)
    row.options, row.checked, row.checked_at = vars(reading), None, None
    row.save(update_fields=["options", "checked", "checked_at"])
    return _start(row, "check", by, at)


@transaction.atomic
def import_checked(number: int, *, by: Actor, at: datetime) -> int:
    """
    Have the workers import a file as it was checked; all of it, in one transaction.

    returns  number of the run
    raises   NotPermitted, UnknownImport; NotChecked: its check is not done or failed, or it was imported
    """
    require(by, "metering.accept_readings")
    row = _waiting(number, by)
    if row.checked is None or "error" in row.checked:
        raise NotChecked(f"{row.name} has no report of a check", number=number)
    audit.record(by, "metering.import_file", f"file_import:{row.pk}", at=at, details={"sha256": row.sha256})
    return _start(row, "import", by, at)


def how_of(reading: Reading) -> How:
    """Turn a choice into how a file of another house is read; raises UnknownZone, BadMapping."""
    return How(
        format=ExchangeFormat(reading.format),
        zone=zone_of(reading.zone) if reading.zone else None,
        mapping=from_json(reading.mapping) if reading.mapping else None,
        point=reading.point,
        minutes=reading.minutes,
        decimals=reading.decimals,
    )


def _check(reading: Reading) -> None:
    if reading.format in list(Form):
        return
    if reading.format not in list(ExchangeFormat):
        raise UnknownFormat(f"no format {reading.format}", form=reading.format)
    how_of(reading)


def _waiting(number: int, by: Actor) -> FileImport:
    file_import_of(by, number)
    row = FileImport.objects.select_for_update().get(pk=number)
    is_started = ledger.run_of(KIND, import_run_key(number, "import")) is not None
    if row.report is not None or is_started:
        raise NotChecked(f"{row.name} was imported already", number=number)
    return row


def _start(row: FileImport, step: str, by: Actor, at: datetime) -> int:
    grants = [{"role": each.role, "units": _listed(each.unit_ids)} for each in by.grants]
    parameters = {"step": step, "by": by.id, "name": by.name, "grants": grants}
    which = step if step == "import" else f"{step}:{at.isoformat()}"
    key = import_run_key(row.pk, which)
    run = ledger.start_run(KIND, key, [row.pk], by=by, at=at, parameters=parameters)
    row.run = run.pk
    row.save(update_fields=["run"])
    return int(run.pk)


def _listed(unit_ids: frozenset[int] | None) -> list[int] | None:
    return None if unit_ids is None else sorted(unit_ids)
