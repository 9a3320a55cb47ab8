"""Looking at events that failed too often and wait for a person."""

from __future__ import annotations

from django.db.models import QuerySet

from .actors import Actor
from .models import OutboxEvent
from .outbox import MOST_ATTEMPTS
from .permissions import require


def stuck_events(by: Actor) -> QuerySet[OutboxEvent]:
    """Return the events that are no longer tried by themselves, the oldest first, lazily."""
    require(by, "base.read_outbox")
    return OutboxEvent.objects.filter(done_at__isnull=True, attempts__gte=MOST_ATTEMPTS).order_by("id")
