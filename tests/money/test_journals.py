"""Journals sum to zero, are posted once and never changed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import partial
from itertools import count

import numpy as np
import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acting import customer, staff
from mingdu.base.actors import SYSTEM, Actor
from mingdu.base.database import cursor, reading_connection, transaction_connection
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.core.copy_rows import UnlikeColumns
from mingdu.money.ledgers import Ledger
from mingdu.money.operations import Journal, JournalTwice, post
from mingdu.money.queries import EntryView, balance_fen, entries_of_account, ledger_sum_fen
from threads import at_once, only

pytestmark = pytest.mark.database

DAY = date(2027, 1, 4)
AT = datetime(2027, 1, 4, 1, 0, tzinfo=UTC)
UNIT, FOREIGN_UNIT = 3, 4
CLERK = staff(Role.CLERK)
# 88 thousand million yuan an account; a million of them still fit into an int64.
LARGEST_FEN = 2**43
numbers = count(1)


def journal(amounts: list[int], *, accounts: list[int] | None = None, reference: str = "") -> Journal:
    """A journal of these receivables, of accounts 1, 2, … unless they are named."""
    account_id = accounts or list(range(1, len(amounts) + 1))
    return Journal(
        "issue", reference or f"issue:{next(numbers)}", DAY, np.array(account_id, dtype=np.int64),
        np.arange(len(amounts), dtype=np.int64), np.array(amounts, dtype=np.int64),
    )  # fmt: skip


def posted(wanted: Journal, *, by: Actor = CLERK) -> int:
    with transaction.atomic():
        return post(transaction_connection(), wanted, by=by, at=AT)


def entries_of(journal_id: int) -> list[tuple[int, int, int]]:
    """Ledger, account and amount of a journal's entries, by line."""
    statement = "SELECT ledger, account_id, amount_fen FROM money_entry WHERE journal_id = %s ORDER BY line"
    return cursor(reading_connection()).execute(statement, (journal_id,)).fetchall()


def test_a_journal_has_one_summed_counter_entry(module_database: str) -> None:
    number = posted(journal([120, -20, 7]))
    assert entries_of(number) == [
        (Ledger.RECEIVABLE, 1, 120), (Ledger.RECEIVABLE, 2, -20), (Ledger.RECEIVABLE, 3, 7),
        (Ledger.REVENUE, 0, -107),
    ]  # fmt: skip
    assert ledger_sum_fen(SYSTEM) == 0


def test_a_journal_carries_who_when_and_the_hash_of_its_columns(module_database: str) -> None:
    heads = []
    for amounts in ([1, 2], [1, 2], [2, 1]):
        number = posted(journal(amounts))
        statement = "SELECT posted_by, posted_at, entries, content_hash FROM money_journal WHERE id = %s"
        heads += cursor(reading_connection()).execute(statement, (number,)).fetchall()
    assert heads[0][:3] == (CLERK.id, AT, 3)
    assert heads[0] == heads[1]
    assert heads[0][3] != heads[2][3]


def test_a_balance_is_the_sum_of_the_accounts_receivables(module_database: str) -> None:
    posted(journal([500, 90], accounts=[71, 72], reference="issue:december"))
    posted(journal([-500], accounts=[71], reference="reversal:december"))
    posted(journal([-30], accounts=[71], reference="rebill:december"))
    assert balance_fen(CLERK, 71, UNIT) == -30
    assert balance_fen(CLERK, 72, UNIT) == 90
    assert balance_fen(CLERK, 73, UNIT) == 0
    assert entries_of_account(CLERK, 71, UNIT) == [
        EntryView(DAY, "issue:december", 0, 500), EntryView(DAY, "reversal:december", 0, -500),
        EntryView(DAY, "rebill:december", 0, -30),
    ]  # fmt: skip


def test_the_same_reference_is_posted_once(module_database: str) -> None:
    posted(journal([100], accounts=[81], reference="posted twice"))
    with pytest.raises(JournalTwice):
        posted(journal([100], accounts=[81], reference="posted twice"))
    assert balance_fen(CLERK, 81, UNIT) == 100


def test_the_same_reference_at_once_is_posted_once(module_database: str) -> None:
    wanted = journal([100], accounts=[82], reference="posted at once")
    outcomes = at_once([partial(posted, wanted)] * 8)
    assert len(only(outcomes, JournalTwice)) == 1
    assert balance_fen(CLERK, 82, UNIT) == 100


