"""The month up to its latest freeze: rated as a bill would be, settled once it is billed, silent in doubt."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, date, datetime
from typing import Any

import pytest

from acting import customer, staff
from billing.desk import CLERK, issued
from billing.test_bills import FACTORY_201, HOME_42, SHOP_101, case_of, reading
from billing.test_held import exchange
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.billing.queries import issued_bills
from mingdu.billing.so_far import SoFar, month_so_far
from mingdu.core.money import yuan_text
from mingdu.core.registers import Register
from mingdu.customers.queries import UnknownAccount
from mingdu.rulebook.bill_case import make_bill
from mingdu.town.identity import usage_point_code
from small_town import SmallTown, freeze_readings, register_town, registry

pytestmark = pytest.mark.database

FIRST, MIDDLE, END = date(2026, 12, 1), date(2026, 12, 11), date(2027, 1, 1)
IN_DECEMBER = datetime(2026, 12, 11, 1, 0, tzinfo=UTC)
NOW = datetime(2027, 1, 4, 1, 0, tzinfo=UTC)
EXCHANGED, BEGAN, NO_TARIFF, UNREAD, NO_START, FELL, NO_TARIFF_UNREAD, GONE = 20, 24, 28, 4, 5, 7, 8, 9
SHOWN = {FIRST: 30_000, MIDDLE: 38_000, END: 55_000}
PLANTED = (EXCHANGED, BEGAN, NO_TARIFF, UNREAD, NO_START, FELL, NO_TARIFF_UNREAD, GONE)


@pytest.fixture(scope="module")
def town(module_database: str) -> Iterator[SmallTown]:
    made = register_town(250, at=NOW, rows=altered_registry())
    for day in SHOWN:
        theirs = [each for each in freeze_readings(made.town, day) if each[0] not in PLANTED]
        assert not made.store([*theirs, *planted(day)], at=NOW).bad
    yield made


def altered_registry() -> dict[str, Any]:
    rows = deepcopy(registry(250))
    agreements = {row["usage_point"]: row for row in rows["agreements"]}
    agreements[usage_point_code(BEGAN)]["valid_from"] = "2026-12-05"
    agreements[usage_point_code(GONE)]["valid_to"] = "2026-12-05"
    for number in (NO_TARIFF, NO_TARIFF_UNREAD):
        agreements[usage_point_code(number)]["tariff"] = "no-such-tariff"
    exchange(rows, EXCHANGED, "2026-12-05T10:00:00+08:00")
    return rows


def planted(day: date) -> list[tuple[int, Register, date, int]]:
    shown = dict.fromkeys(PLANTED, SHOWN[day])
    del shown[UNREAD]
    if day == FIRST:
        del shown[NO_START], shown[NO_TARIFF_UNREAD]
    else:
        shown[EXCHANGED] += 57_000
        shown[FELL] = 29_000
    return [(number, Register.TOTAL, day, digits) for number, digits in shown.items()]


def so_far(town: SmallTown, number: int, now: datetime = IN_DECEMBER) -> SoFar | None:
    return month_so_far(CLERK, town.account_ids[number], now=now)


def case_until(town: SmallTown, number: int, until: date) -> dict[str, Any]:
    """The bill case of the days gone by, written from the town alone."""
    case = case_of(town, number)
    found = town.town.registers(slice(number, number + 1), (FIRST, until))
    case["period"] = {"from": f"{FIRST}", "to": f"{until}"}
    case["readings"] = [
        reading(Register[each["register"]], found[Register[each["register"]]][0].tolist(), each["multiplier"])
        for each in case["readings"]
    ]
    return case


@pytest.mark.parametrize("number", [HOME_42, SHOP_101, FACTORY_201])
def test_is_the_bill_that_the_days_gone_by_would_make(town: SmallTown, number: int) -> None:
    found = so_far(town, number)
    assert found is not None
    bill = make_bill(case_until(town, number, MIDDLE))
    assert (found.period_from, found.until, found.latest_day) == (FIRST, MIDDLE, date(2026, 12, 10))
    assert found.amount_fen is not None and yuan_text(found.amount_fen) == bill["total"]
    assert found.is_provisional
    assert found.register_wh[Register.TOTAL] == found.energy_wh
    periods = found.energy_wh - found.register_wh[Register.PEAK] - found.register_wh[Register.VALLEY]
    assert abs(periods - found.register_wh[Register.FLAT]) <= 30


def test_a_fixed_charge_stands_there_whole_from_the_first_day(town: SmallTown) -> None:
    part = so_far(town, FACTORY_201)
    bill = make_bill(case_until(town, FACTORY_201, MIDDLE))
    demand = next(line for line in bill["lines"] if line["id"] == "demand")
    # The contract of 700 kW and what is above its band, which the factory drew in the first days.
    assert (demand["quantity"], demand["amount"]) == ("747.4", "28102.24")
    assert part is not None and part.amount_fen is not None and yuan_text(part.amount_fen) == bill["total"]


def test_days_that_nobody_has_read_yet_are_left_out(town: SmallTown) -> None:
    later = so_far(town, HOME_42, datetime(2026, 12, 14, 1, 0, tzinfo=UTC))
    assert later == so_far(town, HOME_42)


def test_adds_up_both_meters_of_an_exchange(town: SmallTown) -> None:
    found = so_far(town, EXCHANGED)
    assert found is not None
    # The old meter went from 300 to 550 kWh, the new one from 900 to 950; 170×0.45 + 90×0.50 + 40×0.80.
    assert (found.energy_wh, found.amount_fen) == (300_000, 15_350)
    assert found.register_wh == {Register.TOTAL: 300_000}


def test_says_the_energy_where_no_rule_has_a_price(town: SmallTown) -> None:
    found = so_far(town, NO_TARIFF)
    assert found is not None
    assert (found.energy_wh, found.amount_fen) == (80_000, None)


@pytest.mark.parametrize("number", [UNREAD, NO_START, NO_TARIFF_UNREAD, FELL, BEGAN, GONE])
def test_says_nothing_where_there_would_be_no_bill(town: SmallTown, number: int) -> None:
    assert so_far(town, number) is None


def test_says_nothing_when_the_latest_freeze_is_older_than_a_month(town: SmallTown) -> None:
    assert so_far(town, HOME_42, datetime(2027, 3, 1, 1, 0, tzinfo=UTC)) is None


def test_is_settled_once_the_month_is_billed(town: SmallTown) -> None:
    before = so_far(town, HOME_42, NOW)
    assert before is not None and before.is_provisional
    issued(NOW)
    after = so_far(town, HOME_42, NOW)
    (bill,) = issued_bills(town.account_ids[HOME_42])
    assert after is not None and not after.is_provisional
    assert (after.period_from, after.until) == (FIRST, END)
    assert (after.energy_wh, after.amount_fen) == (310_000, 16_150) == (bill.energy_wh, bill.total_fen)
    assert (before.energy_wh, before.amount_fen) == (after.energy_wh, after.amount_fen)
    assert before.register_wh == after.register_wh


def test_a_foreign_account_looks_like_none(town: SmallTown) -> None:
    own = town.account_ids[HOME_42]
    neighbour = customer(1, own)
    assert month_so_far(neighbour, own, now=IN_DECEMBER) is not None
    for account_id in (town.account_ids[SHOP_101], 10**9):
        with pytest.raises(UnknownAccount):
            month_so_far(neighbour, account_id, now=IN_DECEMBER)
    with pytest.raises(NotPermitted):
        month_so_far(staff(Role.READER), own, now=IN_DECEMBER)
