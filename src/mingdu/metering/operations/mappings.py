"""Remembers how the columns of one sender's tables are read: saved, renamed, retired."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from mingdu.base import audit
from mingdu.base.actors import Actor
from mingdu.base.permissions import require
from mingdu.errors import TradeError
from mingdu.metering.models import ColumnMapping
from mingdu.wire.exchange.table.mapping import Mapping, from_json

MOST_CHARACTERS = 60


class UnknownMapping(TradeError):
    """No mapping of this name is in use."""

    next_step = "see the mappings on the page of imports, or save one"


class BadMappingName(TradeError):
    """A name that is empty, too long, or taken by another mapping."""

    next_step = "choose another name, or retire the mapping that has it"


def save_mapping(name: str, mapping: Mapping, *, by: Actor, at: datetime) -> int:
    """
    Remember a mapping under a name of its own.

    returns  number of the mapping
    raises   NotPermitted, BadMappingName
    """
    require(by, "metering.accept_readings")
    _check(name)
    try:
        with transaction.atomic():
            row = ColumnMapping.objects.create(
                name=name, mapping=mapping.as_json(), created_by=by.id, created_at=at
            )
            audit.record(by, "metering.save_mapping", _thing(row), at=at, details=_details(row))
    except IntegrityError as taken:
        raise BadMappingName(f"{name!r} is taken", name=name) from taken
    return int(row.pk)


def rename_mapping(name: str, new_name: str, *, by: Actor, at: datetime) -> None:
    """Give a mapping another name; raises NotPermitted, UnknownMapping, BadMappingName."""
    require(by, "metering.accept_readings")
    _check(new_name)
    try:
        with transaction.atomic():
            row = _in_use(name)
            row.name = new_name
            row.save(update_fields=["name"])
            audit.record(
                by, "metering.rename_mapping", _thing(row), at=at, details=_details(row, before=name)
            )
    except IntegrityError as taken:
        raise BadMappingName(f"{new_name!r} is taken", name=new_name) from taken


@transaction.atomic
def retire_mapping(name: str, *, by: Actor, at: datetime) -> None:
    """Take a mapping out of use; what was imported by it stays. Raises NotPermitted, UnknownMapping."""
    require(by, "metering.accept_readings")
    row = _in_use(name)
    row.retired_by, row.retired_at = by.id, at
    row.save(update_fields=["retired_by", "retired_at"])
    audit.record(by, "metering.retire_mapping", _thing(row), at=at, details=_details(row))


@transaction.atomic
def use_mapping(name: str, *, by: Actor, at: datetime) -> Mapping:
    """
    Return a mapping in use and remember that it was used.

    raises  NotPermitted, UnknownMapping; BadMapping: it was written by another version
    """
    require(by, "metering.accept_readings")
    row = _in_use(name)
    row.used_at = at
    row.save(update_fields=["used_at"])
    return from_json(row.mapping)


def _in_use(name: str) -> ColumnMapping:
    row = ColumnMapping.objects.select_for_update().filter(name=name, retired_at__isnull=True).first()
    if row is None:
        raise UnknownMapping(f"mapping {name!r}", name=name)
    return row


def _check(name: str) -> None:
    if not name.strip() or name != name.strip() or len(name) > MOST_CHARACTERS:
        raise BadMappingName(f"{name[:80]!r} is no name for a mapping", name=name[:80])


def _thing(row: ColumnMapping) -> str:
    return f"column_mapping:{row.pk}"


def _details(row: ColumnMapping, *, before: str = "") -> dict[str, str]:
    return {"name": row.name} | ({"before": before} if before else {})
