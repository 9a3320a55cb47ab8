"""When the terminals answered: the collection of a day, hour by hour."""

from __future__ import annotations

from datetime import date, timedelta

from django.conf import settings
from django.db.models import Count
from django.db.models.functions import ExtractHour

from mingdu.base.actors import Actor
from mingdu.base.permissions import require, scope
from mingdu.metering.models import Poll
from mingdu.metering.zone import midnight

HOURS = 24
VERB = "metering.read_network"


def answers_by_hour(by: Actor, day: date) -> list[int]:
    """Return how many polls of the actor's terminals were answered in each hour of a day, 24 figures."""
    require(by, VERB)
    units = scope(by, VERB).unit_ids
    span = midnight(day), midnight(day + timedelta(days=1))
    answered = Poll.objects.filter(answered_at__gte=span[0], answered_at__lt=span[1]).order_by()
    if units is not None:
        answered = answered.filter(terminal__unit_id__in=units)
    hour = ExtractHour("answered_at", tzinfo=settings.ZONE)
    counted = dict(answered.annotate(hour=hour).values_list("hour").annotate(count=Count("pk")))
    return [counted.get(each, 0) for each in range(HOURS)]
