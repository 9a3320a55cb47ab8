"""A registry's customers are entered once, on units where the clerk may."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from acting import NOBODY, staff
from mingdu.base.actors import SYSTEM
from mingdu.base.models import AuditEntry, OrgUnit
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.customers.models import Account, Agreement, Contact, Customer
from mingdu.customers.operations import PointsNotRegistered, register_customers
from mingdu.metering.operations import register_network

pytestmark = pytest.mark.database

Row = dict[str, Any]
FIRM = "0531100001"


@pytest.fixture
def network(module_database: str, registry: Row, now: datetime) -> Iterator[Row]:
    """The registry, its network registered; all of it is taken back after the test."""
    with transaction.atomic():
        register_network(registry, by=SYSTEM, at=now)
        yield registry
        transaction.set_rollback(True)


def counts() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Customer, Contact, Account, Agreement))


def test_enters_customers_contacts_accounts_and_agreements(network: Row, now: datetime) -> None:
    assert register_customers(network, by=SYSTEM, at=now) == 3
    assert counts() == (2, 2, 3, 3)
    firm = Account.objects.get(account_number=FIRM)
    assert (firm.customer.name, firm.unit.code, firm.service_location) == ("郑勇", "0531", "青柳路 1 号")
    agreement = firm.agreements.get()
    assert (agreement.tariff, agreement.customer_class) == ("yunnan-two-part-10kv", "large_industry")
    assert (agreement.voltage_kv, agreement.capacity_kva) == (Decimal(10), Decimal(1000))
    assert agreement.contract_kw == Decimal("700.5")
    assert AuditEntry.objects.get(verb="customers.register").details == {"accounts": 3}


def test_what_is_there_already_stays_as_it_is(network: Row, now: datetime) -> None:
    register_customers(network, by=SYSTEM, at=now)
    network["customers"][0]["name"] = "another name"
    network["agreements"][0]["tariff"] = "another tariff"
    register_customers(network, by=SYSTEM, at=now)
    assert counts() == (2, 2, 3, 3)
    assert not Customer.objects.filter(name="another name").exists()
    assert not Agreement.objects.filter(tariff="another tariff").exists()


def test_an_agreement_may_have_an_end(network: Row, now: datetime) -> None:
    network["agreements"][0]["valid_to"] = "2026-07-01"
    register_customers(network, by=SYSTEM, at=now)
    assert Agreement.objects.get(valid_to__isnull=False).valid_to == date(2026, 7, 1)


def test_refuses_customers_before_their_network(network: Row, now: datetime) -> None:
    network["agreements"][0]["usage_point"] = "nowhere"
    with pytest.raises(PointsNotRegistered) as refusal:
        register_customers(network, by=SYSTEM, at=now)
    assert refusal.value.values == {"usage_point": "nowhere"}
    assert counts() == (0, 0, 0, 0)


def test_refuses_a_clerk_who_lacks_one_of_the_units(network: Row, now: datetime) -> None:
    own = OrgUnit.objects.get(code="0530").pk
    for actor in (NOBODY, staff(Role.READER), staff(Role.CLERK, units={own})):
        with pytest.raises(NotPermitted):
            register_customers(network, by=actor, at=now)
    assert counts() == (0, 0, 0, 0)


def test_the_database_refuses_two_agreements_of_an_account_at_a_time(network: Row, now: datetime) -> None:
    register_customers(network, by=SYSTEM, at=now)
    standing = Agreement.objects.get(account__account_number=FIRM)
    Agreement.objects.filter(pk=standing.pk).update(valid_to=date(2026, 7, 1))
    standing.pk, standing.valid_from = None, date(2026, 7, 1)
    standing.save()
    standing.pk, standing.valid_from = None, date(2026, 6, 30)
    with pytest.raises(IntegrityError, match="one_agreement_an_account_at_a_time"):
        standing.save()
