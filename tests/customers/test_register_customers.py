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
from mingdu.customers.operations import AgreementsOverlap, PointsNotRegistered, register_customers
from mingdu.metering.operations import register_network
from mingdu.rulebook.document import BadDocument, BadUnit

pytestmark = pytest.mark.database

Row = dict[str, Any]
FLAT, FIRM = "0530100002", "0531100001"


@pytest.fixture
def network(module_database: str, registry: Row, now: datetime) -> Iterator[Row]:
    """The registry, its network registered; all of it is taken back after the test."""
    with transaction.atomic():
        register_network(registry, by=SYSTEM, at=now)
        yield registry
        transaction.set_rollback(True)


def point_of(account: str) -> str:
    return f"P{account}"


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


@pytest.mark.parametrize(
    ("part", "place", "key", "value"),
    [
        ("customers", 0, "name", None),
        ("customers", 1, "name", "x" * 101),
        ("contacts", 1, "customer", "C3"),
        ("contacts", 0, "phone", 13800000001),
        ("accounts", 2, "customer", "C3"),
        ("accounts", 0, "account", "0599999999"),
        ("agreements", 1, "account", "0599999999"),
        ("agreements", 1, "usage_point", "Pcheck"),
        ("agreements", 0, "tariff", ""),
        ("agreements", 0, "tariff", "a\0b"),
        ("agreements", 0, "voltage_kv", "1000"),
        ("agreements", 2, "capacity_kva", -1),
        ("agreements", 2, "contract_kw", "700 kW"),
        ("agreements", 0, "valid_from", "yesterday"),
        ("agreements", 0, "valid_to", "2025-12-01"),
        ("usage_points", 1, "service_location", None),
    ],
)
def test_a_bad_entry_is_named_by_its_key_and_nothing_is_entered(
    network: Row, now: datetime, part: str, place: int, key: str, value: object
) -> None:
    network[part][place][key] = value
    with pytest.raises((BadDocument, BadUnit)) as refusal:
        register_customers(network, by=SYSTEM, at=now)
    assert refusal.value.values["key"] == f"{part}[{place}].{key}"
    assert counts() == (0, 0, 0, 0)


@pytest.mark.parametrize("part", ["customers", "contacts", "accounts", "agreements", "usage_points"])
def test_refuses_a_registry_that_lacks_a_part(network: Row, now: datetime, part: str) -> None:
    del network[part]
    with pytest.raises(BadDocument) as refusal:
        register_customers(network, by=SYSTEM, at=now)
    assert refusal.value.values["key"] == part


def test_refuses_an_account_without_an_agreement(network: Row, now: datetime) -> None:
    del network["agreements"][1]
    with pytest.raises(BadDocument) as refusal:
        register_customers(network, by=SYSTEM, at=now)
    assert refusal.value.values["key"] == "accounts[1].account"


def test_a_later_agreement_is_added_at_its_own_usage_point(network: Row, now: datetime) -> None:
    first = network["agreements"][0]
    first["valid_to"] = "2026-07-01"
    register_customers(network, by=SYSTEM, at=now)
    moved = {**first, "usage_point": point_of(FLAT), "valid_from": "2026-07-01", "valid_to": None}
    network["agreements"].append(moved)
    for _ in range(2):
        register_customers(network, by=SYSTEM, at=now)
    stored = Agreement.objects.filter(account__account_number=first["account"]).order_by("valid_from")
    codes = stored.values_list("usage_point__code", "valid_from")
    assert list(codes) == [
        (first["usage_point"], date(2025, 12, 1)), (point_of(FLAT), date(2026, 7, 1)),
    ]  # fmt: skip


def test_refuses_two_agreements_of_an_account_at_once(network: Row, now: datetime) -> None:
    network["agreements"].append({**network["agreements"][0], "valid_from": "2026-07-01"})
    with pytest.raises(AgreementsOverlap), transaction.atomic():
        register_customers(network, by=SYSTEM, at=now)
    assert counts() == (0, 0, 0, 0)


def test_refuses_customers_before_their_network(network: Row, now: datetime) -> None:
    for rows in (network["usage_points"], network["agreements"]):
        rows[0]["usage_point"] = "nowhere"
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
