"""The ledger's work of closing days (日清): one bucket of usage points in one transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.conf import settings

from mingdu.base.database import transaction_connection
from mingdu.base.ledger_work import LedgerBucket, LedgerRun
from mingdu.core.clock import day_number
from mingdu.core.day_close import ClosedDays
from mingdu.core.day_close import close_days as close_block
from mingdu.core.estimation import Anchor
from mingdu.metering.intake.door import evidence_number
from mingdu.metering.queries import Points, points
from mingdu.metering.readings import Source
from mingdu.metering.store.buckets import lock_buckets
from mingdu.metering.store.columns import Connection
from mingdu.metering.store.curves import Origin
from mingdu.metering.store.layout import closed_days
from mingdu.metering.store.profiles import Profile, Profiles
from mingdu.metering.zone import intervals_of
from mingdu.rulebook.calendars import holiday_calendar
from mingdu.rulebook.validation import validation_rules_on

from .block import BucketDays, Ground, fetch_bucket, profiles_of
from .estimates import write_estimates
from .others import other_findings
from .spans import GapSpan, cells_of, gap_spans
from .steps import Step, steps_of
from .write import day_findings, mark_closed, settle_findings, write_closed, write_findings

KIND = "metering.close_days"
CONTRADICTED = int(Anchor.CONTRADICTED)


def close_bucket(run: LedgerRun, bucket: LedgerBucket, at: datetime) -> dict[str, Any]:
    """Close the run's days of one bucket, in the ledger's transaction; returns figures of what was done."""
    conn = transaction_connection()
    found = points(conn, bucket.bucket)
    lock_buckets(conn, found.ids)
    first, last = (date.fromisoformat(run.parameters[name]) for name in ("first", "last"))
    evidence = evidence_number("close", f"run:{run.pk}", "", run.parameters["by"], at)
    origin = Origin(Source.DAY_CLOSE, evidence, at)
    figures = {"points": len(found.ids), "changed_curves": 0, "findings": 0, "settled": 0, "contradicted": 0}
    for step in steps_of(first, last, intervals_of):
        profiles = profiles_of(conn, found.ids, step)
        for profile in profiles.distinct:
            for name, count in _close_step(conn, found, step, origin, (profiles, profile)).items():
                figures[name] += count
        days = [step.first + timedelta(days=n) for n in range(step.days)]
        mark_closed(days, bucket.bucket, run.parameters["by"], at)
    return figures


def _close_step(
    conn: Connection, found: Points, step: Step, origin: Origin, part: tuple[Profiles, Profile]
) -> dict[str, int]:
    ground = _ground(step)
    fetched = fetch_bucket(conn, found, step, ground, part)
    if fetched is None:
        return {}
    closed = close_block(fetched.block, fetched.thresholds)
    units = dict(zip(found.ids.tolist(), found.unit_ids.tolist(), strict=True))
    made = day_findings(fetched, other_findings(conn, fetched, closed.findings))
    opened = write_findings(conn, made, units, fetched.profile.minutes, origin.recorded_at)
    spans = gap_spans(conn, fetched, closed.fills)
    others = replace(fetched, active=fetched.active & ~cells_of(spans, fetched))
    written = [_write(conn, others, closed, origin)]
    written += [_close_span(conn, found, span, step, origin, fetched) for span in spans]
    return {
        "changed_curves": sum(changed for changed, _ in written),
        "findings": len(opened),
        "settled": settle_findings(fetched, made, origin.recorded_at),
        "contradicted": sum(contradicted for _, contradicted in written),
    }


def _close_span(
    conn: Connection, found: Points, span: GapSpan, step: Step, origin: Origin, whole: BucketDays
) -> tuple[int, int]:
    """
    Close the gaps of a span over the span's own days; write those of the step and those already closed.

    The days that were closed before follow, because a gap has one energy, whichever day is closed last. Days
    that are still open wait for their own close, and so do the findings of all but the step's days.
    """
    # The classes are those of the whole bucket: a gap's shape must not depend on who else has one.
    ground = replace(_ground(span.days), profiles=whole.profiles)
    part = profiles_of(conn, span.ids, span.days), whole.profile
    fetched = fetch_bucket(conn, found.take(np.isin(found.ids, span.ids)), span.days, ground, part)
    assert fetched is not None, "a gap is of a point that has a meter"
    days = fetched.block.days.numbers
    is_due = closed_days(conn, np.full(len(days), found.ids[0]), days)
    is_due |= (days >= day_number(step.first)) & (days <= day_number(step.last))
    closed = close_block(fetched.block, fetched.thresholds)
    return _write(conn, replace(fetched, active=fetched.active & is_due), closed, origin)


def _write(conn: Connection, fetched: BucketDays, closed: ClosedDays, origin: Origin) -> tuple[int, int]:
    """Write the active days; returns how many curves changed and how many fills the registers contradict."""
    fills = closed.fills
    write_estimates(conn, fetched, fills)
    is_contradicted = (fills.anchor == CONTRADICTED) & fetched.active[fills.row, fills.day]
    return write_closed(conn, fetched, closed, origin), int(is_contradicted.sum())


def _ground(step: Step) -> Ground:
    return Ground(validation_rules_on(step.first, settings.RULES_FOLDER), holiday_calendar().working)
