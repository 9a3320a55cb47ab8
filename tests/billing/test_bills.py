"""Issued bills of a town with homes, shops and the factory: judged by two twins and by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from acting import customer, staff
from billing.desk import APPROVER, CLERK, issued, ledger_sums, receivables, rows_of_run
from mingdu.base.models import AuditEntry
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.billing import queries
from mingdu.billing.document import BillNotReproduced
from mingdu.billing.queries import UnknownBill
from mingdu.core.bill_check import verify_bill
from mingdu.core.money import yuan_text
from mingdu.core.registers import WH_PER_DIGIT, Register
from mingdu.money.queries import balance_fen, entries_of_account, ledger_sum_fen
from mingdu.rulebook.bill_case import make_bill
from mingdu.town.identity import account_number
from mingdu.town.model import NO_REGISTER
from mingdu.town.registry import HOME, PLANT, SHOP
from small_town import FREEZES, SmallTown, build_small_town, midnight
from tables import worked_cases

pytestmark = pytest.mark.database

NOW = datetime(2027, 1, 4, 1, 0, tzinfo=UTC)
HOME_42, SHOP_101, FACTORY_201 = 42, 101, 201
WORKED = worked_cases("town_bills")
PERIODS = (Register.PEAK, Register.FLAT, Register.VALLEY)
FACTORY_ONLY = (Register.REACTIVE_FORWARD, Register.REACTIVE_REVERSE, Register.DEMAND)


@dataclass(frozen=True)
class Month:
    """A town whose December is issued, with the issued bills by point number."""

    town: SmallTown
    rows: dict[int, Any]

    def document(self, number: int, by: Any = CLERK) -> dict[str, Any]:
        return queries.bill_json(by, self.rows[number].id, now=NOW)


@pytest.fixture(scope="module")
def month(module_database: str) -> Iterator[Month]:
    town = build_small_town(250, at=NOW)
    rows = {row.account_id: row for row in rows_of_run(issued(NOW))}
    numbers = {account: number for number, account in town.account_ids.items()}
    yield Month(town, {numbers[account]: row for account, row in rows.items()})


def case_of(town: SmallTown, number: int) -> dict[str, Any]:
    """The bill case of a point, written from the town and its registry alone."""
    roster = town.town.bucket(0).roster
    (row,) = (n for n, each in enumerate(roster.number.tolist()) if each == number)
    kind = PLANT if number == FACTORY_201 else SHOP if roster.is_shop[row] else HOME
    registers = (
        Register.TOTAL,
        *((*PERIODS, *FACTORY_ONLY) if kind is PLANT else PERIODS if kind is SHOP else ()),
    )
    found = town.town.registers(slice(number, number + 1), FREEZES[1:])
    account: dict[str, Any] = {"number": account_number(number), "class": kind["class"]}
    account |= {"voltage_kv": kind["voltage_kv"], "capacity_kva": f"{int(roster.capacity_w[row]) // 1000}"}
    return {
        "schema": "mingdu/bill-case/1",
        "account": account | ({"contract_kw": "700"} if kind is PLANT else {}),
        "period": {"from": "2026-12-01", "to": "2027-01-01"},
        "tariff": kind["tariff"],
        "readings": [
            reading(register, found[register][0].tolist(), int(roster.multiplier[row]))
            for register in registers
        ],
    }


def reading(register: Register, digits: list[int], multiplier: int) -> dict[str, Any]:
    assert NO_REGISTER not in digits
    decimals = 4 if register is Register.DEMAND else 2
    start, end = (f"{n // 10**decimals}.{n % 10**decimals:0{decimals}d}" for n in digits)
    return {
        "register": register.name, "from": "0" if register is Register.DEMAND else start, "to": end,
        "multiplier": multiplier, "digits": 6, "quality": "measured",
    }  # fmt: skip


def test_every_bill_is_the_one_that_its_case_makes(month: Month) -> None:
    for number, row in month.rows.items():
        bill = make_bill(case_of(month.town, number))
        assert yuan_text(row.total_fen) == bill["total"], number
        document = month.document(number)
        assert document["lines"] == bill["lines"], number
        assert document["rules_hash"] == bill["rules_hash"] == row.rules_hash


def test_the_independent_checker_agrees_with_every_bill(month: Month) -> None:
    kinds = set()
    for number in month.rows:
        document = month.document(number)
        assert verify_bill(document) == {"ok": True}, number
        kinds.add(document["input"]["account"]["class"])
    assert kinds == {"residential", "commercial", "large_industry"}


@pytest.mark.parametrize("number", [HOME_42, SHOP_101, FACTORY_201])
def test_makes_the_bill_that_was_worked_by_hand(month: Month, number: int) -> None:
    worked = [row for row in WORKED if row["account"] == account_number(number)]
    document = month.document(number)
    stated = [
        {
            "line": line["id"],
            "quantity": line.get("quantity", line.get("base")),
            "price": line.get("price", line.get("rate")),
            "amount": line["amount"],
        }
        for line in document["lines"]
    ]
    stated.append({"line": "total", "quantity": "", "price": "", "amount": document["total"]})
    assert stated == [{name: row[name] for name in stated[0]} for row in worked]


def test_every_line_tells_clause_source_and_readings(month: Month) -> None:
    for number in (HOME_42, SHOP_101, FACTORY_201):
        document = month.document(number)
        for line in document["lines"]:
            assert line["clause"] and line["source"] and line["readings"]
            assert isinstance(line["verified"], bool)
        named = {line["readings"][0] for line in document["lines"]}
        assert named <= {reading["register"] for reading in document["input"]["readings"]}
        assert document["input"]["readings"][0]["quality"] == "measured"


def test_marks_prices_that_are_for_demonstration(month: Month) -> None:
    for number in (SHOP_101, FACTORY_201):
        notes = {line["id"]: line.get("note", "") for line in month.document(number)["lines"]}
        marked = {line.partition(".")[0] for line, note in notes.items() if note == "演示价"}
        assert marked == {"purchase", "line_loss", "system_fee"}


def test_the_ledger_holds_each_bill_once(month: Month) -> None:
    assert receivables() == {row.account_id: row.total_fen for row in month.rows.values()}
    assert set(ledger_sums().values()) == {0}
    assert ledger_sum_fen(CLERK) == 0
    row = month.rows[HOME_42]
    (entry,) = entries_of_account(CLERK, row.account_id, 1)
    assert (entry.bill_id, entry.amount_fen) == (row.id, 16_150)
    assert balance_fen(CLERK, row.account_id, 1) == 16_150


def test_energy_is_what_the_registers_say(month: Month) -> None:
    for row in month.rows.values():
        used = (row.to_digits[0] - row.from_digits[0]) * WH_PER_DIGIT * row.multiplier
        assert (row.registers[0], row.energy_wh) == (Register.TOTAL, used)


def test_lists_the_bills_of_an_account(month: Month) -> None:
    row = month.rows[HOME_42]
    (view,) = queries.bills_of_account(customer(1, row.account_id), row.account_id)
    assert (view.id, view.period, view.kind, view.total_fen) == (row.id, "2026-12", "bill", 16_150)
    assert (view.of_bill_id, view.is_current, view.registers) == (0, True, (Register.TOTAL,))
    assert view.read_to == midnight(FREEZES[2])
    assert queries.bill_of_account(row.account_id, row.id) == view
    assert queries.current_bills_of_point(row.usage_point_id, midnight(FREEZES[2])) == [view]
    assert queries.current_bills_of_point(row.usage_point_id, midnight(FREEZES[1])) == [view]
    within = midnight(FREEZES[1]) + timedelta(days=9, hours=10)
    assert queries.current_bills_of_point(row.usage_point_id, within) == [view]
    assert queries.current_bills_of_point(row.usage_point_id, midnight(FREEZES[0])) == []


def test_a_foreign_bill_looks_like_none(month: Month) -> None:
    own, foreign = month.rows[HOME_42], month.rows[SHOP_101]
    neighbour = customer(1, own.account_id)
    assert queries.bill_json(neighbour, own.id, now=NOW)["total"] == "161.50"
    for account_id in (foreign.account_id, 10**9):
        with pytest.raises(UnknownBill):
            queries.bills_of_account(neighbour, account_id)
    for bill_id in (foreign.id, 10**9):
        with pytest.raises(UnknownBill) as refused:
            queries.bill_json(neighbour, bill_id, now=NOW)
        assert refused.value.message == f"no bill {bill_id}"
    written = AuditEntry.objects.filter(verb="billing.foreign_bill")
    assert [(row.by, row.target, row.details) for row in written] == [
        (neighbour.id, f"bill:{foreign.id}", {"verb": "billing.read"})
    ]
    with pytest.raises(UnknownBill):
        queries.bill_of_account(own.account_id, foreign.id)


def test_colleagues_see_the_bills_of_their_units(month: Month) -> None:
    row = month.rows[HOME_42]
    assert queries.bill_json(staff(Role.AGENT, units={1}), row.id, now=NOW)["bill"] == row.id
    elsewhere = staff(Role.AGENT, units={2})
    with pytest.raises(UnknownBill):
        queries.bill_json(elsewhere, row.id, now=NOW)
    with pytest.raises(UnknownBill):
        queries.bills_of_account(elsewhere, row.account_id)


@pytest.mark.parametrize("role", [Role.READER, Role.ENGINEER, Role.INSPECTOR, Role.ADMINISTRATOR])
def test_who_has_nothing_to_do_with_bills_sees_none(month: Month, role: Role) -> None:
    with pytest.raises(NotPermitted):
        queries.bills_of_account(staff(role), month.rows[HOME_42].account_id)
    with pytest.raises(NotPermitted):
        queries.bill_json(staff(role), month.rows[HOME_42].id, now=NOW)


def test_refuses_to_print_what_it_cannot_reproduce(month: Month) -> None:
    from django.db import transaction

    from mingdu.base.database import transaction_connection
    from mingdu.billing.rows import insert_row, reserve_ids

    row = month.rows[HOME_42]
    with transaction.atomic():
        conn = transaction_connection()
        damaged = replace(
            row, id=int(reserve_ids(conn, 1)[0]), amounts_fen=(7650, 4500, 4001), total_fen=16_151
        )
        insert_row(conn, damaged)
        with pytest.raises(BillNotReproduced) as refused:
            queries.bill_json(CLERK, damaged.id, now=NOW)
        transaction.set_rollback(True)
    assert refused.value.values["stored"]["tier.3"] == "40.01"
    assert refused.value.values["computed"]["tier.3"] == "40.00"


def test_the_proposer_and_the_approver_are_on_the_run(month: Month) -> None:
    (view,) = queries.runs(CLERK)
    assert (view.proposed_by, view.approved_by, view.issued_bills) == (CLERK.id, APPROVER.id, len(month.rows))
    assert date(2026, 12, 1) == month.rows[HOME_42].period_from
