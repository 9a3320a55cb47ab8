"""What of the reading needs somebody at once, counted by unit: for the board's alarms."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, DateTimeField, Exists, Max, Min, OuterRef, QuerySet, Subquery

from mingdu.core.findings import Severity
from mingdu.metering.models import Finding, Terminal, TerminalSession

# A terminal sends a heartbeat every few minutes and dials in again at once; after so long it is not coming.
LONGEST_SILENCE = timedelta(minutes=30)


def silent_terminals_by_unit(now: datetime) -> dict[int | None, tuple[int, datetime | None]]:
    """
    Return (how many terminals are offline for too long, since when the first) by unit.

    A terminal that never dialled in counts, but has no instant. For subjects above, which show each reader
    the units of his own scope.
    """
    rows = silent_terminals(now).order_by().values_list("unit_id")
    counted = rows.annotate(count=Count("pk"), earliest=Min("silent_since"))
    return {unit_id: (count, earliest) for unit_id, count, earliest in counted}


def holding_findings_by_unit() -> dict[int | None, tuple[int, datetime | None]]:
    """Return (how many open findings hold a bill, when the first was found) by unit; for subjects above."""
    held = Finding.objects.filter(closure__isnull=True, severity__gte=int(Severity.HOLD)).order_by()
    rows = held.values_list("usage_point__unit_id").annotate(count=Count("pk"), earliest=Min("found_at"))
    return {unit_id: (count, earliest) for unit_id, count, earliest in rows}


def silent_terminals(now: datetime) -> QuerySet[Any]:
    """Return the terminals that are offline for longer than they should be, with `silent_since`."""
    sessions = TerminalSession.objects.filter(terminal=OuterRef("pk"))
    ended = sessions.order_by().values("terminal").annotate(at=Max("ended_at")).values("at")
    return (
        Terminal.objects.exclude(Exists(sessions.filter(ended_at__isnull=True)))
        .exclude(Exists(sessions.filter(ended_at__gt=now - LONGEST_SILENCE)))
        .annotate(silent_since=Subquery(ended, output_field=DateTimeField()))
        .order_by("silent_since", "terminal_address")
    )
