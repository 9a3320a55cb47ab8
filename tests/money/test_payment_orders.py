"""Ordering a payment, asking about it, its receipt; whoever it does not belong to learns nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import IntegrityError

from acting import staff
from mingdu.base import outbox
from mingdu.base.models import AuditEntry
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.customers.models import Binding
from mingdu.customers.queries import UnknownAccount, actor_of_customer
from mingdu.money.merchant import Addresses, NoGateway, merchant, pay_url, provide_merchant
from mingdu.money.models import PaymentOrder
from mingdu.money.operations import AmountOutside, OrderRequest, ask_gateway, order_payment
from mingdu.money.operations.asking import EVERY, PATIENCE
from mingdu.money.operations.orders import MOST_FEN, ORDER_VALID
from mingdu.money.payment_words import Channel, NoticeVerdict, OrderState
from mingdu.money.queries import (
    UnknownOrder,
    UnknownReceipt,
    latest_waiting_order,
    order_by_number,
    owed_by_account,
    receipt_by_number,
    receipts_of_account,
)
from mingdu.money.signatures import Signed, is_genuine
from mingdu.notices.queries import inbox
from money.paying import AT, Payer, contract, key, new_payer, said, signed, take
from threads import at_once

pytestmark = pytest.mark.database

ADDRESSES = Addresses("https://pay.example", "https://us.example/notices", "https://us.example/back")
LATER = AT + PATIENCE
Look = Callable[[], object]


@pytest.fixture
def payer(module_database: str) -> Payer:
    return new_payer()


def test_the_same_order_twice_is_one_while_it_waits(payer: Payer) -> None:
    first = payer.orders(500)
    assert payer.orders(500).pk == first.pk
    assert payer.orders(500, channel=Channel.ALIPAY).pk != first.pk
    assert payer.orders(501).pk != first.pk
    take(signed(said(first)))
    assert payer.orders(500).pk != first.pk


def test_the_same_order_at_once_is_one(payer: Payer) -> None:
    outcomes = at_once([partial(payer.orders, 700)] * 8)
    assert len({order.pk for order in outcomes if isinstance(order, PaymentOrder)}) == 1
    assert PaymentOrder.objects.filter(account_id=payer.account.pk).count() == 1


def test_an_order_whose_time_is_over_is_not_taken_up_again(payer: Payer) -> None:
    first = payer.orders(500)
    assert first.number.startswith("20270104")
    over = AT + ORDER_VALID
    assert order_by_number(payer.by, first.number, now=over).state is OrderState.EXPIRED
    assert payer.orders(500, at=over).pk != first.pk


@pytest.mark.parametrize("amount_fen", [0, -1, MOST_FEN + 1, 2**70])
def test_refuses_amounts_that_nobody_pays(payer: Payer, amount_fen: int) -> None:
    with pytest.raises(AmountOutside):
        payer.orders(amount_fen)


def test_the_database_refuses_an_order_of_nothing(payer: Payer) -> None:
    order = payer.orders(500)
    with pytest.raises(IntegrityError, match="order_of_something"):
        PaymentOrder.objects.filter(pk=order.pk).update(amount_fen=0)


def test_a_foreign_account_is_unknown_and_written_down(payer: Payer) -> None:
    foreign = new_payer().account.account_number
    for number in (foreign, "0599999999"):
        with pytest.raises(UnknownAccount):
            order_payment(OrderRequest(number, 500, Channel.WECHAT), by=payer.by, at=AT)
    audit = AuditEntry.objects.filter(verb="customers.foreign_account", target=f"account:{foreign}")
    assert audit.get().by == payer.by.id
    with pytest.raises(NotPermitted):
        order_payment(OrderRequest(foreign, 500, Channel.WECHAT), by=staff(Role.CASHIER), at=AT)


def test_a_foreign_order_and_receipt_are_unknown_and_written_down(payer: Payer) -> None:
    stranger, order = new_payer(), payer.orders(500)
    take(signed(said(order)))
    looks: tuple[tuple[Look, type[Exception]], ...] = (
        (partial(order_by_number, stranger.by, order.number, now=AT), UnknownOrder),
        (partial(receipt_by_number, stranger.by, order.number, now=AT), UnknownReceipt),
        (partial(order_by_number, staff(Role.AGENT, units={9}), order.number, now=AT), UnknownOrder),
        (partial(order_by_number, payer.by, "2027010400000000", now=AT), UnknownOrder),
        (partial(order_by_number, staff(Role.READER), order.number, now=AT), NotPermitted),
        (partial(receipts_of_account, stranger.by, payer.account.pk, 1), NotPermitted),
        (partial(owed_by_account, stranger.by, payer.account.pk, 1), NotPermitted),
        (partial(latest_waiting_order, stranger.by, payer.account.pk, 1, now=AT), NotPermitted),
    )
    for look, refusal in looks:
        with pytest.raises(refusal):
            look()
    audit = AuditEntry.objects.filter(verb="money.foreign_order", target=f"payment_order:{order.number}")
    assert audit.count() == 3
    clerk = staff(Role.CLERK, units={payer.account.unit_id})
    assert order_by_number(clerk, order.number, now=AT).state is OrderState.PAID


def test_a_receipt_says_what_was_paid_how_and_for_which_bills(payer: Payer) -> None:
    older, newer = payer.owes(10000, 3000)
    order = payer.orders(13927)
    with pytest.raises(UnknownReceipt):
        receipt_by_number(payer.by, order.number, now=AT)
    take(signed(said(order)))
    receipt = receipt_by_number(payer.by, order.number, now=AT)
    assert (receipt.amount_fen, receipt.credit_fen) == (13927, 927)
    assert receipt.amount_capitals == "壹佰叁拾玖元贰角柒分"
    assert [(bill.bill_id, bill.amount_fen) for bill in receipt.bills] == [(older, 10000), (newer, 3000)]
    assert (receipt.channel, receipt.transaction) == ("wechat", f"42{order.number}")
    assert receipts_of_account(payer.by, payer.account.pk, payer.account.unit_id) == [receipt]


def test_an_account_names_its_newest_order_that_waits(payer: Payer) -> None:
    look = partial(latest_waiting_order, payer.by, payer.account.pk, payer.account.unit_id, now=AT)
    assert look() is None
    payer.orders(100)
    order = payer.orders(200)
    found = look()
    assert found is not None and found.number == order.number


def test_the_holder_and_who_pays_for_him_are_told(payer: Payer) -> None:
    friend = new_payer()
    Binding.objects.create(
        customer_id=friend.account.customer_id,
        account=payer.account,
        holder_id=payer.account.customer_id,
        bound_at=AT,
    )
    by = actor_of_customer(friend.account.customer_id)
    assert by is not None
    order = Payer(by, payer.account).orders(500)
    take(signed(said(order)))
    outbox.deliver_all(AT + timedelta(minutes=5))
    for reader in (payer.by, by):
        (message,) = inbox(reader)
        assert (message.template, message.title) == ("payment_received_credit", "已收到电费 ¥5.00")
        assert order.number in message.body


def test_the_gateway_gets_the_order_signed_with_our_key(payer: Payer) -> None:
    order = payer.orders(500)
    url = urlsplit(pay_url(order, contract(), ADDRESSES, nonce="once", at=AT))
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    body = base64.urlsafe_b64decode(query["order"])
    proof = Signed(query["timestamp"], query["nonce"], query["signature"], body)
    assert is_genuine(key("ours").public_key(), proof)
    assert (url.netloc, url.path, json.loads(body)["order"]) == ("pay.example", "/gateway/pay", order.number)
    assert json.loads(body)["amount_fen"] == 500


def asked(
    payer: Payer, order: PaymentOrder, answer: Signed | None, at: datetime = LATER
) -> tuple[int, object]:
    """Ask about an order; gives how often the gateway was really asked, and what came of it."""
    questions: list[Signed] = []

    def ask(question: Signed) -> Signed | None:
        questions.append(question)
        return answer

    verdict = ask_gateway(order.number, contract(), ask=ask, nonce="question", by=payer.by, at=at)
    assert all(is_genuine(key("ours").public_key(), question) for question in questions)
    return len(questions), verdict


def test_who_waits_in_vain_for_the_notice_asks_the_gateway(payer: Payer) -> None:
    payer.owes(500)
    order = payer.orders(500)
    paid = signed(said(order), at=LATER)
    assert asked(payer, order, paid, AT + PATIENCE / 2) == (0, None)
    assert asked(payer, order, signed(said(order, "open")), LATER) == (1, None)
    assert asked(payer, order, paid, LATER + EVERY / 2) == (0, None)
    assert asked(payer, order, None, LATER + EVERY) == (1, None)
    assert asked(payer, order, paid, LATER + EVERY * 2) == (1, NoticeVerdict.POSTED)
    assert asked(payer, order, paid, LATER + EVERY * 3) == (0, None)
    assert take(signed(said(order))) is NoticeVerdict.REPEATED


def test_an_answer_is_believed_no_more_than_a_notice(payer: Payer) -> None:
    order = payer.orders(500)
    assert asked(payer, order, signed(said(order), by="a forger")) == (1, NoticeVerdict.WRONG_SIGNATURE)
    assert order_by_number(payer.by, order.number, now=LATER).state is OrderState.WAITING


def test_only_who_pays_asks(payer: Payer) -> None:
    with pytest.raises(NotPermitted):
        ask_gateway("1", contract(), ask=lambda _: None, nonce="n", by=staff(Role.CASHIER), at=AT)


def test_an_installation_without_a_gateway_says_so() -> None:
    from mingdu.main.gateway import merchant_here

    provide_merchant(None)
    try:
        with pytest.raises(NoGateway):
            merchant()
    finally:
        provide_merchant(merchant_here)
