"""Writes what a day close found: changed curves, findings, and that the days are closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from mingdu.base import outbox
from mingdu.core.clock import day_number, day_of
from mingdu.core.day_close import ClosedDays
from mingdu.core.findings import Findings, Rule
from mingdu.core.registers import Channel
from mingdu.core.types import Flags, Ints
from mingdu.metering.events import FindingOpened
from mingdu.metering.intake.curves import write_versions
from mingdu.metering.models import DayClosing, Finding, FindingClosure
from mingdu.metering.readings import CurveColumns
from mingdu.metering.store.columns import Connection, fetch_rows
from mingdu.metering.store.curves import Origin

from .block import BucketDays

# Why a finding is closed that a later close of the same day no longer makes.
NO_LONGER_FOUND = "no_longer_found"
# A finding of another origin is not for the day close to settle.
JUDGED = [rule.name for rule in Rule]
_UPSERT = """
    INSERT INTO metering_finding AS f
        (usage_point_id, day, rule, first_interval, latest_interval, severity, figure, threshold, found_at,
         interval_minutes)
    SELECT k.point, date '1970-01-01' + k.day::int, k.rule, k.first, k.latest, k.severity, k.figure,
           k.threshold, %s, %s
    FROM unnest(%s, %s, %s::text[], %s, %s, %s, %s, %s)
        AS k(point, day, rule, first, latest, severity, figure, threshold)
    ON CONFLICT (usage_point_id, day, rule) DO UPDATE
        SET first_interval = excluded.first_interval, latest_interval = excluded.latest_interval,
            severity = excluded.severity, figure = excluded.figure, threshold = excluded.threshold
        WHERE (f.first_interval, f.latest_interval, f.severity, f.figure, f.threshold)
            IS DISTINCT FROM (excluded.first_interval, excluded.latest_interval, excluded.severity,
                              excluded.figure, excluded.threshold)
    RETURNING id, usage_point_id, rule, day, severity, xmax = 0
"""


@dataclass(frozen=True)
class DayFindings:
    """
    Findings of the rules, one entry a point, day and rule; int64 (entry,) each.

    figure and threshold are those of the gravest of the day.
    """

    point: Ints
    day: Ints
    rule: Ints
    first: Ints
    latest: Ints
    severity: Ints
    figure: Ints
    threshold: Ints

    def __len__(self) -> int:
        return len(self.point)


def write_closed(conn: Connection, fetched: BucketDays, closed: ClosedDays, origin: Origin) -> int:
    """Write the curves that closing changed and return how many; what is as stored is not touched."""
    block = fetched.block
    differs = (closed.values != block.values) | (closed.quality != block.quality)
    row, day = np.nonzero(np.any(differs, axis=2) & fetched.active)
    curves = CurveColumns(
        usage_point_id=fetched.ids[row],
        day=block.days.numbers[day],
        channel=np.full(len(row), Channel.IMPORT, dtype=np.int64),
        values=closed.values[row, day],
        quality=closed.quality[row, day],
        decimals=np.full(len(row), fetched.profile.decimals, dtype=np.int64),
    )
    write_versions(conn, curves, fetched.version[row, day], origin)
    return len(curves)


def day_findings(fetched: BucketDays, findings: Findings) -> DayFindings:
    """Gather the findings of active days by point, day and rule."""
    first_day = fetched.block.days.first_day
    chosen: Flags = fetched.active[findings.row, findings.day - first_day]
    row, day = findings.row[chosen], findings.day[chosen]
    rule, measured = findings.rule[chosen].astype(np.int64), findings.measured[chosen]
    order = np.lexsort((-np.abs(measured), rule, day, row))
    keys = np.stack([row, day, rule], axis=1)[order]
    begins = np.flatnonzero(np.any(np.diff(keys, axis=0, prepend=-1) != 0, axis=1))
    gravest = order[begins]
    first, latest = findings.first[chosen][order], findings.last[chosen][order]
    severity = findings.severity[chosen].astype(np.int64)
    return DayFindings(
        point=fetched.ids[row[gravest]],
        day=day[gravest],
        rule=rule[gravest],
        first=np.minimum.reduceat(first, begins) if len(begins) else first,
        latest=np.maximum.reduceat(latest, begins) if len(begins) else latest,
        severity=severity[gravest],
        figure=measured[gravest],
        threshold=findings.threshold[chosen][gravest],
    )


def write_findings(
    conn: Connection, found: DayFindings, units: dict[int, int], minutes: int, at: datetime
) -> list[FindingOpened]:
    """
    Keep the findings, tell those that are new; a finding is one for its point, day and rule.

    minutes   length of their intervals
    """
    names = [Rule(code).name for code in found.rule.tolist()]
    columns = (
        found.point, found.day, names, found.first, found.latest, found.severity, found.figure,
        found.threshold,
    )  # fmt: skip
    written = fetch_rows(conn, _UPSERT, (at, minutes, *columns)) if len(found) else []
    opened = [
        FindingOpened(number, point, units[point], rule, day.isoformat(), severity)
        for number, point, rule, day, severity, is_new in written
        if is_new
    ]
    outbox.publish_all(list(opened), at=at)
    return opened


def settle_findings(fetched: BucketDays, found: DayFindings, at: datetime) -> int:
    """Close the open findings of these days that are no longer made; returns how many."""
    days = [day_of(int(day)) for day in fetched.block.days.numbers]
    names = [Rule(code).name for code in found.rule.tolist()]
    made = set(zip(found.point.tolist(), map(day_of, found.day.tolist()), names, strict=True))
    still_open = Finding.objects.filter(
        closure__isnull=True, rule__in=JUDGED, day__gte=days[0], day__lte=days[-1],
        usage_point_id__gte=int(fetched.ids[0]), usage_point_id__lte=int(fetched.ids[-1]),
    ).values_list("pk", "usage_point_id", "day", "rule")  # fmt: skip
    gone = [
        pk
        for pk, point, day, rule in still_open
        if (point, day, rule) not in made and _is_own(fetched, point, day_number(day))
    ]
    FindingClosure.objects.bulk_create(
        FindingClosure(finding_id=pk, reason=NO_LONGER_FOUND, by="system", at=at) for pk in gone
    )
    return len(gone)


def _is_own(fetched: BucketDays, point: int, day: int) -> bool:
    """Tell whether a day is of this block: a finding of another profile's day is for that one to settle."""
    row = int(np.searchsorted(fetched.ids, point))
    is_here = row < len(fetched.ids) and int(fetched.ids[row]) == point
    return is_here and bool(fetched.own[row, day - fetched.block.days.first_day])


def mark_closed(days: Sequence[date], bucket: int, by: str, at: datetime) -> None:
    """Say that these days of a bucket are closed; the first closing stands."""
    DayClosing.objects.bulk_create(
        [DayClosing(day=day, bucket=bucket, closed_at=at, closed_by=by) for day in days],
        ignore_conflicts=True,
    )
