"""Thirteen months: billed ones as billed, the others by their registers, the same figures as before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from django.conf import settings

from acting import customer, staff
from billing.desk import CLERK
from billing.two_months import ESTIMATED, HOME, NOW, SHOP, TwoMonths, build_two_months
from mingdu.base.database import reading_connection
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.billing.account_bills import bills_of
from mingdu.billing.compare import EnergyComparison, compare_bills, compare_energy, energy_comparison
from mingdu.billing.months import Month, months_of_account, thirteen_months
from mingdu.billing.period import Period, month_before
from mingdu.core.registers import WH_PER_DIGIT, Register
from mingdu.customers.queries import UnknownAccount, account_by_id
from mingdu.metering.queries import register_segments
from small_town import FREEZES

pytestmark = pytest.mark.database

BEFORE, FIRST, _END = FREEZES


@pytest.fixture(scope="module")
def months(module_database: str) -> Iterator[TwoMonths]:
    yield build_two_months()


def counted_wh(point: int, name: str) -> int | None:
    """A month's energy the long way round, by its own segments."""
    span = Period.named(name).instants(settings.ZONE)
    parts = register_segments(reading_connection(), np.array([point]), (Register.TOTAL,), span)
    if not len(parts) or not (parts.start.found & parts.end.found).all():
        return None
    return sum(
        (int(end) - int(start)) * int(multiplier) * WH_PER_DIGIT
        for start, end, multiplier in zip(
            parts.start.digits[:, 0], parts.end.digits[:, 0], parts.multiplier, strict=True
        )
    )


def test_months_without_a_bill_are_counted_as_one_by_one(months: TwoMonths) -> None:
    for number in (HOME, SHOP, ESTIMATED):
        point = account_by_id(months.town.account_ids[number]).usage_point_id
        found = thirteen_months(lambda _first: None, point, FIRST)
        assert [month.energy_wh for month in found] == [
            counted_wh(point, f"{month.first_day:%Y-%m}") for month in found
        ]
        assert not any(month.is_billed for month in found)
        assert [month.is_estimated for month in found][-2:] == [False, number == ESTIMATED]


def test_an_account_shows_the_months_that_are_over(months: TwoMonths) -> None:
    account_id = months.town.account_ids[HOME]
    found = months_of_account(CLERK, account_id, now=NOW)
    november, december = months.bills(HOME)
    assert len(found) == 13 and [month.first_day for month in found[-2:]] == [BEFORE, FIRST]
    assert [(month.energy_wh, month.is_billed) for month in found[-2:]] == [
        (november.energy_wh, True), (december.energy_wh, True),
    ]  # fmt: skip
    assert found[0] == Month(month_before(FIRST).replace(year=2025, month=12), None, False, False)


def test_a_neighbour_and_a_reader_see_no_months(months: TwoMonths, now: datetime) -> None:
    own, foreign = (months.town.account_ids[number] for number in (HOME, SHOP))
    assert len(months_of_account(customer(1, own), own, now=now)) == 13
    with pytest.raises(UnknownAccount):
        months_of_account(customer(1, own), foreign, now=now)
    with pytest.raises(NotPermitted):
        months_of_account(staff(Role.READER), own, now=now)


def test_energy_is_compared_only_where_the_month_before_has_registers_and_no_bill(months: TwoMonths) -> None:
    november, december = (bill.id for bill in months.bills(HOME))
    assert compare_bills(CLERK, december, now=NOW) is not None
    assert compare_energy(CLERK, december, now=NOW) is None
    bills = bills_of(months.town.account_ids[HOME])
    alone = energy_comparison(replace(bills, rows=bills.rows[1:]), bills.rows[1])
    assert alone == EnergyComparison(BEFORE, bills.rows[0].energy_wh, False, bills.rows[1].energy_wh)
    # Nobody has read the registers before November.
    assert compare_energy(CLERK, november, now=NOW) is None
