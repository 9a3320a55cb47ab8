"""Looking at files that were handed in, and at the remembered mappings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mingdu.base.actors import Actor
from mingdu.base.permissions import require, scope
from mingdu.errors import TradeError
from mingdu.metering.models import ColumnMapping, FileImport
from mingdu.wire.exchange.table.mapping import Mapping, from_json

VERB = "metering.accept_readings"


class UnknownImport(TradeError):
    """No such import; one of a colleague of another unit answers the same."""

    next_step = "see the list of imports"


@dataclass(frozen=True)
class ImportView:
    """
    A file that was handed in.

    options          how it is read; empty before it was chosen
    checked, report  of the dry run and of the import; None before them
    run              number of the latest run; None before the first check
    """

    number: int
    name: str
    sha256: str
    size_bytes: int
    options: dict[str, Any]
    uploaded_by: str
    uploaded_at: datetime
    checked: dict[str, Any] | None
    report: dict[str, Any] | None
    imported_by: str
    imported_at: datetime | None
    run: int | None


@dataclass(frozen=True)
class MappingView:
    """A remembered mapping in use."""

    name: str
    mapping: Mapping
    created_by: str
    created_at: datetime
    used_at: datetime | None


def import_numbers(by: Actor) -> list[int]:
    """Return the imports that the actor may see, newest first: all for the whole company, else his own."""
    require(by, VERB)
    found = FileImport.objects.order_by("-pk")
    if scope(by, VERB).unit_ids is not None:
        found = found.filter(uploaded_by=by.id)
    return list(found.values_list("pk", flat=True)[:10_000])


def imports_seen(by: Actor, numbers: Sequence[int]) -> list[ImportView]:
    """Return some imports in the order asked; those that the actor may not see are left out."""
    seen = set(import_numbers(by)) & set(numbers)
    rows = FileImport.objects.in_bulk(list(seen))
    return [_view(rows[number]) for number in numbers if number in rows]


def file_import_of(by: Actor, number: int) -> ImportView:
    """Return one import; raises NotPermitted, UnknownImport."""
    require(by, VERB)
    row = FileImport.objects.filter(pk=number).first()
    if row is None or (scope(by, VERB).unit_ids is not None and row.uploaded_by != by.id):
        raise UnknownImport(f"import {number}", number=number)
    return _view(row)


def mappings_in_use(by: Actor) -> list[MappingView]:
    """Return the remembered mappings, by name."""
    require(by, VERB)
    rows = ColumnMapping.objects.filter(retired_at__isnull=True).order_by("name")
    return [
        MappingView(row.name, from_json(row.mapping), row.created_by, row.created_at, row.used_at)
        for row in rows
    ]


def import_run_key(number: int, step: str) -> str:
    """Return the key of the run that checks or imports a file."""
    return f"{number}:{step}"


def _view(row: FileImport) -> ImportView:
    return ImportView(
        row.pk, row.name, row.sha256, row.size_bytes, row.options, row.uploaded_by, row.uploaded_at,
        row.checked, row.report, row.imported_by, row.imported_at, row.run,
    )  # fmt: skip
