"""Looking at findings, conflicts and closed days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from mingdu.base.actors import Actor
from mingdu.base.permissions import require, scope
from mingdu.core.findings import Severity
from mingdu.core.types import Ints
from mingdu.metering.models import DayClosing, Finding, ReadingConflict
from mingdu.metering.store.columns import Connection, fetch_row, ints

MOST_ROWS = 10_000
_HELD = """
    SELECT string_agg(DISTINCT int8send(f.usage_point_id), '')
    FROM metering_finding f LEFT JOIN metering_findingclosure c ON c.finding_id = f.id
    WHERE c.id IS NULL AND f.severity >= %s AND f.day >= %s AND f.day < %s AND f.usage_point_id = ANY(%s)
"""


@dataclass(frozen=True)
class OpenFinding:
    """A finding without an explanation; figures in the rule's own unit."""

    finding_id: int
    usage_point: str
    rule: str
    day: date
    first_interval: int
    latest_interval: int
    severity: int
    figure: int
    threshold: int


def findings_open(by: Actor, *, most: int = 500) -> list[OpenFinding]:
    """Return the findings that wait for an explanation, newest day first."""
    require(by, "metering.read")
    rows = _seen(by, Finding.objects.filter(closure__isnull=True).order_by("-day", "usage_point_id", "rule"))
    names = (
        "pk", "usage_point__code", "rule", "day", "first_interval", "latest_interval", "severity", "figure",
        "threshold",
    )  # fmt: skip
    return [OpenFinding(*row) for row in rows.values_list(*names)[: min(most, MOST_ROWS)]]


@dataclass(frozen=True)
class OpenConflict:
    """Two readings of one place and time."""

    usage_point: str
    item: str
    at: str
    kept_digits: int
    offered_digits: int


def conflicts_found(by: Actor, *, most: int = 500) -> list[OpenConflict]:
    """Return contradicting readings, newest first."""
    require(by, "metering.read")
    rows = _seen(by, ReadingConflict.objects.order_by("-id"))
    names = "usage_point__code", "item", "at", "kept_digits", "offered_digits"
    return [
        OpenConflict(code, item, at.isoformat(), kept, offered)
        for code, item, at, kept, offered in rows.values_list(*names)[: min(most, MOST_ROWS)]
    ]


def points_on_hold(conn: Connection, usage_point_ids: Ints, first_day: date, end_day: date) -> list[int]:
    """
    Return the points with an unexplained finding that holds the bill, on a day of the half-open span.

    For mass work, not filtered by actor.
    """
    row = fetch_row(conn, _HELD, (int(Severity.HOLD), first_day, end_day, usage_point_ids))
    return [int(point) for point in ints(row[0])]


def closed_until(bucket: int) -> date | None:
    """Return the latest closed day of a bucket, or None."""
    latest = DayClosing.objects.filter(bucket=bucket).order_by("-day").first()
    return latest.day if latest else None


def _seen(by: Actor, rows: QuerySet[Finding] | QuerySet[ReadingConflict]) -> QuerySet[Finding]:
    units = scope(by, "metering.read").unit_ids
    seen = rows if units is None else rows.filter(usage_point__unit_id__in=units)
    return seen  # type: ignore[return-value]
