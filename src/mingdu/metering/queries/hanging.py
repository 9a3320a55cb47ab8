"""Which meter, by its printed number, hangs at a usage point; for subjects that asked their own door."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from mingdu.metering.models import Installation


def meter_numbers(usage_point_ids: Iterable[int], at: datetime) -> dict[int, str]:
    """Return the number (表号) of the meter that hung at each usage point at an instant, where one did."""
    hanging = Installation.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=at),
        usage_point_id__in=list(usage_point_ids),
        valid_from__lte=at,
    )
    return dict(hanging.values_list("usage_point_id", "meter__meter_number"))
