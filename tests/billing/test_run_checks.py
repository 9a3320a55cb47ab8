"""What a clerk looks at before the issue: totals and accounts against the month before."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from acting import NOBODY
from billing.desk import CLERK, approved, fetch, issued, rehearsed, rows_of_run
from mingdu.base.permissions import NotPermitted
from mingdu.billing.bill_facts import bill_facts
from mingdu.billing.queries import UnknownBill, UnknownRun, run_status
from mingdu.billing.run_checks import (
    approved_hash,
    held_rows,
    largest_changes,
    numbers_of,
    run_numbers,
    run_totals,
    runs_in_hand,
    zero_bills,
)
from mingdu.billing.uses import DaysBill, bill_of_day
from small_town import SmallTown

pytestmark = pytest.mark.database


def issue_november(now: datetime) -> int:
    from billing.desk import APPROVER
    from mingdu.base import ledger
    from mingdu.billing.operations import approve_run, issue_run, rehearse

    run = rehearse("2026-11", by=CLERK, at=now)
    ledger.finish_run(run.ledger_run_id, now)
    approve_run(run.pk, by=APPROVER, at=now)
    ledger.finish_run(issue_run(run.pk, by=CLERK, at=now), now)
    return run.pk


def test_compares_a_run_with_the_month_before_account_by_account(
    fresh_town: SmallTown, now: datetime
) -> None:
    before_run, run = issue_november(now), rehearsed(now)
    rows = rows_of_run(run)
    before = {row.account_id: row for row in rows_of_run(before_run)}
    both = [row for row in rows if row.account_id in before]
    totals = run_totals(CLERK, run)
    assert both and (totals.bills, totals.compared) == (len(rows), len(both))
    assert totals.energy_wh == sum(row.energy_wh for row in rows)
    assert totals.total_fen == sum(row.total_fen for row in rows)
    assert totals.before_total_fen == sum(before[row.account_id].total_fen for row in both)
    assert totals.before_energy_wh == sum(before[row.account_id].energy_wh for row in both)
    change = sum(row.total_fen - before[row.account_id].total_fen for row in both)
    assert totals.change_fen == change
    assert totals.zero == sum(row.energy_wh == 0 for row in rows)


def test_names_the_bills_that_rose_and_fell_most(fresh_town: SmallTown, now: datetime) -> None:
    before_run, run = issue_november(now), rehearsed(now)
    before = {row.account_id: row.total_fen for row in rows_of_run(before_run)}
    changes = sorted(
        row.total_fen - before[row.account_id] for row in rows_of_run(run) if row.account_id in before
    )
    risen, fallen = (largest_changes(CLERK, run, is_rise=rise) for rise in (True, False))
    assert [row.change_fen for row in risen] == [change for change in changes[::-1] if change > 0][:10]
    assert [row.change_fen for row in fallen] == [change for change in changes if change < 0][:10]
    assert risen and all(row.account_number.startswith("0530") for row in risen)


def test_without_a_month_before_nothing_is_compared(town: SmallTown, now: datetime) -> None:
    run = rehearsed(now)
    totals = run_totals(CLERK, run)
    assert (totals.compared, totals.before_total_fen, totals.change_fen) == (0, 0, 0) and totals.bills > 0
    assert largest_changes(CLERK, run, is_rise=True) == []
    assert [row.change_fen for row in zero_bills(CLERK, run)] == [None] * totals.zero


def test_lists_the_latest_run_of_each_month_until_it_is_issued(town: SmallTown, now: datetime) -> None:
    first, second = rehearsed(now), rehearsed(now)
    assert list(run_numbers(CLERK)) == [second, first]
    assert [run.id for run in runs_in_hand(CLERK)] == [second]
    assert approved_hash(CLERK, second) == ""
    third = approved(now)
    assert len(approved_hash(CLERK, third)) == 64
    assert run_status(CLERK, third).state == "approved"
    fourth = issued(now)
    assert runs_in_hand(CLERK) == [] and fourth > third


def test_lists_what_a_run_held(town: SmallTown, now: datetime) -> None:
    run = rehearsed(now)
    held = list(held_rows(CLERK, run))
    assert len({row.account_id for row in held}) == run_status(CLERK, run).held
    assert set(numbers_of({row.account_id for row in held})) == {row.account_id for row in held}


def test_unknown_runs_and_strangers_get_nothing(town: SmallTown) -> None:
    with pytest.raises(UnknownRun):
        run_totals(CLERK, 999_999)
    with pytest.raises(NotPermitted):
        run_numbers(NOBODY)


def test_tells_what_an_issued_bill_was_made_from(town: SmallTown, now: datetime) -> None:
    run = issued(now)
    row = rows_of_run(run)[0]
    facts = bill_facts(CLERK, row.id)
    assert (facts.run_id, facts.rules_hash, facts.corrections) == (run, row.rules_hash, ())
    assert facts.journal_id == fetch("SELECT id FROM money_journal WHERE kind = 'issue'")[0][0]
    assert [end for _, _, end in facts.versions] == list(row.to_versions) and len(facts.inputs_hash) == 64
    with pytest.raises(UnknownBill):
        bill_facts(CLERK, 999_999)


def test_a_days_bill_counts_once_it_is_issued(town: SmallTown, now: datetime) -> None:
    run = rehearsed(now)
    point = rows_of_run(run)[0].usage_point_id
    assert bill_of_day(point, date(2026, 12, 15)) is None
    bill = next(row for row in rows_of_run(issued(now)) if row.usage_point_id == point)
    found = bill_of_day(point, date(2026, 12, 1))
    assert found == bill_of_day(point, date(2026, 12, 31)) == DaysBill(bill.id, "2026-12", now)
    assert bill_of_day(point, date(2027, 1, 1)) is None and bill_of_day(point, date(2026, 11, 30)) is None
