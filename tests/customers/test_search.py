"""Accounts are found by number or name within one's units; points have their holder of the day."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from acting import customer, staff
from mingdu.base.actors import SYSTEM
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.customers.models import Account, Agreement
from mingdu.customers.search import Holder, find_accounts, holders_of_points
from small_town import SmallTown, register_town

pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
def town(module_database: str) -> SmallTown:
    return register_town(6, at=datetime.fromisoformat("2027-01-04T09:00:00+08:00"))


def test_finds_by_the_beginning_of_the_number_or_a_part_of_the_name(town: SmallTown) -> None:
    some = Account.objects.select_related("customer").order_by("pk")[2]
    clerk = staff(Role.CLERK, units={some.unit_id})
    assert len(find_accounts(clerk, some.account_number[:4])) == 6
    [found] = find_accounts(clerk, some.account_number)
    assert (found.pk, found.holder) == (some.pk, some.customer.name)
    assert some.pk in {row.pk for row in find_accounts(clerk, some.customer.name[:1])}
    assert not find_accounts(clerk, "") and not find_accounts(clerk, some.account_number[1:])


def test_finds_nothing_of_foreign_units_and_only_his_own_for_a_customer(town: SmallTown) -> None:
    some = Account.objects.order_by("pk")[0]
    assert not find_accounts(staff(Role.CLERK, units={some.unit_id + 1}), "0530")
    own = customer(some.customer_id, some.pk)
    assert [row.pk for row in find_accounts(own, "0530")] == [some.pk]
    with pytest.raises(NotPermitted):
        find_accounts(staff(Role.READER), "0530")


def test_names_the_holders_of_a_day_to_those_who_may_see_customers(town: SmallTown) -> None:
    agreement = Agreement.objects.select_related("account__customer").order_by("pk")[0]
    holder = Holder(agreement.account.account_number, agreement.account.customer.name)
    points, day = {agreement.usage_point_id}, date(2026, 12, 30)
    clerk = staff(Role.CLERK, units={agreement.account.unit_id})
    assert holders_of_points(SYSTEM, points, day) == holders_of_points(clerk, points, day)
    assert holders_of_points(clerk, points, day) == {agreement.usage_point_id: holder}
    assert holders_of_points(clerk, points, date(1999, 1, 1)) == {}
    assert holders_of_points(staff(Role.READER), points, day) == {}
