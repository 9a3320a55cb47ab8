"""Accounts are seen by their customer and by staff of their unit; to anybody else they do not exist."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import pytest

from acting import NOBODY, customer, staff
from mingdu.base.actors import SYSTEM, Actor
from mingdu.base.database import reading_connection
from mingdu.base.models import AuditEntry
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.customers.models import Account, Agreement, Customer
from mingdu.customers.operations import register_customers
from mingdu.customers.queries import (
    UnknownAccount,
    account_by_id,
    account_for,
    account_of_point,
    actor_of_customer,
    agreement_by_id,
    agreement_terms,
    agreements_of_points,
    own_accounts,
)
from mingdu.metering.operations import register_network

pytestmark = pytest.mark.database

Row = dict[str, Any]
HOME, FLAT, FIRM = "0530100001", "0530100002", "0531100001"
DAY = date(2026, 12, 31)
PAST_EVERY_POINT = 1 << 40


@pytest.fixture
def accounts(module_database: str, registry: Row, now: datetime) -> dict[str, Account]:
    """The registered accounts by number."""
    register_network(registry, by=SYSTEM, at=now)
    register_customers(registry, by=SYSTEM, at=now)
    return {account.account_number: account for account in Account.objects.all()}


def holder(code: str) -> Actor:
    actor = actor_of_customer(Customer.objects.get(code=code).pk)
    assert actor is not None
    return actor


def foreign_audits() -> int:
    return AuditEntry.objects.filter(verb="customers.foreign_account").count()


def test_a_customer_is_an_actor_with_his_own_accounts(accounts: dict[str, Account]) -> None:
    actor = holder("C2")
    assert (actor.is_customer, actor.name, actor.language) == (True, "郑勇", "zh")
    assert actor.account_ids == {accounts[FLAT].pk, accounts[FIRM].pk}
    assert actor_of_customer(0) is None


def test_a_customer_sees_his_own_account(accounts: dict[str, Account], now: datetime) -> None:
    seen = account_for(holder("C2"), FIRM, "billing.read", now=now)
    assert (seen.id, seen.customer_name, seen.tariff) == (accounts[FIRM].pk, "郑勇", "yunnan-two-part-10kv")
    assert [view.account_number for view in own_accounts(holder("C2"))] == [FLAT, FIRM]


def test_staff_see_the_accounts_of_their_unit(accounts: dict[str, Account], now: datetime) -> None:
    clerk = staff(Role.CLERK, units={accounts[HOME].unit_id})
    assert account_for(clerk, HOME, "billing.read", now=now).id == accounts[HOME].pk
    with pytest.raises(UnknownAccount):
        account_for(clerk, FIRM, "billing.read", now=now)
    assert account_for(staff(Role.CLERK), FIRM, "billing.read", now=now).id == accounts[FIRM].pk


def test_a_foreign_account_answers_exactly_as_an_unknown_one_and_is_audited(
    accounts: dict[str, Account], now: datetime
) -> None:
    before = foreign_audits()
    answers = []
    for number in (HOME, "0539999999"):
        with pytest.raises(UnknownAccount) as refusal:
            account_for(holder("C2"), number, "billing.read", now=now)
        answers.append(str(refusal.value.as_json()).replace(number, "N"))
    assert answers[0] == answers[1]
    assert foreign_audits() == before + 1
    entry = AuditEntry.objects.filter(verb="customers.foreign_account").latest("pk")
    assert (entry.by, entry.target, entry.details) == (
        holder("C2").id, f"account:{HOME}", {"verb": "billing.read"},
    )  # fmt: skip


def test_a_verb_that_customers_may_not_do_shows_them_nothing(
    accounts: dict[str, Account], now: datetime
) -> None:
    with pytest.raises(UnknownAccount):
        account_for(holder("C2"), FIRM, "billing.rehearse", now=now)
    with pytest.raises(UnknownAccount):
        account_for(NOBODY, FIRM, "billing.read", now=now)


def test_own_accounts_are_for_whoever_may_read_them(accounts: dict[str, Account]) -> None:
    assert own_accounts(customer(9)) == []
    with pytest.raises(NotPermitted):
        own_accounts(NOBODY)


def test_an_account_is_found_by_its_id_for_other_subjects(accounts: dict[str, Account]) -> None:
    assert account_by_id(accounts[HOME].pk).account_number == HOME
    with pytest.raises(UnknownAccount):
        account_by_id(0)


def test_an_account_without_agreement_has_no_point_and_no_tariff(accounts: dict[str, Account]) -> None:
    bare, _ = Account.objects.get_or_create(
        account_number="0530100009", customer=accounts[HOME].customer, unit=accounts[HOME].unit
    )
    seen = account_by_id(bare.pk)
    assert (seen.usage_point_id, seen.tariff) == (0, "")


def test_the_account_of_a_point_is_that_of_the_day(accounts: dict[str, Account]) -> None:
    earlier = accounts[FLAT].agreements.get()
    point = earlier.usage_point_id
    Agreement.objects.filter(pk=earlier.pk).update(valid_to=date(2026, 7, 1))
    later = Agreement.objects.create(
        account=accounts[FLAT], usage_point_id=point, tariff="yunnan-one-part-tou",
        customer_class="commercial", voltage_kv="0.38", valid_from=date(2026, 8, 1),
    )  # fmt: skip
    found = {
        day: account_of_point(point, day)
        for day in (date(2025, 11, 30), date(2025, 12, 1), date(2026, 6, 30), date(2026, 7, 1), DAY)
    }
    assert [view is not None for view in found.values()] == [False, True, True, False, True]
    assert found[DAY] == account_by_id(accounts[FLAT].pk)
    later.delete()
    Agreement.objects.filter(pk=earlier.pk).update(valid_to=None)


def test_an_agreement_is_printed_with_plain_decimals(accounts: dict[str, Account]) -> None:
    firm = agreement_by_id(accounts[FIRM].agreements.get().pk)
    assert (firm.voltage_kv, firm.capacity_kva, firm.contract_kw) == ("10", "1000", "700.5")
    home = agreement_by_id(accounts[HOME].agreements.get().pk)
    assert (home.voltage_kv, home.capacity_kva, home.contract_kw) == ("0.22", "", "")


def test_agreements_in_force_come_as_columns_by_point(accounts: dict[str, Account]) -> None:
    terms = agreements_of_points(reading_connection(), 0, PAST_EVERY_POINT, DAY)
    assert len(terms) == 3
    assert terms.account_number == [HOME, FLAT, FIRM]
    assert np.array_equal(terms.account_id, [accounts[number].pk for number in (HOME, FLAT, FIRM)])
    assert np.all(np.diff(terms.usage_point_id) > 0)
    assert (terms.contract_kw[2], terms.capacity_kva[0]) == ("700.50", "")
    assert len(agreements_of_points(reading_connection(), 0, PAST_EVERY_POINT, date(2025, 11, 30))) == 0
    first = int(terms.usage_point_id[0])
    assert agreements_of_points(reading_connection(), first, first + 1, DAY).account_number == [HOME]


def test_an_agreement_is_in_force_until_the_day_before_its_end(accounts: dict[str, Account]) -> None:
    home = accounts[HOME].agreements.get()
    Agreement.objects.filter(pk=home.pk).update(valid_to=DAY)
    in_force = [
        len(agreements_of_points(reading_connection(), 0, PAST_EVERY_POINT, day))
        for day in (date(2026, 12, 30), DAY)
    ]
    Agreement.objects.filter(pk=home.pk).update(valid_to=None)
    assert in_force == [3, 2]


@pytest.mark.parametrize("rows", [np.array([2, 0]), np.array([True, False, True])])
def test_terms_are_taken_by_number_and_by_mask(rows: Any, accounts: dict[str, Account]) -> None:
    terms = agreements_of_points(reading_connection(), 0, PAST_EVERY_POINT, DAY)
    taken = terms.take(rows)
    assert set(taken.account_number) == {HOME, FIRM}
    numbers = dict(zip(taken.account_number, taken.account_id.tolist(), strict=True))
    assert numbers == {number: accounts[number].pk for number in (HOME, FIRM)}


def test_one_agreement_comes_as_one_row(accounts: dict[str, Account]) -> None:
    terms = agreement_terms(reading_connection(), accounts[FIRM].agreements.get().pk)
    assert (terms.account_number, terms.customer_class) == ([FIRM], ["large_industry"])
    assert len(agreement_terms(reading_connection(), 0)) == 0
