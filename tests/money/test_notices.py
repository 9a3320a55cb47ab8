"""The gateway's word: posted once however often, late or twisted it comes, and never believed unproven."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acting import staff
from listening import heard, listening
from mingdu.base.actors import SYSTEM
from mingdu.base.models import AuditEntry
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.money.events import PaymentReceived
from mingdu.money.ledgers import Ledger
from mingdu.money.models import Payment, PaymentNotice, PaymentOrder
from mingdu.money.operations import RawNotice, take_notice
from mingdu.money.operations.notices import MOST_BYTES, WINDOW
from mingdu.money.payment_words import Channel, NoticeVerdict, OrderState
from mingdu.money.queries import (
    balance_fen,
    ledger_sum_fen,
    order_by_number,
    owed_by_account,
    payment_notices,
)
from mingdu.money.signatures import Signed
from mingdu.work.queries import tasks_about
from money.paying import AT, Payer, charge, contract, entries, new_payer, said, signed, take, verdicts
from threads import at_once

pytestmark = pytest.mark.database

BANK, RECEIVABLE = Ledger.BANK, Ledger.RECEIVABLE
AWAY = WINDOW + timedelta(minutes=2)


@pytest.fixture
def payer(module_database: str) -> Payer:
    return new_payer()


def state(payer: Payer, order: PaymentOrder) -> OrderState:
    return order_by_number(payer.by, order.number, now=AT + timedelta(minutes=2)).state


def balance(payer: Payer) -> int:
    return balance_fen(payer.by, payer.account.pk, payer.account.unit_id)


def test_a_payment_debits_the_bank_and_settles_the_bill(payer: Payer) -> None:
    (bill,) = payer.owes(13927)
    order = payer.orders(13927)
    assert (order.bill_ids, state(payer, order)) == ([bill], OrderState.WAITING)
    with listening(PaymentReceived):
        assert take(signed(said(order))) is NoticeVerdict.POSTED
    assert entries(payer.account.pk) == {(BANK, 0): 13927, (RECEIVABLE, bill): -13927}
    assert (balance(payer), ledger_sum_fen(SYSTEM), state(payer, order)) == (0, 0, OrderState.PAID)
    told = {"order_number": order.number, "account_id": payer.account.pk, "payer": payer.by.id}
    assert heard(PaymentReceived)[-1] == told | {"amount_fen": 13927, "credit_fen": 0}
    audit = AuditEntry.objects.filter(target=f"payment_order:{order.number}").order_by("pk")
    assert list(audit.values_list("verb", flat=True)) == ["money.order_payment", "money.post_payment"]


def test_a_part_settles_the_oldest_bill_first(payer: Payer) -> None:
    older, newer = payer.owes(5000, 8000)
    order = payer.orders(7000)
    assert order.bill_ids == [older, newer]
    take(signed(said(order)))
    assert entries(payer.account.pk) == {
        (BANK, 0): 7000,
        (RECEIVABLE, older): -5000,
        (RECEIVABLE, newer): -2000,
    }
    owed = owed_by_account(payer.by, payer.account.pk, payer.account.unit_id)
    assert [(bill.bill_id, bill.amount_fen) for bill in owed.bills] == [(newer, 6000)]


def test_what_is_more_than_owed_stands_in_favour_and_settles_the_next_bill(payer: Payer) -> None:
    (bill,) = payer.owes(1000)
    take(signed(said(payer.orders(1500))))
    assert entries(payer.account.pk) == {(BANK, 0): 1500, (RECEIVABLE, bill): -1000, (RECEIVABLE, 0): -500}
    assert balance(payer) == -500
    (later,) = payer.owes(800)
    owed = owed_by_account(payer.by, payer.account.pk, payer.account.unit_id)
    assert [(each.bill_id, each.amount_fen) for each in owed.bills] == [(later, 300)]
    take(signed(said(payer.orders(300))))
    assert balance(payer) == 0
    assert owed_by_account(payer.by, payer.account.pk, payer.account.unit_id).total_fen == 0


def test_of_two_orders_for_one_bill_the_second_is_a_credit(payer: Payer) -> None:
    (bill,) = payer.owes(2000)
    first, second = payer.orders(2000), payer.orders(2000, channel=Channel.ALIPAY)
    assert first.bill_ids == second.bill_ids == [bill]
    outcomes = at_once([partial(take, signed(said(order))) for order in (first, second)])
    assert outcomes == [NoticeVerdict.POSTED] * 2
    assert sorted(Payment.objects.filter(order__in=[first, second]).values_list("credit_fen", flat=True)) == [
        0,
        2000,
    ]
    assert entries(payer.account.pk) == {(BANK, 0): 4000, (RECEIVABLE, bill): -2000, (RECEIVABLE, 0): -2000}


def test_a_paid_bill_that_is_reversed_settles_its_rebill(payer: Payer) -> None:
    (bill,) = payer.owes(3000)
    take(signed(said(payer.orders(3000))))
    charge(payer.account.pk, -3000, kind="reversal", reference=f"reversal:{bill}")
    rebill = charge(payer.account.pk, 3500, kind="rebill", reference=f"rebill:{bill}")
    owed = owed_by_account(payer.by, payer.account.pk, payer.account.unit_id)
    assert [(each.bill_id, each.amount_fen) for each in owed.bills] == [(rebill, 500)]
    assert (owed.through(rebill), owed.through(bill), owed.credit_fen) == (500, 0, 0)


def test_the_same_notice_from_twenty_sides_at_once_is_posted_once(payer: Payer) -> None:
    payer.owes(900)
    order = payer.orders(900)
    notice = signed(said(order))
    outcomes = at_once([partial(take, notice)] * 20)
    assert sorted(map(str, outcomes)) == ["posted"] + ["replayed"] * 19
    assert entries(payer.account.pk)[BANK, 0] == 900
    assert sorted(verdicts(order.number)) == sorted(map(str, outcomes))


def test_twenty_notices_of_one_payment_at_once_are_posted_once(payer: Payer) -> None:
    payer.owes(900)
    order = payer.orders(900)
    outcomes = at_once([partial(take, signed(said(order))) for _ in range(20)])
    assert sorted(map(str, outcomes)) == ["posted"] + ["repeated"] * 19
    assert entries(payer.account.pk)[BANK, 0] == 900


def test_paid_after_closed_is_posted_and_closed_after_paid_changes_nothing(payer: Payer) -> None:
    payer.owes(600, 700)
    overtaken, in_turn = payer.orders(600), payer.orders(700)
    assert take(signed(said(overtaken, "closed"))) is NoticeVerdict.CLOSED
    assert take(signed(said(overtaken, "closed"))) is NoticeVerdict.REPEATED
    assert state(payer, overtaken) is OrderState.CLOSED
    assert take(signed(said(overtaken))) is NoticeVerdict.POSTED
    assert take(signed(said(in_turn))) is NoticeVerdict.POSTED
    assert take(signed(said(in_turn, "closed"))) is NoticeVerdict.CLOSED_AFTER_PAID
    assert [state(payer, order) for order in (overtaken, in_turn)] == [OrderState.PAID] * 2
    assert balance(payer) == 0


@pytest.mark.parametrize("by_fen", [-1, 1, 10**6])
def test_a_wrong_amount_is_kept_posted_nowhere_and_given_to_the_cashier(payer: Payer, by_fen: int) -> None:
    payer.owes(1200)
    order = payer.orders(1200)
    for _ in range(2):
        assert take(signed(said(order, amount_fen=1200 + by_fen))) is NoticeVerdict.WRONG_AMOUNT
    assert (entries(payer.account.pk), state(payer, order)) == ({}, OrderState.DOUBTFUL)
    (task,) = tasks_about(SYSTEM, f"payment_order:{order.number}")
    assert (task.kind, task.owner_role, task.details["ordered"]) == (
        "payment_mismatch",
        Role.CASHIER,
        "12.00",
    )
    assert take(signed(said(order))) is NoticeVerdict.POSTED


def test_a_second_transaction_for_a_paid_order_is_given_to_the_cashier(payer: Payer) -> None:
    payer.owes(1200)
    order = payer.orders(1200)
    take(signed(said(order)))
    assert take(signed(said(order, transaction="43other"))) is NoticeVerdict.CONTRADICTS
    other = payer.orders(1300)
    assert take(signed(said(other, transaction=f"42{order.number}"))) is NoticeVerdict.CONTRADICTS
    assert [len(tasks_about(SYSTEM, f"payment_order:{each.number}")) for each in (order, other)] == [1, 1]
    assert entries(payer.account.pk)[BANK, 0] == 1200


def test_an_order_that_nobody_made_is_kept_as_unknown(module_database: str) -> None:
    assert take(signed(said("2027010499999999"))) is NoticeVerdict.UNKNOWN_ORDER
    assert verdicts("2027010499999999") == ["unknown_order"]


Twist = Callable[[Signed], Signed]
FORGERIES: dict[str, Twist] = {
    "another's key": lambda notice: signed(notice.body, by="a forger"),
    "our own key": lambda notice: signed(notice.body, by="ours"),
    "cut body": lambda notice: replace(notice, body=notice.body[:-1]),
    "empty body": lambda notice: replace(notice, body=b""),
    "changed amount": lambda notice: replace(notice, body=notice.body.replace(b"1200", b"9200")),
    "another time": lambda notice: replace(notice, timestamp=str(int(notice.timestamp) + 1)),
    "another nonce": lambda notice: replace(notice, nonce=notice.nonce + "0"),
    "no proof": lambda notice: Signed("", "", "", notice.body),
    "no number": lambda notice: replace(notice, timestamp="٣"),
    "no text": lambda notice: replace(notice, nonce="\0" * 65),
    "no Base64": lambda notice: replace(notice, signature="§§§"),
    "cut signature": lambda notice: replace(notice, signature=notice.signature[:40]),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_what_is_not_signed_by_the_gateway_is_kept_and_refused(payer: Payer, name: str) -> None:
    payer.owes(1200)
    order = payer.orders(1200)
    genuine = signed(said(order))
    forged = FORGERIES[name](genuine)
    assert take(forged) is NoticeVerdict.WRONG_SIGNATURE
    kept = PaymentNotice.objects.latest("pk")
    assert (bytes(kept.body), kept.verdict, kept.taken_nonce) == (forged.body, "wrong_signature", None)
    assert (entries(payer.account.pk), state(payer, order)) == ({}, OrderState.WAITING)
    # A forger has not used up what belongs to the genuine notice.
    assert take(genuine) is NoticeVerdict.POSTED


@pytest.mark.parametrize("away", [AWAY, -AWAY])
def test_a_replay_outside_the_window_is_refused(payer: Payer, away: timedelta) -> None:
    payer.owes(1200)
    order = payer.orders(1200)
    assert take(signed(said(order), at=AT), at=AT + away) is NoticeVerdict.STALE
    assert (entries(payer.account.pk), state(payer, order)) == ({}, OrderState.WAITING)


@pytest.mark.parametrize(
    "changed",
    [
        {"merchant": "another"}, {"event": "refunded"}, {"amount_fen": "1200"}, {"amount_fen": True},
        {"transaction": "4 2"}, {"transaction": 42}, {"order": "no; order"}, {"order": None},
        {"paid_at": "yesterday"}, {"paid_at": "2027-01-04T09:00:30"},
    ],
    ids=str,
)  # fmt: skip
def test_a_genuine_notice_without_the_form_is_kept_and_refused(payer: Payer, changed: dict[str, Any]) -> None:
    order = payer.orders(1200)
    assert take(signed(said(order, **changed))) is NoticeVerdict.UNREADABLE
    assert entries(payer.account.pk) == {}


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[]", b"{}", b"{", b'"paid"', b"0" * (MOST_BYTES + 1)])
def test_a_genuine_body_that_is_no_notice_is_kept_up_to_a_limit(module_database: str, body: bytes) -> None:
    assert take(signed(body)) is NoticeVerdict.UNREADABLE
    assert bytes(PaymentNotice.objects.latest("pk").body) == body[:MOST_BYTES]


def test_a_restart_between_order_and_notice_loses_nothing(payer: Payer) -> None:
    from django.db import connection

    payer.owes(400)
    number = payer.orders(400).number
    connection.close()
    order = PaymentOrder.objects.get(number=number)
    assert take(signed(said(order))) is NoticeVerdict.POSTED
    assert balance(payer) == 0


def test_a_notice_is_for_the_system_to_take_and_for_few_to_see(payer: Payer) -> None:
    order = payer.orders(1200)
    with pytest.raises(NotPermitted):
        take_notice(RawNotice(signed(said(order))), contract(), by=payer.by, at=AT)
    take(signed(said(order)))
    (seen,) = payment_notices(staff(Role.CASHIER), order_number=order.number)
    assert (seen.verdict, seen.came_by, order.number in seen.body) == ("posted", "notice", True)
    assert len(payment_notices(staff(Role.MANAGER), most=3)) == 3
    for by in (payer.by, staff(Role.AGENT)):
        with pytest.raises(NotPermitted):
            payment_notices(by)


AMOUNTS = (300, 700, 1100)
# Which order, and which event; any of them any number of times.
EVENTS = st.lists(
    st.tuples(st.integers(0, len(AMOUNTS) - 1), st.sampled_from(["paid", "paid", "closed", "wrong"])),
    max_size=9,
)


@given(events=EVENTS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_and_repetition_of_notices_gives_the_same_entries(
    events: list[tuple[int, str]], module_database: str
) -> None:
    payer = new_payer()
    bills = payer.owes(500, 900)
    orders = [payer.orders(amount) for amount in AMOUNTS]
    for place, event in events:
        order = orders[place]
        is_wrong = event == "wrong"
        content = said(order, "paid" if is_wrong else event, **({"amount_fen": 1} if is_wrong else {}))
        take(signed(content))
    paid = sum(AMOUNTS[place] for place in {place for place, event in events if event == "paid"})
    shares = {bills[0]: min(paid, 500), bills[1]: min(max(paid - 500, 0), 900), 0: max(paid - 1400, 0)}
    expected = {(RECEIVABLE, bill): -share for bill, share in shares.items() if share}
    assert entries(payer.account.pk) == expected | ({(BANK, 0): paid} if paid else {})
    assert (balance(payer), ledger_sum_fen(SYSTEM)) == (1400 - paid, 0)
