"""The run ledger does each bucket exactly once."""

from __future__ import annotations

from datetime import datetime

import pytest

from mingdu.base import ledger
from mingdu.base.actors import SYSTEM
from mingdu.base.models import Run, RunBucket
from mingdu.errors import TradeError

pytestmark = pytest.mark.database


def test_does_each_bucket_once_and_reports_progress(database: str, now: datetime) -> None:
    ledger.register_work("count", lambda run, bucket, at: {"bucket": bucket.bucket})
    run = ledger.start_run("count", "december", range(3), by=SYSTEM, at=now)
    assert ledger.work_one(now, run_id=run.pk)
    assert not ledger.progress(run.pk).is_done
    assert ledger.finish_run(run.pk, now).is_done
    assert ledger.results(run.pk) == [{"bucket": 0}, {"bucket": 1}, {"bucket": 2}]
    assert not ledger.work_one(now, run_id=run.pk)


def test_returns_the_first_run_when_started_twice(database: str, now: datetime) -> None:
    ledger.register_work("count", lambda run, bucket, at: {})
    first = ledger.start_run("count", "december", range(3), by=SYSTEM, at=now)
    assert ledger.start_run("count", "december", range(9), by=SYSTEM, at=now) == first
    assert RunBucket.objects.count() == 3


def test_rolls_a_failed_bucket_back_and_stops_after_three_tries(database: str, now: datetime) -> None:
    def fail(run: Run, bucket: RunBucket, at: datetime) -> dict[str, object]:
        Run.objects.create(kind="trace", key=f"{bucket.attempts}", created_by="x", created_at=at)
        raise TradeError("no readings")

    ledger.register_work("fails", fail)
    run = ledger.start_run("fails", "december", [7], by=SYSTEM, at=now)
    assert ledger.finish_run(run.pk, now).failed == 1
    bucket = RunBucket.objects.get(run=run)
    assert (bucket.attempts, bucket.error) == (3, "TradeError: no readings")
    assert not Run.objects.filter(kind="trace").exists()


def test_refuses_a_run_of_unknown_work(database: str, now: datetime) -> None:
    with pytest.raises(ledger.UnknownWork):
        ledger.start_run("nobody does this", "december", [1], by=SYSTEM, at=now)
