"""Issue once: against changed inputs, against another run, against everybody at the same moment."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from billing.desk import (
    APPROVER,
    CLERK,
    MONTH,
    approved,
    fetch,
    issue,
    issued,
    ledger_sums,
    receivables,
    rehearsed,
    rows_of_run,
)
from mingdu.base import ledger
from mingdu.billing import operations, queries
from mingdu.billing.operations import RunAlreadyApproved
from mingdu.core.findings import Severity
from mingdu.core.registers import Register
from small_town import FREEZES, SmallTown, freeze_readings, register_town
from threads import at_once, only

pytestmark = pytest.mark.database

END = FREEZES[2]
HOME = 42


def refused_with(errors: list[str]) -> list[str]:
    """The names of the errors, one a bucket."""
    return [error.split(": ")[1] for error in errors]


def nothing_is_done() -> bool:
    return not receivables() and not ledger_sums() and fetch("SELECT count(*) FROM billing_issue") == [(0,)]


def test_refuses_what_was_corrected_after_the_approval(fresh_town: SmallTown, now: datetime) -> None:
    run_id = approved(now)
    fresh_town.store([(HOME, Register.TOTAL, END, 635_800)], at=now, correct=True)
    assert refused_with(issue(run_id, now)) == ["InputsChanged"]
    assert nothing_is_done()
    view = queries.run_status(CLERK, run_id)
    assert (view.state, view.issued_bills, len(view.errors)) == ("issuing", 0, 1)
    again = issued(now + timedelta(hours=1))
    bills = {row.account_id: row.to_digits for row in rows_of_run(again)}
    assert bills[fresh_town.account_ids[HOME]] == (635_800,)
    assert len(receivables()) == len(bills) == 46


def test_refuses_what_a_finding_holds_since_the_approval(fresh_town: SmallTown, now: datetime) -> None:
    from mingdu.metering.models import Finding

    run_id = approved(now)
    Finding.objects.create(
        rule="SPIKE", usage_point_id=fresh_town.point_ids[HOME], day=date(2026, 12, 9), first_interval=1,
        latest_interval=2, severity=Severity.HOLD, figure=9, threshold=3, found_at=now,
    )  # fmt: skip
    assert refused_with(issue(run_id, now)) == ["InputsChanged"]
    assert nothing_is_done()


def test_refuses_when_an_agreement_changed_since_the_approval(fresh_town: SmallTown, now: datetime) -> None:
    from mingdu.customers.models import Agreement

    run_id = approved(now)
    Agreement.objects.filter(account_id=fresh_town.account_ids[HOME]).update(valid_to=date(2026, 12, 20))
    assert refused_with(issue(run_id, now)) == ["InputsChanged"]
    assert nothing_is_done()


def test_a_reading_that_was_missing_stops_nobody_else(database: str, now: datetime) -> None:
    town = register_town(50, at=now)
    late = [reading for reading in freeze_readings(town.town, END) if reading[0] == HOME]
    for day in FREEZES:
        town.store([r for r in freeze_readings(town.town, day) if r not in late], at=now)
    run_id = approved(now)
    town.store(late, at=now)
    assert issue(run_id, now) == []
    assert town.account_ids[HOME] not in receivables()
    rest = rows_of_run(issued(now))
    assert [row.account_id for row in rest] == [town.account_ids[HOME]]


def test_two_runs_issued_at_once_bill_every_account_once(town: SmallTown, now: datetime) -> None:
    runs = [approved(now), approved(now + timedelta(minutes=1))]
    outcomes = at_once([lambda run_id=run_id: issue(run_id, now) for run_id in runs])
    assert sorted(refused_with(errors) for errors in outcomes) == [[], ["AlreadyIssued"]]
    bills = rows_of_run(runs[outcomes.index([])])
    assert receivables() == {bill.account_id: bill.total_fen for bill in bills}
    assert fetch("SELECT count(*), sum(bills) FROM billing_issue") == [(1, len(bills))]
    assert set(ledger_sums().values()) == {0}


def test_many_workers_issue_each_bucket_once(town: SmallTown, now: datetime) -> None:
    run_id = approved(now)
    issue_id = operations.issue_run(run_id, by=CLERK, at=now)
    outcomes = at_once([lambda: ledger.finish_run(issue_id, now)] * 4)
    assert not only(outcomes, ledger.Progress | BaseException)
    assert ledger.progress(issue_id).is_done
    bills = rows_of_run(run_id)
    assert receivables() == {bill.account_id: bill.total_fen for bill in bills}


def test_rehearsals_started_at_once_are_numbered_apart(town: SmallTown, now: datetime) -> None:
    outcomes = at_once([lambda: operations.rehearse(MONTH, by=CLERK, at=now).attempt] * 3)
    assert sorted(outcomes) == [1, 2, 3]


def test_approved_at_once_is_approved_once(town: SmallTown, now: datetime) -> None:
    run_id = rehearsed(now)
    outcomes = at_once([lambda: operations.approve_run(run_id, by=APPROVER, at=now).by] * 3)
    assert only(outcomes, RunAlreadyApproved) == [APPROVER.id]