def test_a_reference_that_was_rolled_back_can_be_posted(module_database: str) -> None:
    wanted = journal([100], accounts=[83])
    with transaction.atomic():
        post(transaction_connection(), wanted, by=CLERK, at=AT)
        transaction.set_rollback(True)
    posted(wanted)
    assert balance_fen(CLERK, 83, UNIT) == 100


def test_refuses_columns_of_unlike_lengths(module_database: str) -> None:
    with pytest.raises(UnlikeColumns):
        posted(journal([100, 200], accounts=[84]))
    assert balance_fen(CLERK, 84, UNIT) == 0


@pytest.mark.parametrize("table", ["money_entry", "money_entry_202701"])
@pytest.mark.parametrize("amounts", [(100, -99), (100,), (0, 1)])
def test_the_database_refuses_a_journal_that_does_not_balance(
    amounts: tuple[int, ...], table: str, module_database: str
) -> None:
    number = posted(journal([1]))
    with pytest.raises(IntegrityError, match="does not balance"), connection.cursor() as control:
        control.execute(
            f"INSERT INTO {table} (posted_on, journal_id, line, ledger, account_id, bill_id, amount_fen)"
            " SELECT %s, %s, 10 + n, 1122, 1, 1, fen FROM unnest(%s::bigint[]) WITH ORDINALITY AS a(fen, n)",
            [DAY, number, list(amounts)],
        )
    assert ledger_sum_fen(SYSTEM) == 0


def test_the_database_refuses_entries_without_journal(module_database: str) -> None:
    with pytest.raises(IntegrityError, match="does not balance"), connection.cursor() as control:
        control.execute("INSERT INTO money_entry VALUES (%s, -1, 1, 1122, 1, 1, 0)", [DAY])


@pytest.mark.parametrize("table", ["money_entry", "money_entry_202701", "money_journal"])
@pytest.mark.parametrize("change", ["UPDATE {} SET posted_on = posted_on", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_database_refuses_to_change_what_was_posted(
    change: str, table: str, module_database: str
) -> None:
    number = posted(journal([100]))
    with pytest.raises(IntegrityError, match="never changed"), connection.cursor() as control:
        control.execute(change.format(table))
    assert len(entries_of(number)) == 2


def test_months_are_added_with_their_guards_and_only_once(module_database: str) -> None:
    with connection.cursor() as control:
        for _ in range(2):
            control.execute("SELECT money_make_partitions('2027-06-01', 1)")
        with pytest.raises(IntegrityError, match="never changed"):
            control.execute("DELETE FROM money_entry_202706")


def test_customers_read_their_own_account_and_staff_their_units(module_database: str) -> None:
    posted(journal([100], accounts=[91]))
    assert balance_fen(customer(9, 91), 91, UNIT) == 100
    assert len(entries_of_account(staff(Role.AGENT, units={UNIT}), 91, UNIT)) == 1
    refused = (
        partial(balance_fen, customer(9, 90), 91, UNIT),
        partial(entries_of_account, customer(9, 90), 91, UNIT),
        partial(balance_fen, staff(Role.AGENT, units={FOREIGN_UNIT}), 91, UNIT),
        partial(entries_of_account, staff(Role.READER), 91, UNIT),
        partial(ledger_sum_fen, staff(Role.READER)),
    )
    for look in refused:
        with pytest.raises(NotPermitted):
            look()


@pytest.mark.parametrize("role", [Role.READER, Role.CASHIER, Role.APPROVER, Role.AGENT])
def test_only_who_settles_posts(role: Role, module_database: str) -> None:
    wanted = journal([100], accounts=[92])
    with pytest.raises(NotPermitted):
        posted(wanted, by=staff(role))
    assert balance_fen(CLERK, 92, UNIT) == 0


@given(amounts=st.lists(st.integers(-LARGEST_FEN, LARGEST_FEN), max_size=40))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_posted_the_ledger_sums_to_zero(amounts: list[int], module_database: str) -> None:
    wanted = journal(amounts)
    number = posted(wanted)
    assert wanted.total_fen == sum(amounts)
    assert sum(amount for _, _, amount in entries_of(number)) == 0
    assert ledger_sum_fen(SYSTEM) == 0
