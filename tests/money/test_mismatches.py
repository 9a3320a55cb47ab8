"""Payments that do not fit their order are settled by a colleague: booked as they came, or dismissed."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from acting import staff
from mingdu.base.actors import SYSTEM, Actor
from mingdu.base.models import AuditEntry
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.money.ledgers import Ledger
from mingdu.money.models import MismatchSettlement, Payment, PaymentNotice, PaymentOrder
from mingdu.money.operations import (
    MismatchSettled,
    SettledWithoutReason,
    TransactionBooked,
    UnknownMismatch,
    Verdict,
    settle_mismatch,
)
from mingdu.money.payment_words import MismatchOutcome, NoticeVerdict, OrderState
from mingdu.money.queries import balance_fen, ledger_sum_fen, order_by_number, receipt_by_number
from mingdu.work.operations import NotTaskOwner, assign_task, complete_task
from mingdu.work.queries import tasks_about
from money.paying import AT, Payer, contract, entries, new_payer, said, signed, take
from threads import at_once

pytestmark = pytest.mark.database

BOOKED, RETURNED, UNFOUNDED = MismatchOutcome
BANK, RECEIVABLE = Ledger.BANK, Ledger.RECEIVABLE


@pytest.fixture
def payer(module_database: str) -> Payer:
    return new_payer()


def wrong(order: PaymentOrder, amount_fen: int, transaction: str = "") -> int:
    """Let the gateway say what does not fit; gives the notice's number."""
    changed = {"transaction": transaction} if transaction else {}
    assert take(signed(said(order, amount_fen=amount_fen, **changed))).is_doubtful
    return PaymentNotice.objects.latest("pk").pk


def settle(
    notice: int, outcome: MismatchOutcome = BOOKED, *, reason: str = "核对单无误", by: Actor | None = None
) -> MismatchSettlement:
    verdict = Verdict(notice, outcome, reason)
    return settle_mismatch(verdict, contract(), by=by or staff(Role.CASHIER), at=AT)


def state(payer: Payer, order: PaymentOrder) -> OrderState:
    return order_by_number(payer.by, order.number, now=AT).state


def outcomes_of_tasks(order: PaymentOrder) -> list[str]:
    return [task.outcome for task in tasks_about(SYSTEM, f"payment_order:{order.number}")]


@pytest.mark.parametrize(
    ("came_fen", "shares"), [(700, (700, 0, 0)), (1900, (1000, 900, 0)), (2600, (1000, 1500, 100))]
)
def test_what_came_is_booked_as_it_came(payer: Payer, came_fen: int, shares: tuple[int, ...]) -> None:
    older, newer = payer.owes(1000, 1500)
    order = payer.orders(1200)
    settlement = settle(wrong(order, came_fen))
    expected = {(RECEIVABLE, bill): -share for bill, share in zip((older, newer, 0), shares, strict=True)}
    assert entries(payer.account.pk) == {
        (BANK, 0): came_fen, **{key: amount for key, amount in expected.items() if amount},
    }  # fmt: skip
    assert (settlement.booked_on, state(payer, order)) == (order, OrderState.PAID)
    receipt = receipt_by_number(payer.by, order.number, now=AT)
    assert (receipt.amount_fen, receipt.credit_fen) == (came_fen, shares[2])
    assert (ledger_sum_fen(SYSTEM), outcomes_of_tasks(order)) == (0, ["booked"])
    # The gateway says it once more: it is what is booked.
    assert take(signed(said(order, amount_fen=came_fen))) is NoticeVerdict.REPEATED
    audit = AuditEntry.objects.filter(target=f"payment_order:{order.number}", by="person:7").order_by("pk")
    assert list(audit.values_list("verb", flat=True)) == ["money.post_payment", "money.settle_mismatch"]


@pytest.mark.parametrize("outcome", [RETURNED, UNFOUNDED])
def test_what_did_not_stay_is_booked_nowhere(payer: Payer, outcome: MismatchOutcome) -> None:
    payer.owes(1000)
    order = payer.orders(1000)
    notice = wrong(order, 1100)
    settlement = settle(notice, outcome, reason=" 已原路退回 ")
    assert (settlement.booked_on, settlement.reason) == (None, "已原路退回")
    assert (entries(payer.account.pk), state(payer, order)) == ({}, OrderState.SETTLED)
    assert outcomes_of_tasks(order) == [outcome.value]
    # Another transaction afterwards is a question of its own, and the right payment is posted.
    wrong(order, 1200, f"44{order.number}")
    assert (state(payer, order), outcomes_of_tasks(order)) == (OrderState.DOUBTFUL, [outcome.value, ""])
    assert take(signed(said(order, transaction=f"45{order.number}"))) is NoticeVerdict.POSTED


