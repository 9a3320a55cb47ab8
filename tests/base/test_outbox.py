"""Every event reaches each of its consumers exactly once, whatever fails on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from acting import staff
from listening import heard, listening
from mingdu.base import audit
from mingdu.base.actors import SYSTEM
from mingdu.base.models import AuditEntry, OutboxEvent, RunBucket
from mingdu.base.outbox import (
    FIRST_WAIT,
    MOST_ATTEMPTS,
    ConsumerTwice,
    deliver_all,
    deliver_one,
    publish,
    publish_all,
    subscribe,
    waiting,
)
from mingdu.base.permissions import NotPermitted
from mingdu.base.queries import read_outbox
from mingdu.base.roles import Role
from mingdu.errors import TradeError
from threads import at_once

pytestmark = pytest.mark.database


@dataclass(frozen=True)
class LampLit:
    """An event with two consumers, which write what they get into the audit."""

    lamp: int


@dataclass(frozen=True)
class LampBroken:
    """An event whose handling fails in the way that it names."""

    failure: str


@dataclass(frozen=True)
class LampForgotten:
    """An event without consumer."""

    lamp: int


def write_down(consumer: str) -> Callable[[dict[str, Any], datetime], None]:
    def handle(payload: dict[str, Any], now: datetime) -> None:
        audit.record(SYSTEM, consumer, f"lamp:{payload['lamp']}", at=now)

    return handle


def fail(payload: dict[str, Any], now: datetime) -> None:
    audit.record(SYSTEM, "begun", "lamp:broken", at=now)
    match payload["failure"]:
        case "trade":
            raise TradeError("the lamp is broken")
        case "commit":
            # Only the commit finds out that there is no such run.
            RunBucket.objects.create(run_id=-1, bucket=1)
        case "unforeseen":
            raise ZeroDivisionError("the handler is wrong")


subscribe(LampLit, "keeper", write_down("keeper"))
subscribe(LampLit, "counter", write_down("counter"))
subscribe(LampBroken, "keeper", fail)


class Audited:
    """What the handlers of one test wrote down; the audit itself is never emptied."""

    def __init__(self) -> None:
        self._before = AuditEntry.objects.count()

    def acts(self) -> Counter[tuple[str, str]]:
        entries = AuditEntry.objects.order_by("pk").values_list("verb", "target")
        return Counter(entries[self._before :])


@pytest.fixture
def audited(module_database: str) -> Audited:
    """An empty outbox, and the audit from here on."""
    OutboxEvent.objects.all().delete()
    return Audited()


def the_event() -> OutboxEvent:
    return OutboxEvent.objects.get()


def test_each_consumer_gets_its_own_row(audited: Audited, now: datetime) -> None:
    publish(LampLit(1), at=now)
    publish(LampForgotten(1), at=now)
    assert sorted(OutboxEvent.objects.values_list("event", "consumer")) == [
        ("LampLit", "counter"), ("LampLit", "keeper"),
    ]  # fmt: skip
    assert waiting(now) == 2
    assert deliver_all(now) == 2
    assert audited.acts() == {("keeper", "lamp:1"): 1, ("counter", "lamp:1"): 1}
    assert waiting(now) == 0
    assert not deliver_one(now)


def test_an_event_goes_with_the_transaction_that_published_it(audited: Audited, now: datetime) -> None:
    with pytest.raises(TradeError), transaction.atomic():
        publish(LampLit(1), at=now)
        raise TradeError("the change failed")
    assert deliver_all(now) == 0


def test_delivers_no_more_than_asked(audited: Audited, now: datetime) -> None:
    publish_all([LampLit(lamp) for lamp in range(5)], at=now)
    assert deliver_all(now, most=3) == 3
    assert waiting(now) == 7


def test_refuses_a_second_handler_under_one_name() -> None:
    subscribe(LampBroken, "keeper", fail)
    with pytest.raises(ConsumerTwice):
        subscribe(LampBroken, "keeper", write_down("keeper"))


def test_an_earlier_event_that_commits_later_is_not_lost(audited: Audited, now: datetime) -> None:
    is_published, may_commit = Event(), Event()

    def publish_and_wait() -> None:
        try:
            with transaction.atomic():
                publish(LampLit(1), at=now)
                is_published.set()
                may_commit.wait(timeout=30)
        finally:
            connection.close()

    slow = Thread(target=publish_and_wait)
    slow.start()
    assert is_published.wait(timeout=30)
    publish(LampLit(2), at=now)
    assert deliver_all(now) == 2
    may_commit.set()
    slow.join()
    assert deliver_all(now) == 2
    assert set(audited.acts().values()) == {1}
    by_number = OutboxEvent.objects.order_by("pk").values_list("payload__lamp", flat=True)
    assert list(by_number) == [1, 1, 2, 2]


def test_workers_at_once_handle_each_event_once(audited: Audited, now: datetime) -> None:
    publish_all([LampLit(lamp) for lamp in range(40)], at=now)
    counts = at_once([lambda: deliver_all(now)] * 6)
    assert sum(count for count in counts if isinstance(count, int)) == 80
    assert set(audited.acts().values()) == {1}
    assert len(audited.acts()) == 80


@pytest.mark.parametrize(("failure", "error"), [("trade", "TradeError"), ("commit", "IntegrityError")])
def test_a_failing_handler_is_rolled_back_and_kept(
    failure: str, error: str, audited: Audited, now: datetime
) -> None:
    publish(LampBroken(failure), at=now)
    assert deliver_one(now)
    assert not audited.acts()
    kept = the_event()
    assert kept.error.startswith(error)
    assert (kept.attempts, kept.done_at, kept.available_at) == (1, None, now + FIRST_WAIT)
    assert not deliver_one(now)


def test_a_failure_that_nobody_foresaw_is_kept_and_shown(audited: Audited, now: datetime) -> None:
    publish(LampBroken("unforeseen"), at=now)
    publish(LampLit(1), at=now)
    with pytest.raises(ZeroDivisionError):
        deliver_all(now)
    assert OutboxEvent.objects.get(event="LampBroken").error == "ZeroDivisionError: the handler is wrong"
    assert deliver_all(now) == 2


def test_tries_again_with_growing_waits_and_then_waits_for_a_person(audited: Audited, now: datetime) -> None:
    publish(LampBroken("trade"), at=now)
    waits, moment = [], now
    while deliver_one(moment):
        waits.append(the_event().available_at - moment)
        moment = the_event().available_at
    assert waits == [FIRST_WAIT * 2**n for n in range(MOST_ATTEMPTS)]
    assert not deliver_one(moment + timedelta(days=365))
    assert waiting(moment + timedelta(days=365)) == 0
    assert the_event().done_at is None


def test_a_handler_that_recovers_is_done(audited: Audited, now: datetime) -> None:
    publish(LampBroken("trade"), at=now)
    deliver_one(now)
    OutboxEvent.objects.update(payload={"failure": "none"})
    assert deliver_one(now + FIRST_WAIT)
    assert the_event().done_at == now + FIRST_WAIT
    assert audited.acts() == {("begun", "lamp:broken"): 1}


def test_an_event_for_a_consumer_that_is_gone_waits(audited: Audited, now: datetime) -> None:
    OutboxEvent.objects.create(
        event="LampLit", consumer="dismissed", payload={"lamp": 1}, created_at=now, available_at=now
    )
    assert deliver_one(now)
    assert the_event().error == "UnknownConsumer: nobody handles LampLit as dismissed"


def test_a_claim_that_fails_is_shown(database: str, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE base_outboxevent RENAME TO base_moved")
    with pytest.raises(DatabaseError):
        deliver_one(now)


def test_administrators_read_what_became_of_events(audited: Audited, now: datetime) -> None:
    publish_all([LampLit(1), LampLit(2)], at=now)
    newest = read_outbox(staff(Role.ADMINISTRATOR), most=3)
    assert [row.payload["lamp"] for row in newest] == [2, 2, 1]
    with pytest.raises(NotPermitted):
        read_outbox(staff(Role.MANAGER))


def test_nothing_is_written_for_a_consumer_that_was_taken_away(audited: Audited, now: datetime) -> None:
    with listening(LampForgotten):
        publish(LampForgotten(1), at=now)
    publish(LampForgotten(2), at=now)
    assert heard(LampForgotten) == [{"lamp": 1}]
