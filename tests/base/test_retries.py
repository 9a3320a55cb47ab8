"""What failed too often is tried again when a person says so, and only then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from acting import staff
from mingdu.base import ledger, outbox
from mingdu.base.actors import SYSTEM
from mingdu.base.models import AuditEntry, OutboxEvent, Run, RunBucket
from mingdu.base.permissions import NotPermitted
from mingdu.base.retries import (
    NotGivenUp,
    UnknownBucket,
    UnknownEvent,
    count_stuck,
    retry_bucket,
    retry_event,
    stuck_buckets,
)
from mingdu.base.roles import Role
from mingdu.errors import TradeError
from threads import at_once, only

pytestmark = pytest.mark.database
ADMINISTRATOR = staff(Role.ADMINISTRATOR)


@dataclass(frozen=True)
class DoorShut:
    """An event that is handled once the door is open."""

    door: int


is_open: list[bool] = []


def walk_through(payload: dict[str, Any], now: datetime) -> None:
    if not is_open:
        raise TradeError("the door is shut")


def carry(run: Run, bucket: RunBucket, now: datetime) -> dict[str, Any]:
    walk_through({}, now)
    return {}


outbox.subscribe(DoorShut, "a test of retries", walk_through)
ledger.register_work("carries", carry)


@pytest.fixture
def stuck_event(database: str, now: datetime) -> int:
    is_open.clear()
    outbox.publish(DoorShut(1), at=now)
    row = OutboxEvent.objects.get()
    while row.attempts < outbox.MOST_ATTEMPTS:
        assert outbox.deliver_one(row.available_at)
        row.refresh_from_db()
    return row.pk


@pytest.fixture
def stuck_bucket(database: str, now: datetime) -> int:
    is_open.clear()
    run = ledger.start_run("carries", "a load", range(2), by=SYSTEM, at=now)
    assert ledger.finish_run(run.pk, now).failed == 2
    return RunBucket.objects.get(run=run, bucket=1).pk


def test_an_event_is_delivered_after_all(stuck_event: int, now: datetime) -> None:
    assert count_stuck() == (1, 0)
    is_open.append(True)
    retry_event(stuck_event, by=ADMINISTRATOR, at=now)
    assert outbox.deliver_one(now)
    assert OutboxEvent.objects.get().done_at == now
    entry = AuditEntry.objects.get(verb="base.retry_event")
    assert (entry.target, entry.details["error"]) == (f"event:{stuck_event}", "TradeError: the door is shut")
    with pytest.raises(NotGivenUp):
        retry_event(stuck_event, by=ADMINISTRATOR, at=now)
    assert count_stuck() == (0, 0)


def test_a_bucket_is_done_after_all(stuck_bucket: int, now: datetime) -> None:
    assert count_stuck() == (0, 2)
    first, second = stuck_buckets(staff(Role.MANAGER))
    assert (first.bucket, second.id, second.kind, second.key) == (0, stuck_bucket, "carries", "a load")
    assert (second.attempts, second.error) == (ledger.MOST_ATTEMPTS, "TradeError: the door is shut")
    is_open.append(True)
    retry_bucket(stuck_bucket, by=staff(Role.MANAGER), at=now)
    assert ledger.work_one(now)
    assert not ledger.work_one(now)
    assert ledger.progress(second.run_id) == ledger.Progress(buckets=2, done=1, failed=1)
    assert AuditEntry.objects.get(verb="base.retry_bucket").details["bucket"] == 1
    with pytest.raises(NotGivenUp):
        retry_bucket(stuck_bucket, by=ADMINISTRATOR, at=now)


def test_of_retries_at_once_one_holds(stuck_event: int, stuck_bucket: int, now: datetime) -> None:
    for retry, number in ((retry_event, stuck_event), (retry_bucket, stuck_bucket)):
        outcomes = at_once([partial(retry, number, by=ADMINISTRATOR, at=now)] * 4)
        assert only(outcomes, NotGivenUp) == [None]


def test_what_is_still_tried_by_itself_is_left_alone(database: str, now: datetime) -> None:
    is_open.clear()
    outbox.publish(DoorShut(2), at=now)
    outbox.deliver_one(now)
    run = ledger.start_run("carries", "another load", range(1), by=SYSTEM, at=now)
    ledger.work_one(now)
    with pytest.raises(NotGivenUp):
        retry_event(OutboxEvent.objects.get().pk, by=ADMINISTRATOR, at=now)
    with pytest.raises(NotGivenUp):
        retry_bucket(RunBucket.objects.get(run=run).pk, by=ADMINISTRATOR, at=now)


def test_refuses_what_is_not_there_and_whoever_may_not(database: str, now: datetime) -> None:
    with pytest.raises(UnknownEvent):
        retry_event(0, by=ADMINISTRATOR, at=now)
    with pytest.raises(UnknownBucket):
        retry_bucket(0, by=ADMINISTRATOR, at=now)
    clerk = staff(Role.CLERK)
    for act in (
        partial(retry_event, 0, by=clerk, at=now),
        partial(retry_bucket, 0, by=clerk, at=now),
        partial(stuck_buckets, clerk),
    ):
        with pytest.raises(NotPermitted):
            act()
