"""What the workers do for metering: files of a desk are checked and imported."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from mingdu.base.actors import Actor, Grant
from mingdu.base.ledger_work import LedgerBucket, LedgerRun
from mingdu.base.roles import Role
from mingdu.errors import TradeError

from .imports.exchange.files_kept import forget_progress, kept_path, tell_progress
from .models import FileImport
from .operations import Form, Kept, Reading, how_of, import_exchange, import_file


def work_import(run: LedgerRun, bucket: LedgerBucket, now: datetime) -> dict[str, Any]:
    """Check or import one file: the run ledger's work."""
    number, is_check = bucket.bucket, run.parameters["step"] == "check"
    row = FileImport.objects.get(pk=number)
    by = _actor(run.parameters)
    report = _reported(row, is_check, lambda values: tell_progress(number, values), by, now)
    if is_check:
        row.checked, row.checked_at = report, now
    else:
        row.report, row.imported_at, row.imported_by = report, now, by.id
    row.save()
    forget_progress(number)
    return {"rows": report.get("rows", 0)}


def _reported(
    row: FileImport, is_check: bool, told: Callable[[int], None], by: Actor, now: datetime
) -> dict[str, Any]:
    """The report of the file, or the error for which it cannot be read at all."""
    reading = Reading(**row.options)
    path = kept_path(row.sha256)
    try:
        with transaction.atomic():
            if reading.format in list(Form):
                kept = Kept(reading.minutes, reading.decimals)
                form = Form(reading.format)
                return import_file(path, form=form, kept=kept, dry_run=is_check, by=by, at=now).as_json()
            how = how_of(reading)
            return import_exchange(path, how, dry_run=is_check, told=told, by=by, at=now).as_json()
    except TradeError as error:
        return {"error": error.as_json()}


def _actor(parameters: dict[str, Any]) -> Actor:
    """Who started the run, with what he might do then: his file reaches no unit that he does not."""
    grants = [
        Grant(Role(each["role"]), None if each["units"] is None else frozenset(each["units"]))
        for each in parameters["grants"]
    ]
    return Actor(parameters["by"], parameters["name"], tuple(grants))
