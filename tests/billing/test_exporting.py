"""A month's bills and entries leave the system whole, in their order, and sum to what the ledger says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import InternalError, connection

from acting import NOBODY, customer, staff
from billing.desk import APPROVER, CLERK, issued, receivables, rehearsed, rows_of_run
from mingdu.base.actors import SYSTEM
from mingdu.base.models import AuditEntry
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.billing.corrections import approve_correction, propose_correction
from mingdu.billing.exporting import exported_bills, exported_entries, one_snapshot, record_export
from mingdu.billing.period import Period
from mingdu.core.registers import Register
from mingdu.money.ledgers import Ledger
from mingdu.money.queries import ledger_sum_fen
from small_town import FREEZES, SmallTown, build_small_town

pytestmark = pytest.mark.database

NOW = datetime(2027, 1, 4, 1, 0, tzinfo=UTC)
DECEMBER, NOVEMBER = Period.named("2026-12"), Period.named("2026-11")
HOME, OTHER_HOME = 2, 4
KWH = 100


@pytest.fixture(scope="module")
def month(module_database: str) -> SmallTown:
    """December issued, one bill of it corrected, one correction only proposed, one run only rehearsed."""
    town = build_small_town(50, at=NOW)
    bills = {row.account_id: row for row in rows_of_run(issued(NOW))}
    for number in (HOME, OTHER_HOME):
        bill = bills[town.account_ids[number]]
        town.store([(number, Register.TOTAL, FREEZES[2], bill.to_digits[0] - 20 * KWH)], at=NOW, correct=True)
        correction = propose_correction(bill.id, "reread", by=CLERK, at=NOW)
        if number == HOME:
            approve_correction(correction.pk, by=APPROVER, at=NOW)
    rehearsed(NOW)
    return town


def bills(by: Any = CLERK, **options: int) -> list[Any]:
    return list(exported_bills(by, DECEMBER, **options))


def test_the_bills_of_a_month_sum_to_what_the_ledger_says_is_owed(month: SmallTown) -> None:
    assert sum(bill.total_fen for bill in bills()) == sum(receivables().values()) != 0
    owed: dict[str, int] = {}
    for bill in bills():
        owed[bill.account_number] = owed.get(bill.account_number, 0) + bill.total_fen
        assert bill.total_fen == sum(amount for _, amount in bill.lines)
    entries = [each for each in exported_entries(CLERK, DECEMBER) if each.account_number]
    by_account: dict[str, int] = {}
    for each in entries:
        by_account[each.account_number] = by_account.get(each.account_number, 0) + each.entry.amount_fen
    assert by_account == owed


def test_the_entries_of_a_month_are_the_ledger_and_sum_to_zero(month: SmallTown) -> None:
    entries = [each.entry for each in exported_entries(CLERK, DECEMBER)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT journal_id, line, amount_fen FROM money_entry ORDER BY journal_id, line")
        stored = cursor.fetchall()
    assert [(entry.journal_id, entry.line, entry.amount_fen) for entry in entries] == stored
    assert sum(entry.amount_fen for entry in entries) == ledger_sum_fen(CLERK) == 0
    assert {entry.kind for entry in entries} == {"issue", "reversal", "rebill"}
    counter = [entry for entry in entries if entry.ledger == Ledger.REVENUE]
    assert {(entry.account_id, entry.bill_id) for entry in counter} == {(0, 0)}


def test_a_corrected_bill_stands_three_times_and_a_rehearsed_one_not_at_all(month: SmallTown) -> None:
    kinds: dict[str, list[str]] = {}
    for bill in bills():
        kinds.setdefault(bill.account_number, []).append(bill.kind)
    corrected = [found for found in kinds.values() if found != ["bill"]]
    assert corrected == [["bill", "reversal", "rebill"]]
    assert [bill.id for bill in bills()] == sorted(bill.id for bill in bills())


@pytest.mark.parametrize("slice_rows", [1, 7, 1000])
def test_the_slices_change_nothing(month: SmallTown, slice_rows: int) -> None:
    assert bills(slice_rows=slice_rows) == bills()


def test_a_month_without_bills_is_empty(month: SmallTown) -> None:
    assert list(exported_bills(CLERK, NOVEMBER)) == list(exported_entries(CLERK, NOVEMBER)) == []


def test_everybody_gets_his_own_units_alone(month: SmallTown) -> None:
    account_id = month.account_ids[HOME]
    own = customer(1, account_id)
    assert {bill.kind for bill in bills(own)} == {"bill", "reversal", "rebill"}
    entries = list(exported_entries(own, DECEMBER))
    assert {each.entry.account_id for each in entries} == {account_id}
    assert sum(each.entry.amount_fen for each in entries) == receivables()[account_id]
    away = staff(Role.CLERK, units={10**6})
    assert bills(away) == list(exported_entries(away, DECEMBER)) == []
    here = staff(Role.CLERK, units={1})
    assert bills(here) == bills()
    seen = {each.entry.ledger for each in exported_entries(here, DECEMBER)}
    assert seen == {Ledger.RECEIVABLE}


def test_refuses_whoever_may_not(month: SmallTown) -> None:
    for by in (NOBODY, staff(Role.READER)):
        with pytest.raises(NotPermitted):
            bills(by)
        with pytest.raises(NotPermitted):
            list(exported_entries(by, DECEMBER))
        with pytest.raises(NotPermitted):
            record_export("bills", DECEMBER, {}, by=by, at=NOW)


def test_who_took_it_out_stands_in_the_audit(month: SmallTown) -> None:
    record_export("bills", DECEMBER, {"rows": 3}, by=CLERK, at=NOW)
    row = AuditEntry.objects.latest("pk")
    assert (row.by, row.verb, row.target, row.details) == (
        CLERK.id, "billing.export_bills", "period:2026-12", {"rows": 3},
    )  # fmt: skip


def test_a_snapshot_writes_nothing(month: SmallTown) -> None:
    with one_snapshot():
        assert bills(SYSTEM) != []
    with pytest.raises(InternalError, match="read-only"), one_snapshot():
        record_export("bills", DECEMBER, {}, by=CLERK, at=NOW)
