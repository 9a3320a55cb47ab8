"""Open tasks whose limit was missed, counted by unit: for the board's alarms."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Min

from .models import Task


def overdue_by_unit(now: datetime) -> dict[int | None, tuple[int, datetime]]:
    """
    Return (how many, the earliest missed limit) by unit; None: tasks of no unit.

    For subjects above, which show each reader the units of his own scope.
    """
    late = Task.objects.filter(completion__isnull=True, due_at__lt=now).order_by()
    rows = late.values_list("unit_id").annotate(count=Count("pk"), earliest=Min("due_at"))
    return {unit_id: (count, earliest) for unit_id, count, earliest in rows}
