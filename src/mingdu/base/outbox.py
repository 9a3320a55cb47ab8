"""
Events between subjects: one row per (event, consumer), written in the transaction of the change.

A consumer never reads "id > last seen": transactions commit out of order and events would be lost.
Each row is claimed with SKIP LOCKED, handled and marked done in one transaction, so a handler's own
writes happen exactly once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol

from django.db.models import F

from mingdu.errors import TradeError

from .attempts import attempt
from .models import OutboxEvent

Handler = Callable[[dict[str, Any], datetime], None]

# After so many failures the event waits for a person (base.retries); it is never dropped.
MOST_ATTEMPTS = 8
FIRST_WAIT = timedelta(seconds=5)


class Event(Protocol):
    """A frozen dataclass with plain values; its class name is the event's name."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


class ConsumerTwice(TradeError):
    """Two consumers registered under one name for one event."""

    next_step = "give each consumer its own name"


class UnknownConsumer(TradeError):
    """An event waits for a consumer that this program no longer has."""

    next_step = "run the program that has the consumer, or register it again under its old name"


@dataclass(frozen=True)
class Subscription:
    """A consumer of one event."""

    event: str
    consumer: str
    handler: Handler


_subscriptions: dict[tuple[str, str], Subscription] = {}


def subscribe(event: type, consumer: str, handler: Handler) -> None:
    """
    Register a consumer; called when the apps start.

    raises  ConsumerTwice: the name is taken by another handler
    """
    key = (event.__name__, consumer)
    known = _subscriptions.get(key)
    if known is not None and known.handler is not handler:
        raise ConsumerTwice(f"{consumer} is registered twice for {event.__name__}", consumer=consumer)
    _subscriptions[key] = Subscription(event.__name__, consumer, handler)


def unsubscribe(event: type, consumer: str) -> None:
    """Take a consumer away: from now on no event is written for it."""
    _subscriptions.pop((event.__name__, consumer), None)


def publish(event: Event, *, at: datetime) -> None:
    """Write the event once for each of its consumers, in the caller's transaction."""
    publish_all([event], at=at)


def publish_all(events: list[Any], *, at: datetime) -> None:
    """Write many events, once for each of their consumers, in one statement."""
    rows = [
        OutboxEvent(
            event=name, consumer=subscription.consumer, payload=asdict(event), created_at=at, available_at=at
        )
        for event in events
        for name in (type(event).__name__,)
        for subscription in _consumers(name)
    ]
    OutboxEvent.objects.bulk_create(rows, batch_size=1000)


def deliver_one(now: datetime) -> bool:
    """
    Claim one waiting event, hand it to its consumer, mark it done; all in one transaction.

    returns  False when nothing waits
    raises   a failure that nobody foresaw (base.attempts), after it was kept like the others
    A handler's failure is rolled back, kept on the row and tried again later with growing waits.
    """
    row: OutboxEvent | None = None

    def put_back(failure: Exception) -> bool:
        return row is not None and _put_back(row, failure, now)

    with attempt(put_back):
        row = _claim(now)
        if row is None:
            return False
        _handler_of(row)(row.payload, now)
        row.done_at = now
        row.save(update_fields=["done_at"])
    return True


def deliver_all(now: datetime, *, most: int = 10_000) -> int:
    """Deliver until nothing waits, at most `most` events; returns how many were handled."""
    handled = 0
    while handled < most and deliver_one(now):
        handled += 1
    return handled


def waiting(now: datetime) -> int:
    """Return how many events can be delivered now; those that failed too often wait for a person instead."""
    return OutboxEvent.objects.filter(
        done_at__isnull=True, available_at__lte=now, attempts__lt=MOST_ATTEMPTS
    ).count()


def _consumers(name: str) -> list[Subscription]:
    return [subscription for (event, _), subscription in sorted(_subscriptions.items()) if event == name]


def _claim(now: datetime) -> OutboxEvent | None:
    return (
        OutboxEvent.objects.filter(done_at__isnull=True, available_at__lte=now, attempts__lt=MOST_ATTEMPTS)
        .select_for_update(skip_locked=True)
        .order_by("available_at", "id")
        .first()
    )


def _handler_of(row: OutboxEvent) -> Handler:
    subscription = _subscriptions.get((row.event, row.consumer))
    if subscription is None:
        raise UnknownConsumer(f"nobody handles {row.event} as {row.consumer}", consumer=row.consumer)
    return subscription.handler


def _put_back(row: OutboxEvent, failure: Exception, now: datetime) -> bool:
    # Since the roll-back another worker may have taken the event; what is done stays done.
    wait = FIRST_WAIT * 2**row.attempts
    OutboxEvent.objects.filter(pk=row.pk, done_at__isnull=True).update(
        attempts=F("attempts") + 1, error=f"{type(failure).__name__}: {failure}", available_at=now + wait
    )
    return True
