"""An issue and a withdrawal at one moment: never a bill on an explanation that is gone."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, datetime
from typing import Any

import pytest
from django.db import connection, transaction

from billing.desk import CLERK, approved, fetch, issue
from mingdu.base.actors import SYSTEM
from mingdu.billing import operations
from mingdu.billing.works import issue_bucket
from mingdu.core.findings import Severity
from mingdu.metering.operations import Explanation, explain_finding
from mingdu.metering.operations.withdraw import ExplanationInUse, withdraw_explanations
from small_town import SmallTown

pytestmark = pytest.mark.database

HOME = 42
DAY = date(2026, 12, 9)
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


def explained_finding(town: SmallTown, now: datetime, rule: str = "SPIKE") -> int:
    from mingdu.metering.models import Finding

    finding = Finding.objects.create(
        rule=rule, usage_point_id=town.point_ids[HOME], day=DAY, first_interval=1, latest_interval=2,
        severity=Severity.HOLD, figure=9, threshold=3, found_at=now,
    )  # fmt: skip
    explain_finding(finding.pk, reason=Explanation.TRUE_USE, note="welding", by=SYSTEM, at=now)
    return int(finding.pk)


def issue_now(run_id: int, now: datetime) -> None:
    """Issue the only bucket in the caller's transaction, as a worker does."""
    from mingdu.base.models import Run, RunBucket

    issue_id = operations.issue_run(run_id, by=CLERK, at=now)
    issue_bucket(Run.objects.get(pk=issue_id), RunBucket.objects.get(run_id=issue_id), now)


def begun_beside(act: Callable[[], Any]) -> tuple[ThreadPoolExecutor, Future[Any]]:
    """Begin an act on a connection of its own; return once it waits for our lock, or has ended."""

    def run() -> Any:
        try:
            return act()
        finally:
            connection.close()

    threads = ThreadPoolExecutor(1)
    begun = threads.submit(run)
    while not begun.done() and fetch(WAITING) == [(0,)]:
        pass
    return threads, begun


def test_a_withdrawal_waits_for_the_issue_and_then_finds_the_bill(
    fresh_town: SmallTown, now: datetime
) -> None:
    number, run_id = explained_finding(fresh_town, now), approved(now)
    with transaction.atomic():
        issue_now(run_id, now)
        threads, withdrawal = begun_beside(lambda: withdraw_explanations([number], by=SYSTEM, at=now))
        assert not withdrawal.done()
    with threads, pytest.raises(ExplanationInUse):
        withdrawal.result(timeout=30)


def test_an_issue_waits_for_the_withdrawal_and_then_is_refused(fresh_town: SmallTown, now: datetime) -> None:
    number, run_id = explained_finding(fresh_town, now), approved(now)
    with transaction.atomic():
        withdraw_explanations([number], by=SYSTEM, at=now)
        threads, issuing = begun_beside(lambda: issue(run_id, now))
        assert not issuing.done()
    with threads:
        assert [error.split(": ")[1] for error in issuing.result(timeout=30)] == ["InputsChanged"]
    assert fetch("SELECT count(*) FROM billing_issue") == [(0,)]


def test_withdrawals_do_not_wait_for_each_other(fresh_town: SmallTown, now: datetime) -> None:
    first, second = (explained_finding(fresh_town, now, rule) for rule in ("SPIKE", "GAP"))
    with transaction.atomic():
        withdraw_explanations([first], by=SYSTEM, at=now)
        threads, other = begun_beside(lambda: withdraw_explanations([second], by=SYSTEM, at=now))
        assert other.done() and other.exception() is None
    threads.shutdown()
