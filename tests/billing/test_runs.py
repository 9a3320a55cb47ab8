"""Bill runs: rehearsed by one person, approved by another, issued once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import override_settings

from acting import customer, staff
from billing.desk import (
    APPROVER,
    CLERK,
    CLERK_AND_APPROVER,
    MONTH,
    approved,
    fetch,
    held_checks,
    issue,
    issued,
    ledger_sums,
    receivables,
    rehearsed,
    rows_of_run,
)
from mingdu.base import ledger, outbox
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.billing import operations, queries
from mingdu.billing.operations import (
    ApprovalByProposer,
    RunAlreadyApproved,
    RunNotApproved,
    RunNotReady,
    UnknownBook,
)
from mingdu.billing.period import BadPeriod, PeriodNotOver
from mingdu.billing.queries import UnknownRun
from mingdu.rulebook.folders import find_rules_folder
from small_town import SmallTown

pytestmark = pytest.mark.database


def test_bills_every_account_once_and_balances_the_ledger(town: SmallTown, now: datetime) -> None:
    run_id = issued(now)
    bills = rows_of_run(run_id)
    held = {account for (account,) in fetch("SELECT DISTINCT account_id FROM billing_heldaccount")}
    billed = [bill.account_id for bill in bills]
    assert sorted([*billed, *held]) == sorted(town.account_ids.values())
    assert all(bill.total_fen == sum(bill.amounts_fen) for bill in bills)
    assert receivables() == {bill.account_id: bill.total_fen for bill in bills}
    assert set(ledger_sums().values()) == {0}


def test_tells_how_far_the_run_is(town: SmallTown, now: datetime) -> None:
    run = operations.rehearse(MONTH, by=CLERK, at=now)
    assert queries.run_status(CLERK, run.pk).state == "rehearsing"
    ledger.finish_run(run.ledger_run_id, now)
    rehearsed_view = queries.run_status(CLERK, run.pk)
    assert (rehearsed_view.state, rehearsed_view.bills, rehearsed_view.held) == ("rehearsed", 46, 4)
    assert rehearsed_view.held_by_check == {"meter_exchanged": 2, "register_fell": 2}
    operations.approve_run(run.pk, by=APPROVER, at=now)
    assert queries.run_status(CLERK, run.pk).state == "approved"
    issue_run_id = operations.issue_run(run.pk, by=CLERK, at=now)
    assert queries.run_status(CLERK, run.pk).state == "issuing"
    ledger.finish_run(issue_run_id, now)
    view = queries.run_status(CLERK, run.pk)
    assert (view.state, view.issued_bills, view.errors) == ("issued", 46, ())
    assert (view.proposed_by, view.approved_by) == (CLERK.id, APPROVER.id)
    assert view.total_fen == sum(bill.total_fen for bill in rows_of_run(run.pk))
    assert queries.runs(CLERK, period=MONTH) == queries.runs(CLERK) == [view]
    assert queries.runs(CLERK, period="2026-11") == []


def test_a_second_rehearsal_makes_the_same_bills(town: SmallTown, now: datetime) -> None:
    first, second = rehearsed(now), rehearsed(now + timedelta(hours=1))
    assert [made_of(bill) for bill in rows_of_run(first)] == [made_of(bill) for bill in rows_of_run(second)]
    assert queries.run_status(CLERK, second).attempt == 2


def made_of(bill: object) -> dict[str, object]:
    return {name: value for name, value in vars(bill).items() if name not in ("id", "run_id")}


def test_a_rehearsal_owes_nothing(town: SmallTown, now: datetime) -> None:
    rehearsed(now)
    assert receivables() == {}
    assert queries.issued_bills(town.account_ids[42]) == []


def test_rehearses_one_book_alone(town: SmallTown, now: datetime) -> None:
    rows = rows_of_run(rehearsed(now, "B1"))
    in_book = {
        row[0]
        for row in fetch(
            "SELECT p.usage_point_id FROM rounds_bookpoint p JOIN rounds_book b ON b.id = p.book_id"
            " WHERE b.code = 'B1'"
        )
    }
    assert {row.usage_point_id for row in rows} < in_book
    assert len(rows) > 10


def test_a_later_run_leaves_out_what_is_issued(town: SmallTown, now: datetime) -> None:
    first = issued(now, "B1")
    rest = rows_of_run(issued(now))
    assert not {row.account_id for row in rest} & {row.account_id for row in rows_of_run(first)}
    assert len(receivables()) == len(rest) + len(rows_of_run(first)) == 46


def test_refuses_approval_by_the_proposer(town: SmallTown, now: datetime) -> None:
    run_id = rehearsed(now, by=CLERK_AND_APPROVER)
    with pytest.raises(ApprovalByProposer):
        operations.approve_run(run_id, by=CLERK_AND_APPROVER, at=now)
    own = rehearsed(now)
    with pytest.raises(ApprovalByProposer):
        operations.approve_run(own, by=CLERK, at=now)
    assert queries.run_status(CLERK, run_id).approved_by == ""


def test_refuses_approval_before_all_buckets_are_done(town: SmallTown, now: datetime) -> None:
    run = operations.rehearse(MONTH, by=CLERK, at=now)
    with pytest.raises(RunNotReady):
        operations.approve_run(run.pk, by=APPROVER, at=now)


def test_refuses_a_second_approval(town: SmallTown, now: datetime) -> None:
    run_id = approved(now)
    with pytest.raises(RunAlreadyApproved):
        operations.approve_run(run_id, by=APPROVER, at=now)


def test_refuses_issue_without_approval(town: SmallTown, now: datetime) -> None:
    run_id = rehearsed(now)
    with pytest.raises(RunNotApproved):
        operations.issue_run(run_id, by=CLERK, at=now)
    assert receivables() == {}


def test_a_repeated_issue_changes_nothing(town: SmallTown, now: datetime) -> None:
    run_id = issued(now)
    before = receivables()
    assert issue(run_id, now) == []
    assert receivables() == before


def test_refuses_a_month_that_is_not_over(module_database: str, now: datetime) -> None:
    with pytest.raises(PeriodNotOver):
        operations.rehearse(MONTH, by=CLERK, at=datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC))
    assert operations.rehearse(MONTH, by=CLERK, at=datetime(2026, 12, 31, 16, tzinfo=UTC)).pk


@pytest.mark.parametrize("period", ["", "2026", "2026-13", "2026-1", "9999-12", "december"])
def test_refuses_what_is_not_a_month(module_database: str, now: datetime, period: str) -> None:
    with pytest.raises(BadPeriod):
        operations.rehearse(period, by=CLERK, at=now)


def test_refuses_an_unknown_book(town: SmallTown, now: datetime) -> None:
    with pytest.raises(UnknownBook):
        operations.rehearse(MONTH, "B9", by=CLERK, at=now)


def test_refuses_an_unknown_run(module_database: str, now: datetime) -> None:
    with pytest.raises(UnknownRun):
        operations.approve_run(10**9, by=APPROVER, at=now)
    with pytest.raises(UnknownRun):
        operations.issue_run(10**9, by=CLERK, at=now)
    with pytest.raises(UnknownRun):
        queries.run_status(CLERK, 10**9)


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.CLERK, Role.SYSTEM)])
def test_only_the_clerk_rehearses_and_issues(module_database: str, now: datetime, role: Role) -> None:
    with pytest.raises(NotPermitted):
        operations.rehearse(MONTH, by=staff(role), at=now)
    with pytest.raises(NotPermitted):
        operations.issue_run(1, by=staff(role), at=now)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.APPROVER])
def test_only_the_approver_approves(module_database: str, now: datetime, role: Role) -> None:
    run = operations.rehearse(MONTH, by=CLERK, at=now)
    with pytest.raises(NotPermitted):
        operations.approve_run(run.pk, by=staff(role, number=77), at=now)


def test_customers_see_no_runs(module_database: str) -> None:
    for look in (queries.runs, queries.open_corrections):
        with pytest.raises(NotPermitted):
            look(customer(1))
    for look_at in (queries.run_status, queries.held_accounts):
        with pytest.raises(NotPermitted):
            look_at(customer(1), 1)


def test_makes_the_place_of_a_month_that_has_none(town: SmallTown) -> None:
    later = datetime(2028, 2, 1, 1, tzinfo=UTC)
    run = operations.rehearse("2028-01", by=CLERK, at=later)
    assert ledger.finish_run(run.ledger_run_id, later).is_done
    assert queries.run_status(CLERK, run.pk).held_by_check == {"missing_reading": 50}
    assert fetch("SELECT to_regclass('billing_bill_202801') IS NOT NULL") == [(True,)]


def test_holds_all_accounts_that_no_rules_can_price(town: SmallTown, now: datetime, tmp_path: Path) -> None:
    folder = tmp_path / "tariffs"
    folder.mkdir()
    for name in ("yunnan-residential", "yunnan-one-part-tou"):
        path = find_rules_folder(None) / "tariffs"
        (file,) = path.glob(f"{name}-*.yaml")
        text = file.read_text(encoding="utf-8")
        # The homes' tiers run over a year, the shops' prices begin later.
        text = text.replace("basis: month", "basis: year").replace("2026-08-01", "2026-12-02")
        (folder / file.name).write_text(text, encoding="utf-8")
    with override_settings(RULES_FOLDER=tmp_path):
        run_id = rehearsed(now)
    errors = {values["no_price"]["error"] for values in held_checks(run_id).values()}
    assert errors == {"TiersNotMonthly", "NoPriceForDay"}
    assert (len(held_checks(run_id)), rows_of_run(run_id)) == (50, [])
    operations.approve_run(run_id, by=APPROVER, at=now)
    assert issue(run_id, now) == []
    assert receivables() == {}


def test_writes_every_step_into_the_audit(town: SmallTown, now: datetime) -> None:
    run_id = issued(now)
    rows = fetch("SELECT verb, by FROM base_auditentry WHERE target = %s ORDER BY id", f"bill_run:{run_id}")
    assert rows == [
        ("billing.rehearse", CLERK.id), ("billing.approve", APPROVER.id), ("billing.issue", CLERK.id),
    ]  # fmt: skip


def test_tells_of_every_issued_bucket(town: SmallTown, now: datetime) -> None:
    from mingdu.billing.events import BillsIssued

    outbox.subscribe(BillsIssued, "tests.billing", ignore)
    run_id = issued(now)
    ((payload,),) = fetch("SELECT payload::text FROM base_outboxevent WHERE event = 'BillsIssued'")
    total_fen = sum(receivables().values())
    assert json.loads(payload) == {
        "run_id": run_id, "bucket": 0, "period_from": "2026-12-01", "bills": 46, "total_fen": total_fen,
    }  # fmt: skip


def ignore(payload: dict[str, object], at: datetime) -> None:
    """Take an event."""
