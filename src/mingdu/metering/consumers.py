"""What metering does when a stored register was corrected: the closed days beside it are closed again."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from mingdu.base import ledger
from mingdu.base.actors import SYSTEM
from mingdu.base.database import reading_connection
from mingdu.core.clock import civil_day
from mingdu.core.instants import aware, instant64
from mingdu.core.registers import Register

from .closing.bucket import KIND
from .closing.steps import LONGEST_GAP_DAYS
from .queries import closed_until
from .store.buckets import BUCKET_POINTS
from .store.registers import fetch_between
from .zone import zone

# Further away than an estimate reaches, a corrected register changes no interval.
LONGEST_GAP = timedelta(days=LONGEST_GAP_DAYS)


def close_again(event: dict[str, Any], now: datetime) -> None:
    """Close the days between the register readings next to the corrected one again, if they were closed."""
    if event["register"] != Register.TOTAL:
        return
    point, read_at = event["usage_point_id"], datetime.fromisoformat(event["read_at"])
    bucket = point // BUCKET_POINTS
    closed = closed_until(bucket)
    first, end = _days_beside(point, read_at)
    last = min(end - timedelta(days=1), closed) if closed else None
    if last is None or last < first:
        return
    parameters = {"first": first.isoformat(), "last": last.isoformat(), "by": SYSTEM.id}
    key = f"corrected:{point}:{event['read_at']}:{now.isoformat()}"
    ledger.start_run(KIND, key, [bucket], by=SYSTEM, at=now, parameters=parameters)


def _days_beside(point: int, read_at: datetime) -> tuple[date, date]:
    near = read_at - LONGEST_GAP, read_at + LONGEST_GAP
    ids = np.array([point], dtype=np.int64)
    stored = fetch_between(reading_connection(), ids, (Register.TOTAL,), near).read_at
    corrected = instant64(read_at)
    before, after = stored[stored < corrected], stored[stored > corrected]
    first = aware(before.max()) if len(before) else read_at
    end = aware(after.min()) if len(after) else read_at
    return civil_day(first, zone()), civil_day(end, zone())
