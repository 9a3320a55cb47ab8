"""Workers and the database are killed in the middle of bill runs: every bill once, the ledger balanced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from billing.desk import APPROVER, CLERK, MONTH, fetch, ledger_sums, receivables, rehearsed, rows_of_run
from journeys.own_server import OwnServer, own_server
from mingdu.base import ledger
from mingdu.billing import operations
from mingdu.billing.models import Issue
from small_town import SmallTown, build_small_town

pytestmark = [pytest.mark.database, pytest.mark.long]

NOW = datetime(2027, 1, 4, 1, 0, tzinfo=UTC)
POINTS = 600
# The ids of usage points so far apart that a bucket holds five of them.
APART = 500
KILLS = 4
# A look at the run takes a millisecond or more, so this is minutes of patience.
MOST_LOOKS = 200_000


@pytest.fixture(scope="module")
def server() -> Iterator[OwnServer]:
    with own_server(NOW) as started:
        yield started


@pytest.fixture(scope="module")
def town(server: OwnServer) -> SmallTown:
    """A town over 120 buckets, so that there is a middle to be killed in."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"ALTER SEQUENCE metering_usagepoint_id_seq INCREMENT BY {APART}")
    return build_small_town(POINTS, at=NOW)


def wait_until(is_so: Callable[[], bool], server: OwnServer) -> None:
    for _ in range(MOST_LOOKS):
        if is_so():
            return
    raise AssertionError(f"it never came to be\n{server.logs()}")


def kill_workers_until_done(run_id: int, server: OwnServer) -> None:
    """Keep two workers at a run; kill one each time a few more buckets are done, and start another."""
    workers = [server.start_worker(), server.start_worker()]
    buckets = ledger.progress(run_id).buckets
    for number in range(1, KILLS + 1):
        goal = buckets * number // (KILLS + 2)
        wait_until(lambda goal=goal: ledger.progress(run_id).done >= goal, server)
        assert not ledger.progress(run_id).is_done
        victim = workers.pop(0)
        victim.kill()
        victim.wait()
        workers.append(server.start_worker())
    wait_until(lambda: ledger.progress(run_id).is_done, server)
    for worker in workers:
        assert worker.poll() is None, server.logs()
        worker.kill()
        worker.wait()


def made_of(bill: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(bill).items() if name not in ("id", "run_id")}


def sorted_bills(run_id: int) -> list[dict[str, Any]]:
    return sorted((made_of(bill) for bill in rows_of_run(run_id)), key=lambda bill: bill["account_id"])


def assert_issued_once(run_id: int) -> None:
    bills = {bill.account_id: bill.total_fen for bill in rows_of_run(run_id)}
    assert len(rows_of_run(run_id)) == len(bills) > POINTS // 4
    assert {account: owed for account, owed in receivables().items() if account in bills} == bills
    entries = "SELECT count(*), count(DISTINCT bill_id), count(DISTINCT account_id) FROM money_entry"
    assert fetch(f"{entries} WHERE account_id = ANY(%s)", list(bills)) == [(len(bills),) * 3]
    assert set(ledger_sums().values()) == {0}
    issues = Issue.objects.filter(run_id=run_id)
    assert sum(issues.values_list("bills", flat=True)) == len(bills)
    assert sum(issues.values_list("total_fen", flat=True)) == sum(bills.values())


def issue_of(run_id: int) -> int:
    """Have a run approved and start its issue; returns the ledger's run."""
    operations.approve_run(run_id, by=APPROVER, at=NOW)
    return operations.issue_run(run_id, by=CLERK, at=NOW)


def test_a_rehearsal_with_killed_workers_is_like_an_undisturbed_one(
    server: OwnServer, town: SmallTown
) -> None:
    undisturbed = rehearsed(NOW)
    run = operations.rehearse(MONTH, by=CLERK, at=NOW)
    kill_workers_until_done(run.ledger_run_id, server)
    assert len(sorted_bills(run.pk)) > POINTS * 9 // 10
    assert sorted_bills(run.pk) == sorted_bills(undisturbed)


def test_killed_workers_issue_every_bill_once(server: OwnServer, town: SmallTown) -> None:
    run_id = rehearsed(NOW, "B1")
    kill_workers_until_done(issue_of(run_id), server)
    assert_issued_once(run_id)


def test_a_killed_database_issues_every_bill_once(server: OwnServer, town: SmallTown) -> None:
    run_id = rehearsed(NOW)
    kill_the_database_until_done(issue_of(run_id), server)
    assert_issued_once(run_id)


def kill_the_database_until_done(run_id: int, server: OwnServer) -> None:
    """Two workers go on by themselves each time the database was killed under them and comes back."""
    workers = [server.start_worker(), server.start_worker()]
    buckets = ledger.progress(run_id).buckets
    for goal in (buckets // 2, buckets * 3 // 4):
        wait_until(lambda goal=goal: ledger.progress(run_id).done >= goal, server)
        done = ledger.progress(run_id).done
        assert done < buckets
        server.kill_database()
        server.start_database()
        assert ledger.progress(run_id).done >= done
    wait_until(lambda: ledger.progress(run_id).is_done, server)
    assert [worker.poll() for worker in workers] == [None, None], server.logs()
