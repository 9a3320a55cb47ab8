"""A bill beside that of the month before: causes in words whose amounts sum to the difference."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.utils.translation import override

from acting import customer, staff
from billing.desk import CLERK, fetch
from billing.two_months import BEFORE, CORRECTED, FACTORY, HOME, NOW, SHOP, TwoMonths, build_two_months
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.billing.account_bills import bills_of
from mingdu.billing.compare import Comparison, compare_bills, comparison
from mingdu.billing.queries import UnknownBill
from mingdu.main.catalogues import compile_catalogues

pytestmark = pytest.mark.database

LATER = datetime(2027, 1, 5, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def months(module_database: str) -> Iterator[TwoMonths]:
    compile_catalogues()
    yield build_two_months()


def compared(months: TwoMonths, number: int) -> Comparison:
    found = compare_bills(CLERK, months.december(number), now=NOW)
    assert found is not None
    return found


def test_every_difference_is_explained_to_the_fen(months: TwoMonths) -> None:
    pairs = 0
    for number in months.town.account_ids:
        bills = {bill.period: bill for bill in months.bills(number)}
        if len(bills) == 2:
            found = compared(months, number)
            assert (found.before_id, found.before_fen) == (bills["2026-11"].id, bills["2026-11"].total_fen)
            assert found.after_fen == bills["2026-12"].total_fen
            assert sum(cause.amount_fen for cause in found.causes) == found.after_fen - found.before_fen
            assert all(cause.words and cause.amount_fen for cause in found.causes)
            pairs += 1
    assert pairs > 200


def test_tells_a_home_what_the_day_the_use_and_the_season_did(months: TwoMonths) -> None:
    with override("en"):
        found = compared(months, HOME)
    # 309.30 kWh at one price in November; 310 kWh in tiers in December.
    assert (found.before_fen, found.after_fen) == (13_919, 16_150)
    assert [(cause.code, cause.amount_fen, cause.words) for cause in found.causes] == [
        ("days", 463, "31 days instead of 30: at the same daily use +10.31 kWh"),
        ("energy", -432, "9.61 kWh less used, the number of days left aside"),
        ("price", 2_200, "Another price table holds this month: new prices or another season"),
    ]


def test_tells_a_shop_which_periods_moved(months: TwoMonths) -> None:
    with override("zh-hans"):
        found = compared(months, SHOP)
    shift = next(cause for cause in found.causes if cause.code == "shift")
    assert shift.words == "各时段用电占比变化：峰 37.9% → 37.6%，平 38.2% → 38.4%，谷 23.9% → 24.1%"


def test_tells_a_factory_what_its_demand_and_power_factor_did(months: TwoMonths) -> None:
    with override("en"):
        words = {cause.code: cause.words for cause in compared(months, FACTORY).causes}
    assert words["demand"] == "Basic charge for 747.4 kW instead of 700 kW"
    assert set(words) >= {"days", "energy", "demand"}


def test_words_where_the_month_has_fewer_days(months: TwoMonths) -> None:
    bills = bills_of(months.town.account_ids[HOME])
    november, december = bills.rows[0], bills.rows[-1]
    with override("en"):
        less, same = comparison(december, november), comparison(december, december)
    assert less is not None and same is not None
    assert same.causes == ()
    assert less.causes[0].words == "30 days instead of 31: at the same daily use −10.00 kWh"
    assert less.causes[1].words == "9.30 kWh more used, the number of days left aside"


def test_the_first_bill_has_nothing_beside_it(months: TwoMonths) -> None:
    assert compare_bills(CLERK, months.bills(HOME)[0].id, now=NOW) is None


def test_a_corrected_month_is_compared_by_its_rebill_and_a_reversal_not_at_all(months: TwoMonths) -> None:
    november = months.bills(CORRECTED)[0]
    correction = months.correct(CORRECTED, BEFORE, -1_000, november.id, at=LATER)
    found = compare_bills(CLERK, months.december(CORRECTED), now=LATER)
    assert found is not None and found.before_id == correction.rebill_id
    # Ten kWh more at 0.45.
    assert found.before_fen - november.total_fen == 450
    assert compare_bills(CLERK, correction.reversal_id, now=LATER) is None


def test_a_foreign_bill_looks_like_none_and_leaves_a_trace(months: TwoMonths) -> None:
    own, foreign = months.december(HOME), months.december(SHOP)
    neighbour = customer(1, months.town.account_ids[HOME])
    assert compare_bills(neighbour, own, now=NOW) is not None
    for bill_id in (foreign, 10**9):
        with pytest.raises(UnknownBill) as refused:
            compare_bills(neighbour, bill_id, now=NOW)
        assert refused.value.message == f"no bill {bill_id}"
    assert fetch("SELECT target FROM base_auditentry WHERE verb = 'billing.foreign_bill'") == [
        (f"bill:{foreign}",)
    ]
    with pytest.raises(NotPermitted):
        compare_bills(staff(Role.READER), own, now=NOW)
