"""What is past its time (数据保存期限) goes out of sealed files, by a new seal of what stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from mingdu.core.types import Ints
from mingdu.metering.models import SealedPart as ManifestRow
from mingdu.metering.store.buckets import BUCKET_POINTS, bucket_ids, lock_buckets
from mingdu.metering.store.columns import Connection
from mingdu.metering.store.expired import Held, remove_late_curves
from mingdu.metering.store.sealed_files import open_sealed
from mingdu.metering.store.sealed_parts import Part
from mingdu.rulebook.retention import Retention

from .bucket import new_seal, put
from .files import read_sealed
from .manifest import end_row, file_of
from .register_rows import remove_registers

EXPIRED = "expired"


@dataclass(frozen=True)
class SealedPast:
    """
    A file in which something is past its time.

    channels  of curves, those that are
    rows      how many of the file's rows
    """

    row: ManifestRow
    channels: frozenset[int]
    rows: int

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing of the file stays."""
        return self.rows == self.row.rows


def sealed_past(retention: Retention, today: date, held: Held) -> Iterator[SealedPast]:
    """Yield the files that hold something past its time, the oldest first; none where a point is held."""
    oldest = retention.oldest_kept(today, retention.register_months)
    channels = {
        int(channel): retention.oldest_kept(today, months)
        for channel, months in retention.channel_months.items()
    }
    held_buckets = set((held.ids // BUCKET_POINTS).tolist())
    rows = ManifestRow.objects.filter(ended_at__isnull=True, month__lt=max(oldest, *channels.values()))
    for row in rows.order_by("month", "bucket", "part"):
        past = _past(row, oldest, channels) if row.bucket not in held_buckets else None
        if past is not None and past.rows:
            yield past


def expire(conn: Connection, past: SealedPast, by: str, at: datetime) -> int:
    """Let what is past its time in a file go, with its late versions; returns how many rows of the file."""
    row = past.row
    lock_buckets(conn, np.array(bucket_ids(row.bucket)))
    if row.part == Part.REGISTERS:
        remove_registers(conn, row.bucket, row.month)
    else:
        remove_late_curves(conn, row.month, row.bucket, sorted(past.channels))
    if past.is_whole:
        end_row(row, EXPIRED, at)
    else:
        kept = {
            number: rows for number, rows in read_sealed(file_of(row)).items() if number not in past.channels
        }
        put(conn, new_seal(Part(row.part), row.month, row.bucket), kept, row, (by, at))
    return past.rows


def _past(row: ManifestRow, oldest: date, channels: dict[int, date]) -> SealedPast:
    if row.part == Part.REGISTERS:
        return SealedPast(row, frozenset(), row.rows if row.month < oldest else 0)
    opened = open_sealed(file_of(row))
    channel: Ints = opened.bounds["channel_id"][0]
    past = [number for number in np.unique(channel).tolist() if row.month < channels[number]]
    return SealedPast(row, frozenset(past), int(opened.rows[np.isin(channel, past)].sum()))
