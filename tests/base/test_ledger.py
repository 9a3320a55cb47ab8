"""The run ledger does each bucket exactly once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection

from mingdu.base import audit, ledger
from mingdu.base.actors import SYSTEM
from mingdu.base.database import cursor, transaction_connection
from mingdu.base.models import AuditEntry, Run, RunBucket
from mingdu.errors import TradeError
from threads import at_once

pytestmark = pytest.mark.database

# A worker of its own: it writes, says so, and hangs in the middle of the bucket until it is killed.
WORKER = """
import sys
from datetime import datetime
from mingdu.main.startup import start_django
start_django()
from mingdu.base import audit, ledger
from mingdu.base.actors import SYSTEM

def hang(run, bucket, at):
    audit.record(SYSTEM, "half done", f"bucket:{bucket.bucket}", at=at)
    print("in the middle", flush=True)
    sys.stdin.read()

ledger.register_work("hangs", hang)
ledger.work_one(datetime.fromisoformat(sys.argv[1]))
"""


def write_down(run: Run, bucket: RunBucket, at: datetime) -> dict[str, Any]:
    """Work that leaves one row a bucket."""
    audit.record(SYSTEM, run.key, f"bucket:{bucket.bucket}", at=at)
    return {"bucket": bucket.bucket}


def fail(run: Run, bucket: RunBucket, at: datetime) -> dict[str, Any]:
    """Work that writes and then fails in the way that the run's parameters name."""
    audit.record(SYSTEM, run.key, f"bucket:{bucket.bucket}", at=at)
    match run.parameters["failure"]:
        case "trade":
            raise TradeError("no readings")
        case "database":
            cursor(transaction_connection()).execute("SELECT 1 / 0")
        case "connection":
            cursor(transaction_connection()).execute("SELECT pg_terminate_backend(pg_backend_pid())")
        case "unforeseen":
            raise LookupError("the work is wrong")
    return {}


ledger.register_work("count", write_down)
ledger.register_work("hangs", write_down)
ledger.register_work("fails", fail)


def start(kind: str, key: str, buckets: int, now: datetime, **parameters: str) -> int:
    return ledger.start_run(kind, key, range(buckets), by=SYSTEM, at=now, parameters=parameters).pk


def test_does_each_bucket_once_and_reports_progress(module_database: str, now: datetime) -> None:
    run = start("count", "one by one", 3, now)
    assert ledger.work_one(now, run_id=run)
    assert ledger.progress(run) == ledger.Progress(buckets=3, done=1, failed=0)
    assert not ledger.progress(run).is_done
    assert ledger.finish_run(run, now).is_done
    assert ledger.results(run) == [{"bucket": 0}, {"bucket": 1}, {"bucket": 2}]
    assert not ledger.work_one(now, run_id=run)
    assert AuditEntry.objects.filter(verb="one by one").count() == 3


def test_returns_the_first_run_when_started_twice(module_database: str, now: datetime) -> None:
    first = start("count", "started twice", 3, now)
    assert start("count", "started twice", 9, now) == first
    assert ledger.bucket_numbers(first) == [0, 1, 2]
    assert ledger.run_of("count", "started twice") == first
    assert ledger.run_of("count", "never started") is None
    ledger.finish_run(first, now)


def test_a_run_started_at_once_is_one_run_with_all_its_buckets(module_database: str, now: datetime) -> None:
    runs = at_once([lambda: start("count", "started at once", 50, now)] * 6)
    assert len(set(runs)) == 1
    assert ledger.bucket_numbers(Run.objects.get(key="started at once").pk) == list(range(50))
    ledger.finish_run(Run.objects.get(key="started at once").pk, now)


def test_a_run_is_written_with_all_its_buckets_or_not_at_all(module_database: str, now: datetime) -> None:
    with pytest.raises(IntegrityError):
        ledger.start_run("count", "a bucket twice", [1, 1], by=SYSTEM, at=now)
    assert ledger.run_of("count", "a bucket twice") is None


def test_workers_at_once_do_each_bucket_once(module_database: str, now: datetime) -> None:
    run = start("count", "worked at once", 60, now)
    at_once([lambda: ledger.finish_run(run, now)] * 6)
    assert ledger.progress(run) == ledger.Progress(buckets=60, done=60, failed=0)
    targets = list(AuditEntry.objects.filter(verb="worked at once").values_list("target", flat=True))
    assert sorted(targets) == sorted(f"bucket:{number}" for number in range(60))


