"""What waits for a person because it failed too often is tried again: events, and buckets of runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from mingdu.errors import TradeError

from . import audit, ledger, outbox
from .actors import Actor
from .models import OutboxEvent, RunBucket
from .permissions import require

MOST_ROWS = 500


class UnknownEvent(TradeError):
    """There is no such event."""

    next_step = "look at the list of events"


class UnknownBucket(TradeError):
    """There is no such bucket."""

    next_step = "look at the list of buckets that failed too often"


class NotGivenUp(TradeError):
    """It is done, or is still tried by itself."""

    next_step = "wait until it is done, or until its last try has failed"


@dataclass(frozen=True)
class StuckBucket:
    """A bucket that failed too often, with its latest error."""

    id: int
    run_id: int
    kind: str
    key: str
    bucket: int
    attempts: int
    error: str


@transaction.atomic
def retry_event(event_id: int, *, by: Actor, at: datetime) -> None:
    """
    Let an event that has used all its tries be delivered again, with all of them.

    raises  UnknownEvent, NotGivenUp, NotPermitted
    """
    require(by, "base.retry")
    row = OutboxEvent.objects.select_for_update().filter(pk=event_id).first()
    if row is None:
        raise UnknownEvent(f"no event {event_id}", event=event_id)
    if row.done_at is not None or row.attempts < outbox.MOST_ATTEMPTS:
        raise NotGivenUp(f"event {event_id} was tried {row.attempts} times", event=event_id)
    details = {"event": row.event, "consumer": row.consumer, "error": row.error}
    row.attempts, row.available_at = 0, at
    row.save(update_fields=["attempts", "available_at"])
    audit.record(by, "base.retry_event", f"event:{event_id}", at=at, details=details)


@transaction.atomic
def retry_bucket(bucket_id: int, *, by: Actor, at: datetime) -> None:
    """
    Let a bucket that has used all its tries be worked on again, with all of them.

    raises  UnknownBucket, NotGivenUp, NotPermitted
    """
    require(by, "base.retry")
    row = RunBucket.objects.select_for_update().filter(pk=bucket_id).first()
    if row is None:
        raise UnknownBucket(f"no bucket {bucket_id}", bucket=bucket_id)
    if row.done_at is not None or row.attempts < ledger.MOST_ATTEMPTS:
        raise NotGivenUp(f"bucket {bucket_id} was tried {row.attempts} times", bucket=bucket_id)
    details = {"bucket": row.bucket, "error": row.error}
    row.attempts, row.available_at = 0, at
    row.save(update_fields=["attempts", "available_at"])
    audit.record(by, "base.retry_bucket", f"run:{row.run_id}", at=at, details=details)


def stuck_buckets(by: Actor, *, most: int = 100) -> list[StuckBucket]:
    """Return the buckets that wait for a person, the oldest run first."""
    require(by, "base.retry")
    stuck = RunBucket.objects.filter(done_at__isnull=True, attempts__gte=ledger.MOST_ATTEMPTS)
    return [
        StuckBucket(row.pk, row.run_id, row.run.kind, row.run.key, row.bucket, row.attempts, row.error)
        for row in stuck.select_related("run").order_by("run_id", "bucket")[: min(most, MOST_ROWS)]
    ]


def count_stuck() -> tuple[int, int]:
    """Return how many events and how many buckets wait for a person, for the metrics."""
    events = OutboxEvent.objects.filter(done_at__isnull=True, attempts__gte=outbox.MOST_ATTEMPTS)
    buckets = RunBucket.objects.filter(done_at__isnull=True, attempts__gte=ledger.MOST_ATTEMPTS)
    return events.count(), buckets.count()