def test_a_second_payment_of_one_order_is_booked_on_an_order_of_its_own(payer: Payer) -> None:
    (bill,) = payer.owes(1000)
    order = payer.orders(1000)
    take(signed(said(order)))
    settlement = settle(wrong(order, 1000, "46twice"))
    beside = settlement.booked_on
    assert beside is not None and beside.pk != order.pk
    assert entries(payer.account.pk) == {(BANK, 0): 2000, (RECEIVABLE, bill): -1000, (RECEIVABLE, 0): -1000}
    receipt = receipt_by_number(payer.by, beside.number, now=AT)
    assert (receipt.transaction, receipt.credit_fen) == ("46twice", 1000)
    assert balance_fen(payer.by, payer.account.pk, payer.account.unit_id) == -1000
    assert outcomes_of_tasks(order) == ["booked"]


def test_money_is_not_booked_twice(payer: Payer) -> None:
    payer.owes(1000)
    order = payer.orders(1000)
    notice = wrong(order, 1100)
    take(signed(said(order)))
    with pytest.raises(TransactionBooked):
        settle(notice)
    assert (outcomes_of_tasks(order), MismatchSettlement.objects.filter(order=order).count()) == ([""], 0)
    settle(notice, UNFOUNDED)
    with pytest.raises(MismatchSettled):
        settle(notice, UNFOUNDED)


def test_of_two_colleagues_at_once_one_settles_it(payer: Payer) -> None:
    payer.owes(1000)
    order = payer.orders(1000)
    outcomes = at_once([partial(settle, wrong(order, 1100))] * 4)
    assert sorted(type(each).__name__ for each in outcomes) == ["MismatchSettled"] * 3 + [
        "MismatchSettlement"
    ]
    assert Payment.objects.get(order=order).amount_fen == 1100


def test_a_task_that_was_ended_by_hand_leaves_the_money_to_be_settled(payer: Payer) -> None:
    payer.owes(1000)
    order = payer.orders(1000)
    notice = wrong(order, 1100)
    (task,) = tasks_about(SYSTEM, f"payment_order:{order.number}")
    complete_task(task.id, "done", by=staff(Role.CASHIER), at=AT)
    assert state(payer, order) is OrderState.DOUBTFUL
    settle(notice)
    assert (state(payer, order), outcomes_of_tasks(order)) == (OrderState.PAID, ["done"])


def test_cashiers_and_managers_settle_and_nobody_else(payer: Payer) -> None:
    payer.owes(1000)
    order = payer.orders(1000)
    notice = wrong(order, 1100)
    for by in (staff(Role.CLERK), payer.by, staff(Role.CASHIER, units={99})):
        with pytest.raises(NotPermitted):
            settle(notice, by=by)
    assert settle(notice, by=staff(Role.MANAGER)).settled_by == "person:7"


def test_whoever_has_the_task_in_hand_settles(payer: Payer) -> None:
    from mingdu.base.operations import create_person, grant_role

    payer.owes(1000)
    order = payer.orders(1000)
    notice = wrong(order, 1100)
    (task,) = tasks_about(SYSTEM, f"payment_order:{order.number}")
    person = create_person("cashier", "收费员", password="right", unit=payer.account.unit, by=SYSTEM, at=AT)
    grant_role(person, Role.CASHIER, unit=payer.account.unit, by=SYSTEM, at=AT)
    assign_task(task.id, person.pk, by=staff(Role.MANAGER), at=AT)
    with pytest.raises(NotTaskOwner):
        settle(notice)
    # Nothing of it stays when the task is another's.
    assert (entries(payer.account.pk), state(payer, order)) == ({}, OrderState.DOUBTFUL)


def test_refuses_what_is_no_mismatch_and_what_has_no_reason(payer: Payer) -> None:
    payer.owes(1000)
    order = payer.orders(1000)
    notice = wrong(order, 1100)
    take(signed(said(payer.orders(900))))
    posted = PaymentNotice.objects.latest("pk").pk
    for number in (posted, 999_999):
        with pytest.raises(UnknownMismatch):
            settle(number)
    with pytest.raises(SettledWithoutReason):
        settle(notice, reason="  ")
    other = replace(contract(), number="another")
    with pytest.raises(UnknownMismatch):
        settle_mismatch(Verdict(notice, BOOKED, "x"), other, by=staff(Role.CASHIER), at=AT)
