"""The ledger's work of sealing and unsealing a month: one bucket of usage points in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from importlib.metadata import version
from typing import Any, Final

import numpy as np

from mingdu.base.database import transaction_connection
from mingdu.base.ledger_work import LedgerBucket, LedgerRun
from mingdu.core.clock import day_number, day_of
from mingdu.errors import TradeError
from mingdu.metering.models import Meter
from mingdu.metering.models import SealedPart as ManifestRow
from mingdu.metering.queries.points import codes_of_ids, points
from mingdu.metering.store.buckets import BUCKET_POINTS, lock_buckets
from mingdu.metering.store.columns import Connection
from mingdu.metering.store.layout import closed_days
from mingdu.metering.store.sealed_parts import Part, next_month

from . import curve_rows, register_rows
from .files import Seal, files_of, read_sealed, write_sealed
from .manifest import REPLACED, UNSEALED, current_row, end_row, file_of, next_number
from .rows import Chapters, Names, content_hash, count_rows, merged

SEAL_KIND, UNSEAL_KIND = "metering.seal_month", "metering.unseal_month"


class DaysStillOpen(TradeError):
    """A day of the month is not closed, so its rows may still change in place."""

    next_step = "close it first: mingdu close-days --from … --to …"


class SealNotProven(TradeError):
    """What was read back is not what stood in the table; nothing was taken out or brought back."""

    next_step = "look at the disk; the month stays as it was"


@dataclass(frozen=True)
class BulkTable:
    """How one part's rows leave the table and come back."""

    fetch: Callable[[Connection, int, date], Chapters]
    remove: Callable[[Connection, int, date], int]
    write: Callable[[Connection, Any], None]


TABLES: Final = {
    Part.CURVES: BulkTable(curve_rows.hot_curves, curve_rows.remove_curves, curve_rows.write_back),
    Part.REGISTERS: BulkTable(
        register_rows.hot_registers, register_rows.remove_registers, register_rows.write_back
    ),
}


def seal_bucket(run: LedgerRun, bucket: LedgerBucket, at: datetime) -> dict[str, Any]:
    """Seal the run's month of one bucket, in the ledger's transaction; returns figures of what was done."""
    conn, month = transaction_connection(), date.fromisoformat(run.parameters["month"])
    lock_buckets(conn, points(conn, bucket.bucket).ids)
    figures = {"rows": 0, "readings": 0, "bytes": 0, "files": 0}
    for part in Part:
        row = _seal(conn, new_seal(part, month, bucket.bucket), (run.parameters["by"], at))
        if row is not None:
            for name, count in (("rows", row.rows), ("readings", row.readings), ("bytes", row.size_bytes)):
                figures[name] += count
            figures["files"] += 1
    return figures


def unseal_bucket(run: LedgerRun, bucket: LedgerBucket, at: datetime) -> dict[str, Any]:
    """Bring the run's month of one bucket back into the tables, in the ledger's transaction."""
    conn, month = transaction_connection(), date.fromisoformat(run.parameters["month"])
    lock_buckets(conn, points(conn, bucket.bucket).ids)
    done = [_unseal(conn, part, month, bucket.bucket, at) for part in Part]
    return {"rows": sum(done), "files": sum(rows > 0 for rows in done)}


def new_seal(part: Part, month: date, bucket: int) -> Seal:
    """Return a seal by this program; its number is given when it is written."""
    return Seal(part, month, bucket, 0, f"mingdu {version('mingdu')}")


def refuse_open_days(conn: Connection, buckets: list[int], month: date) -> None:
    """Raise DaysStillOpen unless every day of the month is closed for all these buckets."""
    days = np.arange(day_number(month), day_number(next_month(month)))
    firsts = np.array(buckets, dtype=np.int64) * BUCKET_POINTS
    closed = closed_days(conn, np.repeat(firsts, len(days)), np.tile(days, len(firsts)))
    if not closed.all():
        day = day_of(int(np.tile(days, len(firsts))[~closed].min()))
        raise DaysStillOpen(f"{day} is not closed", day=day.isoformat(), month=f"{month:%Y-%m}")


def _seal(conn: Connection, seal: Seal, who: tuple[str, datetime]) -> ManifestRow | None:
    """Seal what the table holds together with what was sealed before; None when the table holds nothing."""
    table = TABLES[seal.part]
    hot = table.fetch(conn, seal.bucket, seal.month)
    if not hot:
        return None
    refuse_open_days(conn, [seal.bucket], seal.month)
    before = current_row(seal.part, seal.month, seal.bucket)
    chapters = merged(read_sealed(file_of(before)), hot) if before else hot
    row = put(conn, seal, chapters, before, who)
    removed = table.remove(conn, seal.bucket, seal.month)
    assert removed == count_rows(hot), "the bucket is locked, so nobody else writes its rows"
    return row


def put(
    conn: Connection, seal: Seal, chapters: Chapters, before: ManifestRow | None, who: tuple[str, datetime]
) -> ManifestRow:
    """
    Write the chapters into a file of the next number, prove it, and let it count in place of the one before.

    The bucket is locked.
    raises  SealNotProven, NoPlaceToSeal
    """
    _remove_strays(seal)
    number = next_number(seal.part, seal.month, seal.bucket)
    made = write_sealed(replace(seal, number=number), chapters, _names(conn, chapters))
    content = content_hash(chapters)
    if content_hash(read_sealed(made)) != content:
        raise SealNotProven(f"{made.path.name} holds other rows than the table", path=str(made.path))
    by, at = who
    if before:
        end_row(before, REPLACED, at)
    return ManifestRow.objects.create(
        part=seal.part, month=seal.month, bucket=seal.bucket, seal_number=number, rows=count_rows(chapters),
        readings=sum(rows.readings for rows in chapters.values()), size_bytes=made.size_bytes,
        sha256=made.sha256, content_sha256=content, program=seal.program, sealed_at=at, sealed_by=by,
    )  # fmt: skip


def _unseal(conn: Connection, part: Part, month: date, bucket: int, at: datetime) -> int:
    row, table = current_row(part, month, bucket), TABLES[part]
    if row is None:
        return 0
    sealed, hot = read_sealed(file_of(row)), table.fetch(conn, bucket, month)
    if content_hash(sealed) != row.content_sha256:
        raise SealNotProven(f"seal {row.seal_number} of bucket {bucket} holds other rows", bucket=bucket)
    for chapter in sealed.values():
        table.write(conn, chapter)
    now = content_hash(table.fetch(conn, bucket, month))
    assert now == content_hash(merged(sealed, hot)), "what is written back is what was read"
    end_row(row, UNSEALED, at)
    return count_rows(sealed)


def _names(conn: Connection, chapters: Chapters) -> Names:
    """Return the codes of the points and the numbers of the meters in some rows."""
    found = [rows.numbers for rows in chapters.values()]
    ids = np.unique(np.concatenate([numbers["usage_point_id"] for numbers in found]))
    meters = np.unique(np.concatenate([numbers.get("meter_id", ids[:0]) for numbers in found]))
    numbers_of = Meter.objects.filter(pk__in=meters.tolist()).values_list("pk", "meter_number")
    return Names(codes_of_ids(conn, ids), dict(numbers_of))


def _remove_strays(seal: Seal) -> None:
    """Remove what a cut run left behind: files of this bucket's month that no row of the manifest names."""
    rows = ManifestRow.objects.filter(part=seal.part, month=seal.month, bucket=seal.bucket)
    named = {file_of(row).path for row in rows}
    for path in files_of(seal.part, seal.month, seal.bucket):
        if path not in named:
            path.unlink()