def test_a_bucket_in_work_is_passed_over(module_database: str, now: datetime) -> None:
    is_claimed, may_end = Event(), Event()

    def wait(run: Run, bucket: RunBucket, at: datetime) -> dict[str, Any]:
        is_claimed.set()
        may_end.wait(timeout=30)
        return {}

    ledger.register_work("waits", wait)
    run = start("waits", "one bucket", 1, now)

    def look() -> bool:
        is_claimed.wait(timeout=30)
        try:
            return ledger.work_one(now, run_id=run)
        finally:
            may_end.set()

    assert at_once([lambda: ledger.work_one(now, run_id=run), look]) == [True, False]


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        ("trade", "TradeError: no readings"),
        ("database", "DivisionByZero: division by zero"),
        ("connection", "AdminShutdown: terminating connection due to administrator command"),
    ],
)
def test_rolls_a_failed_bucket_back_and_stops_after_three_tries(
    failure: str, error: str, module_database: str, now: datetime
) -> None:
    run = start("fails", f"fails by {failure}", 1, now, failure=failure)
    assert ledger.finish_run(run, now) == ledger.Progress(buckets=1, done=0, failed=1)
    assert RunBucket.objects.get(run=run).attempts == ledger.MOST_ATTEMPTS
    assert ledger.errors(run)[0].startswith(f"0: {error}")
    assert ledger.results(run) == []
    assert not AuditEntry.objects.filter(verb=f"fails by {failure}").exists()


def test_a_failure_that_nobody_foresaw_is_kept_and_shown(module_database: str, now: datetime) -> None:
    run = start("fails", "fails by surprise", 2, now, failure="unforeseen")
    with pytest.raises(LookupError):
        ledger.work_one(now, run_id=run)
    assert ledger.errors(run) == ["0: LookupError: the work is wrong"]
    assert not AuditEntry.objects.filter(verb="fails by surprise").exists()
    Run.objects.filter(pk=run).delete()


def test_a_bucket_that_failed_once_can_still_be_done(module_database: str, now: datetime) -> None:
    run = start("fails", "recovers", 1, now, failure="trade")
    ledger.work_one(now, run_id=run)
    Run.objects.filter(pk=run).update(parameters={"failure": "none"})
    assert ledger.finish_run(run, now).is_done
    assert ledger.errors(run) == []
    assert AuditEntry.objects.filter(verb="recovers").count() == 1


def test_refuses_a_run_of_unknown_work(module_database: str, now: datetime) -> None:
    with pytest.raises(ledger.UnknownWork):
        start("nobody does this", "december", 1, now)
    assert not Run.objects.filter(kind="nobody does this").exists()


def test_leaves_work_alone_that_this_program_does_not_know(database: str, now: datetime) -> None:
    run = Run.objects.create(kind="from a newer program", key="k", created_by="x", created_at=now)
    RunBucket.objects.create(run=run, bucket=0)
    assert not ledger.work_one(now)


def test_a_claim_that_fails_is_shown(database: str, now: datetime) -> None:
    run = start("count", "no table", 1, now)
    with connection.cursor() as control:
        control.execute("ALTER TABLE base_runbucket RENAME TO base_moved")
    with pytest.raises(DatabaseError):
        ledger.finish_run(run, now)


def test_a_killed_worker_leaves_its_bucket_open_and_another_finishes_it(
    database: str, now: datetime, tmp_path: Path
) -> None:
    run = start("hangs", "killed", 1, now)
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, now.isoformat()],
        env={**os.environ, "DATABASE_URL": database, "MINGDU_DATA": str(tmp_path)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "in the middle\n"
        assert not ledger.work_one(now), "the bucket is claimed while the worker lives"
        os.kill(worker.pid, signal.SIGKILL)
    assert worker.returncode == -signal.SIGKILL
    # Waits until the server has noticed that nobody is left behind the connection.
    RunBucket.objects.filter(run=run).update(error="")
    assert ledger.progress(run) == ledger.Progress(buckets=1, done=0, failed=0)
    assert not AuditEntry.objects.exists()
    assert ledger.finish_run(run, now).is_done
    assert list(AuditEntry.objects.values_list("verb", "target")) == [("killed", "bucket:0")]


def test_workers_let_a_failed_bucket_rest_longer_each_time(module_database: str, now: datetime) -> None:
    run = start("fails", "rests", 1, now, failure="trade")
    moment, waits = now, []
    while ledger.work_one(moment):
        assert not ledger.work_one(moment)
        rested = RunBucket.objects.get(run=run)
        waits.append(rested.available_at - moment if rested.available_at else None)
        moment = rested.available_at or moment
    assert waits == [ledger.FIRST_WAIT * 2**n for n in range(ledger.MOST_ATTEMPTS)]


def test_whoever_finishes_a_run_here_and_now_does_not_wait(module_database: str, now: datetime) -> None:
    run = start("fails", "finished here", 1, now, failure="trade")
    ledger.work_one(now, run_id=run)
    assert ledger.finish_run(run, now).failed == 1
