"""What metering does when a stored register was corrected: the closed days beside it are closed again."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from mingdu.base import ledger
from mingdu.base.actors import SYSTEM
from mingdu.base.database import reading_connection
from mingdu.core.clock import civil_day
from mingdu.core.registers import Register

from .closing.bucket import KIND
from .closing.steps import LONGEST_GAP_DAYS
from .queries import closed_until
from .store.buckets import BUCKET_POINTS
from .store.columns import fetch_row
from .zone import zone

_NEIGHBOURS = """
    SELECT max(read_at) FILTER (WHERE read_at < %s), min(read_at) FILTER (WHERE read_at > %s)
    FROM metering_registerreading
    WHERE usage_point_id = %s AND register = %s AND read_at BETWEEN %s AND %s
"""
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
    values = (read_at, read_at, point, int(Register.TOTAL), read_at - LONGEST_GAP, read_at + LONGEST_GAP)
    before, after = fetch_row(reading_connection(), _NEIGHBOURS, values)
    return civil_day(before or read_at, zone()), civil_day(after or read_at, zone())
