"""The worker goes on whatever fails: one bad event, bucket, frame or duty stops none of the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection

from mingdu.base import ledger, outbox
from mingdu.base.actors import SYSTEM
from mingdu.base.models import OutboxEvent, Run, RunBucket
from mingdu.main.beats import counts_of
from mingdu.main.clock import Clock
from mingdu.main.environment import current_environment
from mingdu.main.worker import FAILURES_A_STEP, Duty, Worker
from mingdu.metering.models import InboxFrame, Meter, Terminal
from small_town import register_town

pytestmark = pytest.mark.database
POINTS = 6


@dataclass(frozen=True)
class BellRung:
    """An event of this test; `fails` says whether its handling does."""

    fails: bool


handled: list[bool] = []
can_ring = False


def ring(payload: dict[str, Any], now: datetime) -> None:
    if payload["fails"] and not can_ring:
        raise ZeroDivisionError("the bell is cracked")
    handled.append(payload["fails"])


def work(run: Run, bucket: RunBucket, now: datetime) -> dict[str, Any]:
    if bucket.bucket == 0:
        raise LookupError("the bucket has a hole")
    return {}


outbox.subscribe(BellRung, "a worker's test", ring)
ledger.register_work("leaks", work)


@dataclass(frozen=True)
class StandingClock(Clock):
    """A clock that goes only when it is told to."""

    hands: list[datetime] = field(default_factory=list)

    def now(self) -> datetime:
        return self.hands[-1]

    def go(self, span: timedelta) -> None:
        self.hands.append(self.now() + span)


@dataclass
class Bench:
    """A worker with a clock of its own."""

    worker: Worker
    clock: StandingClock

    def steps(self, most: int = 20) -> None:
        """Step until nothing is done any more."""
        for _ in range(most):
            if not self.worker.step():
                return


@pytest.fixture
def bench(database: str, tmp_path: Path, now: datetime) -> Iterator[Bench]:
    clock = StandingClock(hands=[now])
    handled.clear()
    yield Bench(Worker(replace(current_environment(), data_folder=tmp_path), clock), clock)


def test_an_event_that_fails_does_not_stop_the_others(bench: Bench, now: datetime) -> None:
    outbox.publish_all([BellRung(True), BellRung(False), BellRung(True), BellRung(False)], at=now)
    assert bench.worker.step()
    assert handled == [False, False]
    assert bench.worker.failures == {"event": 2}
    kept = OutboxEvent.objects.filter(done_at__isnull=True)
    assert {(row.attempts, row.available_at, row.error) for row in kept} == {
        (1, now + outbox.FIRST_WAIT, "ZeroDivisionError: the bell is cracked")
    }
    assert not bench.worker.step()


def test_an_event_is_tried_with_growing_waits_until_a_person_has_to_look(bench: Bench, now: datetime) -> None:
    outbox.publish(BellRung(True), at=now)
    for attempt in range(outbox.MOST_ATTEMPTS):
        bench.worker.step()
        row = OutboxEvent.objects.get()
        assert (row.attempts, row.available_at - bench.clock.now()) == (
            attempt + 1,
            outbox.FIRST_WAIT * 2**attempt,
        )
        bench.clock.go(outbox.FIRST_WAIT * 2**attempt)
    bench.clock.go(timedelta(days=30))
    bench.worker.step()
    assert OutboxEvent.objects.get().attempts == outbox.MOST_ATTEMPTS
    assert bench.worker.failures["event"] == outbox.MOST_ATTEMPTS


def test_a_bucket_that_fails_rests_while_the_others_are_done(bench: Bench, now: datetime) -> None:
    run = ledger.start_run("leaks", "once", range(3), by=SYSTEM, at=now)
    bench.worker.step()
    bench.steps()
    assert ledger.progress(run.pk) == ledger.Progress(buckets=3, done=2, failed=0)
    leaking = RunBucket.objects.get(run=run, bucket=0)
    assert (leaking.attempts, leaking.available_at) == (1, now + ledger.FIRST_WAIT)
    for _ in range(ledger.MOST_ATTEMPTS):
        bench.clock.go(timedelta(hours=1))
        bench.worker.step()
    assert ledger.progress(run.pk) == ledger.Progress(buckets=3, done=2, failed=1)
    assert bench.worker.failures == {"bucket": ledger.MOST_ATTEMPTS}


def test_a_frame_that_breaks_the_ingest_is_set_aside_and_the_others_come_in(
    bench: Bench, now: datetime
) -> None:
    register_town(POINTS, at=now)
    bad, *good = Meter.objects.order_by("pk")[:4]
    terminal = Terminal.objects.earliest("pk")
    Meter.objects.filter(pk=bad.pk).update(model="was removed from meters")
    for meter in (good[0], bad, *good[1:]):
        InboxFrame.objects.create(
            received_at=now, terminal=terminal, meter_address=meter.meter_address, raw=b"\x68"
        )
    assert bench.worker.step()
    assert bench.worker.failures == {"frames": 1, "frame": 1}
    assert not InboxFrame.objects.filter(ingested_at__isnull=True).exists()
    errors = dict(InboxFrame.objects.values_list("meter_address", "error"))
    assert errors[bad.meter_address] == "KeyError: 'was removed from meters'"
    assert all(not errors[meter.meter_address].startswith("KeyError") for meter in good)


def test_a_frame_is_not_blamed_for_a_table_that_somebody_has_locked(
    bench: Bench, database: str, now: datetime
) -> None:
    register_town(POINTS, at=now)
    terminal, meter = Terminal.objects.earliest("pk"), Meter.objects.earliest("pk")
    InboxFrame.objects.create(
        received_at=now, terminal=terminal, meter_address=meter.meter_address, raw=b"\x68"
    )
    outbox.publish(BellRung(False), at=now)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '20ms'")
    with psycopg.connect(database) as other:
        other.execute("LOCK TABLE metering_meter IN ACCESS EXCLUSIVE MODE")
        bench.worker.step()
        other.rollback()
    assert handled == [False]
    assert bench.worker.failures == {"frames": 1, "frame": FAILURES_A_STEP}
    assert InboxFrame.objects.filter(ingested_at__isnull=True, error="").count() == 1
    bench.worker.step()
    assert InboxFrame.objects.filter(ingested_at__isnull=False).count() == 1


def test_a_duty_that_fails_stops_no_other_and_is_due_again(bench: Bench, now: datetime) -> None:
    done: list[str] = []

    def stumble(at: datetime) -> None:
        done.append("stumble")
        raise RuntimeError("over its own feet")

    duties = [Duty("stumble", 10, stumble), Duty("walk", 10, lambda at: done.append("walk"))]
    for later in (0, 5, 10):
        bench.worker.do_due(duties, now + timedelta(seconds=later))
    assert done == ["stumble", "walk"] * 2
    assert bench.worker.failures == {"stumble": 2}


def test_the_beat_tells_what_failed(bench: Bench) -> None:
    bench.worker.failures["event"] = 3
    bench.worker.do_due(bench.worker.duties()[:1], Clock().now())
    assert counts_of(bench.worker.environment, "worker", Clock().now()) == {"event": 3}


def test_every_duty_can_be_done(bench: Bench, now: datetime) -> None:
    register_town(POINTS, at=now)
    bench.worker.do_due(bench.worker.duties(), now)
    assert not bench.worker.failures


def test_a_lost_database_is_waited_for_and_no_fault_of_the_work(bench: Bench, now: datetime) -> None:
    outbox.publish(BellRung(False), at=now)
    kept = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(HOST="/nowhere")
    with pytest.raises(OperationalError):
        bench.worker.step()
    connection.close()
    connection.settings_dict.update(kept)
    assert bench.worker.step()
    assert handled == [False]
    assert not bench.worker.failures


def test_a_database_that_refuses_but_lives_is_a_failure_of_the_work(bench: Bench, now: datetime) -> None:
    def refuse(at: datetime) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 1; SELECT pg_sleep(5)")

    done: list[date] = []
    duties = [Duty("slow", 10, refuse), Duty("next", 10, lambda at: done.append(at.date()))]
    bench.worker.do_due(duties, now)
    assert bench.worker.failures == {"slow": 1}
    assert done == [now.date()]


@dataclass(frozen=True)
class LosingClock(StandingClock):
    """Loses the database at its first look, finds it at the second, and ends the worker when work is done."""

    worker: Worker | None = None
    host: str = ""
    looks: list[str] = field(default_factory=list)

    def now(self) -> datetime:
        assert self.worker is not None
        connection.close()
        connection.settings_dict["HOST"] = self.host if self.looks else "/nowhere"
        self.looks.append(connection.settings_dict["HOST"])
        if handled:
            self.worker.stopping.set()
        return self.hands[-1]


def test_runs_until_it_is_told_to_stop_and_waits_for_a_lost_database(bench: Bench, now: datetime) -> None:
    outbox.publish(BellRung(False), at=now)
    clock = LosingClock(hands=[now], worker=bench.worker, host=connection.settings_dict["HOST"])
    bench.worker.clock = clock
    bench.worker.run()
    assert handled == [False]
    assert clock.looks[0] == "/nowhere"
