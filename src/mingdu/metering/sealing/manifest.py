"""The manifest (清单): what was sealed, when, by whom, and what has become of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from django.db.models import F, Max

from mingdu.metering.models import SealedPart as ManifestRow
from mingdu.metering.store.sealed_files import SealedFileDamaged, SealedFileMissing, check_bytes
from mingdu.metering.store.sealed_parts import Part, SealedPart

REPLACED, UNSEALED = "replaced", "unsealed"


def current_row(part: Part, month: date, bucket: int) -> ManifestRow | None:
    """Return the row that counts for a bucket's month, if it is sealed."""
    return ManifestRow.objects.filter(part=part, month=month, bucket=bucket, ended_at__isnull=True).first()


def next_number(part: Part, month: date, bucket: int) -> int:
    """Return the number of the next seal of a bucket's month; numbers are never used again."""
    rows = ManifestRow.objects.filter(part=part, month=month, bucket=bucket)
    return int(rows.aggregate(latest=Max("seal_number"))["latest"] or 0) + 1


def file_of(row: ManifestRow) -> SealedPart:
    """Return the file that a row of the manifest names."""
    return SealedPart(Part(row.part), row.month, row.bucket, row.seal_number, row.sha256, row.size_bytes)


def end_row(row: ManifestRow, how: str, at: datetime) -> None:
    """Say that a file no longer counts."""
    row.ended_at, row.end = at, how
    row.save(update_fields=["ended_at", "end"])


def sealed_buckets(month: date) -> list[int]:
    """Return the buckets of which anything of a month is sealed, rising."""
    rows = ManifestRow.objects.filter(month=month, ended_at__isnull=True)
    return sorted(set(rows.values_list("bucket", flat=True)))


def check_rows(at: datetime, most: int) -> Iterator[tuple[SealedPart, str]]:
    """
    Compare files that count with their hashes, those first that were not checked for longest.

    yields  each file and what is wrong with it; empty: nothing
    """
    rows = ManifestRow.objects.filter(ended_at__isnull=True).order_by(
        F("checked_at").asc(nulls_first=True), "pk"
    )
    for row in rows[:most]:
        file = file_of(row)
        row.checked_at, row.damage = at, damage_of(file)
        row.save(update_fields=["checked_at", "damage"])
        yield file, row.damage


def damage_of(file: SealedPart) -> str:
    """Say what is wrong with a file; empty: nothing."""
    try:
        check_bytes(file.path, file.sha256)
    except (SealedFileMissing, SealedFileDamaged) as fault:
        return f"{fault.name}: {fault}"[:200]
    return ""


def remove_ended(until: datetime, at: datetime) -> int:
    """Remove the files that ended until an instant; returns how many."""
    removed = 0
    for row in ManifestRow.objects.filter(ended_at__lte=until, removed_at__isnull=True):
        file_of(row).path.unlink(missing_ok=True)
        row.removed_at = at
        row.save(update_fields=["removed_at"])
        removed += 1
    return removed
