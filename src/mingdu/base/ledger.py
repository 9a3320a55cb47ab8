"""
The run ledger: mass work cut into buckets, each done exactly once.

The bucket's row stays locked for the whole transaction of its work, on one connection. A killed worker's
bucket returns by itself, because its lock and its writes vanish together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q

from mingdu.errors import TradeError

from .actors import Actor
from .attempts import attempt
from .models import Run, RunBucket

# A bucket that failed so often waits for a person (base.retries); the run shows it.
MOST_ATTEMPTS = 3
# Workers let a failed bucket rest so long, then twice as long.
FIRST_WAIT = timedelta(seconds=10)

Work = Callable[[Run, RunBucket, datetime], dict[str, Any]]

_work: dict[str, Work] = {}


class UnknownWork(TradeError):
    """A run names a kind of work that no subject registered."""

    next_step = "register it with base.ledger.register_work when the app starts"


@dataclass(frozen=True)
class Progress:
    """How far a run is, in buckets."""

    buckets: int
    done: int
    failed: int

    @property
    def is_done(self) -> bool:
        """Tell whether every bucket is done."""
        return self.done == self.buckets


def register_work(kind: str, work: Work) -> None:
    """Register what does one bucket of this kind; called when the apps start."""
    _work[kind] = work


@transaction.atomic
def start_run(
    kind: str,
    key: str,
    buckets: Iterable[int],
    *,
    by: Actor,
    at: datetime,
    parameters: dict[str, Any] | None = None,
) -> Run:
    """
    Write a run and its buckets at once; the same kind and key again returns the first run.

    raises  UnknownWork
    """
    if kind not in _work:
        raise UnknownWork(f"no work of kind {kind} is registered", kind=kind)
    run, is_new = Run.objects.get_or_create(
        kind=kind, key=key, defaults={"parameters": parameters or {}, "created_by": by.id, "created_at": at}
    )
    if is_new:
        RunBucket.objects.bulk_create(
            (RunBucket(run=run, bucket=bucket) for bucket in buckets), batch_size=5000
        )
    return run


def work_one(now: datetime, *, run_id: int | None = None) -> bool:
    """
    Claim one open bucket, do its work and mark it done; all in one transaction.

    run_id   only buckets of this run, at once; None takes any, but lets those rest that failed lately
    returns  False when no bucket is open
    raises   a failure that nobody foresaw (base.attempts), after it was kept like the others
    A failure rolls the bucket back whole and is kept on its row.
    """
    bucket: RunBucket | None = None

    def put_back(failure: Exception) -> bool:
        return bucket is not None and _put_back(bucket, failure, now)

    with attempt(put_back):
        bucket = _claim(run_id, now)
        if bucket is None:
            return False
        bucket.result = _work[bucket.run.kind](bucket.run, bucket, now)
        bucket.done_at = now
        bucket.save(update_fields=["result", "done_at"])
    return True


def finish_run(run_id: int, now: datetime) -> Progress:
    """Work on the run's buckets until none is open to this worker; returns how far it is."""
    while work_one(now, run_id=run_id):
        pass
    return progress(run_id)


def progress(run_id: int) -> Progress:
    """Return how far a run is."""
    counts = RunBucket.objects.filter(run_id=run_id).aggregate(
        buckets=Count("id"),
        done=Count("id", filter=Q(done_at__isnull=False)),
        failed=Count("id", filter=Q(done_at__isnull=True, attempts__gte=MOST_ATTEMPTS)),
    )
    return Progress(**counts)


def results(run_id: int) -> list[dict[str, Any]]:
    """Return what the done buckets reported, by bucket."""
    done = RunBucket.objects.filter(run_id=run_id, done_at__isnull=False).order_by("bucket")
    return list(done.values_list("result", flat=True))


def errors(run_id: int) -> list[str]:
    """Return the errors of buckets that are not done, by bucket."""
    failed = RunBucket.objects.filter(run_id=run_id, done_at__isnull=True).exclude(error="")
    return [
        f"{bucket}: {error}" for bucket, error in failed.order_by("bucket").values_list("bucket", "error")
    ]


def bucket_numbers(run_id: int) -> list[int]:
    """Return the buckets of a run, rising."""
    return list(RunBucket.objects.filter(run_id=run_id).order_by("bucket").values_list("bucket", flat=True))


def run_of(kind: str, key: str) -> int | None:
    """Return the number of the run with this kind and key, or None."""
    return Run.objects.filter(kind=kind, key=key).values_list("pk", flat=True).first()


def _claim(run_id: int | None, now: datetime) -> RunBucket | None:
    open_buckets = RunBucket.objects.filter(
        done_at__isnull=True, attempts__lt=MOST_ATTEMPTS, run__kind__in=_work
    )
    if run_id is None:
        open_buckets = open_buckets.filter(Q(available_at__isnull=True) | Q(available_at__lte=now))
    else:
        open_buckets = open_buckets.filter(run_id=run_id)
    return (
        open_buckets.select_related("run")
        .select_for_update(skip_locked=True, of=("self",))
        .order_by("run_id", "bucket")
        .first()
    )


def _put_back(bucket: RunBucket, failure: Exception, now: datetime) -> bool:
    # Since the roll-back another worker may have taken the bucket; what is done stays done.
    RunBucket.objects.filter(pk=bucket.pk, done_at__isnull=True).update(
        attempts=F("attempts") + 1,
        error=f"{type(failure).__name__}: {failure}",
        available_at=now + FIRST_WAIT * 2**bucket.attempts,
    )
    return True
