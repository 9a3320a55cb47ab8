"""The ledger's work of closing days (日清): one bucket of usage points in one transaction."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Protocol

from mingdu.base.database import transaction_connection
from mingdu.core.day_close import close_days as close_block
from mingdu.core.estimation import Anchor
from mingdu.metering.intake.door import evidence_number
from mingdu.metering.queries import Points, points
from mingdu.metering.readings import Source
from mingdu.metering.store.buckets import lock_buckets
from mingdu.metering.store.columns import Connection
from mingdu.metering.store.curves import Origin
from mingdu.metering.zone import intervals_of
from mingdu.rulebook.calendars import holiday_calendar
from mingdu.rulebook.validation import validation_rules_on

from .block import Ground, fetch_bucket
from .steps import Step, steps_of
from .write import day_findings, mark_closed, settle_findings, write_closed, write_findings

KIND = "metering.close_days"
CONTRADICTED = int(Anchor.CONTRADICTED)


class LedgerRun(Protocol):
    """What this work reads of a run."""

    pk: int
    parameters: dict[str, Any]


class LedgerBucket(Protocol):
    """What this work reads of a bucket."""

    bucket: int


def close_bucket(run: LedgerRun, bucket: LedgerBucket, at: datetime) -> dict[str, Any]:
    """Close the run's days of one bucket, in the ledger's transaction; returns figures of what was done."""
    conn = transaction_connection()
    found = points(conn, bucket.bucket)
    lock_buckets(conn, found.ids)
    first, last = (date.fromisoformat(run.parameters[name]) for name in ("first", "last"))
    evidence = evidence_number("close", f"run:{run.pk}", "", run.parameters["by"], at)
    origin = Origin(Source.DAY_CLOSE, evidence, at)
    calendar = holiday_calendar().working
    figures = {"points": len(found.ids), "changed_curves": 0, "findings": 0, "settled": 0, "contradicted": 0}
    for step in steps_of(first, last, intervals_of):
        ground = Ground(validation_rules_on(step.first).thresholds, calendar)
        for name, count in _close_step(conn, found, step, ground, origin).items():
            figures[name] += count
        days = [step.first + timedelta(days=n) for n in range(step.days)]
        mark_closed(days, bucket.bucket, run.parameters["by"], at)
    return figures


def _close_step(
    conn: Connection, found: Points, step: Step, ground: Ground, origin: Origin
) -> dict[str, int]:
    fetched = fetch_bucket(conn, found, step, ground)
    if fetched is None:
        return {}
    closed = close_block(fetched.block, ground.thresholds)
    units = dict(zip(found.ids.tolist(), found.unit_ids.tolist(), strict=True))
    made = day_findings(fetched, closed.findings)
    opened = write_findings(conn, made, units, origin.recorded_at)
    return {
        "changed_curves": write_closed(conn, fetched, closed, origin),
        "findings": len(opened),
        "settled": settle_findings(fetched, made, origin.recorded_at),
        "contradicted": int((closed.fills.anchor == CONTRADICTED).sum()),
    }
