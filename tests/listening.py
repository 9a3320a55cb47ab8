"""Listens to the events of a subject for the span of a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from mingdu.base.outbox import subscribe, unsubscribe

LISTENER = "a listening test"


@contextmanager
def listening(*events: type) -> Iterator[None]:
    """Have each of these events written for a consumer of the test; see `heard`."""
    for event in events:
        subscribe(event, LISTENER, _take)
    try:
        yield
    finally:
        for event in events:
            unsubscribe(event, LISTENER)


def heard(event: type) -> list[dict[str, Any]]:
    """Return the payloads of this event that were written for the test, the oldest first."""
    from mingdu.base.models import OutboxEvent

    rows = OutboxEvent.objects.filter(event=event.__name__, consumer=LISTENER).order_by("pk")
    return list(rows.values_list("payload", flat=True))


def _take(payload: dict[str, Any], now: datetime) -> None:
    """Handle an event by nothing: the rows themselves are looked at."""
