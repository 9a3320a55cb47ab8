"""The worker asks the gateway about orders whose notice is awaited, until nothing is awaited any more."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import pytest

from acting import staff
from mingdu.base.actors import SYSTEM
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.money.models import Payment, PaymentOrder
from mingdu.money.operations import ask_next_order
from mingdu.money.operations.asking import AFTER_END, LONGEST_WAIT
from mingdu.money.operations.orders import FIRST_ASK, ORDER_VALID
from mingdu.money.payment_words import Channel, OrderState
from mingdu.money.queries import order_by_number
from mingdu.money.signatures import Signed
from money.paying import AT, Payer, contract, new_payer, said, signed, take, verdicts
from threads import at_once

pytestmark = pytest.mark.database
LATER = AT + FIRST_ASK


@dataclass
class Asked:
    """A gateway that keeps what it is asked and answers as it is told to; what it does not know is open."""

    answers: dict[str, Signed | None] = field(default_factory=dict)
    numbers: list[str] = field(default_factory=list)

    def ask(self, question: Signed) -> Signed | None:
        number = question.body.decode()
        self.numbers.append(number)
        return self.answers.get(number, signed(said(number, "open")))


@pytest.fixture
def payer(database: str) -> Payer:
    return new_payer()


def ask(gateway: Asked, at: datetime = LATER) -> bool:
    return ask_next_order(contract(), ask=gateway.ask, nonce="question", by=SYSTEM, at=at)


def round_of(gateway: Asked, at: datetime = LATER) -> list[str]:
    """Ask until the duty has nothing more to do; gives whom it asked about."""
    before = len(gateway.numbers)
    while ask(gateway, at):
        pass
    return gateway.numbers[before:]


def kept(order: PaymentOrder) -> tuple[int, datetime | None]:
    fresh = PaymentOrder.objects.get(pk=order.pk)
    return fresh.asks, fresh.next_ask_at


def test_a_payment_whose_notice_was_lost_is_booked_though_nobody_looks(payer: Payer) -> None:
    payer.owes(500)
    order = payer.orders(500)
    gateway = Asked({order.number: signed(said(order), at=LATER)})
    assert round_of(gateway, LATER - timedelta(seconds=1)) == []
    assert round_of(gateway) == [order.number]
    assert order_by_number(payer.by, order.number, now=LATER).state is OrderState.PAID
    assert (kept(order), verdicts(order.number)) == ((1, None), ["posted"])
    assert round_of(gateway, LATER + timedelta(days=1)) == []


def test_an_order_that_is_paid_by_its_notice_is_not_asked_about(payer: Payer) -> None:
    payer.owes(500)
    take(signed(said(payer.orders(500))))
    assert round_of(Asked()) == []


def test_an_open_order_is_asked_about_ever_more_rarely_until_it_can_be_paid_no_more(payer: Payer) -> None:
    order = payer.orders(500)
    gateway, at, waits = Asked(), LATER, []
    while at is not None:
        assert round_of(gateway, at) == [order.number]
        _, next_at = kept(order)
        if next_at is not None:
            waits.append(next_at - at)
        at = next_at
    assert waits == [FIRST_ASK * 2**turn for turn in range(1, len(waits) + 1)]
    asked_at = PaymentOrder.objects.get(pk=order.pk).asked_at
    assert asked_at is not None and asked_at >= AT + ORDER_VALID + AFTER_END
    assert len(gateway.numbers) < 10


def test_a_gateway_that_is_down_is_asked_once_a_round_and_for_as_long_as_it_takes(payer: Payer) -> None:
    payer.owes(500)
    orders = [payer.orders(500), payer.orders(500, channel=Channel.ALIPAY)]
    down = Asked({order.number: None for order in orders})
    assert round_of(down) == [orders[0].number]
    assert round_of(down) == [orders[1].number]
    for days in range(1, 30):
        assert len(round_of(down, LATER + timedelta(days=days))) == 1
    late = LATER + timedelta(days=40)
    assert all(next_at is not None and next_at < late for _, next_at in map(kept, orders))
    _, next_at = kept(orders[0])
    latest = PaymentOrder.objects.get(pk=orders[0].pk).asked_at
    assert latest is not None and next_at is not None and next_at - latest == LONGEST_WAIT
    up = Asked({orders[0].number: signed(said(orders[0]), at=late)})
    assert sorted(round_of(up, late)) == sorted(order.number for order in orders)
    assert Payment.objects.get().order_id == orders[0].pk


def test_one_order_that_gets_no_answer_does_not_stop_the_others(payer: Payer) -> None:
    payer.owes(500)
    bad, good = payer.orders(100), payer.orders(200)
    gateway = Asked({bad.number: None, good.number: signed(said(good), at=LATER)})
    assert round_of(gateway) == [bad.number]
    assert round_of(gateway) == [good.number]
    assert Payment.objects.get().order_id == good.pk


def test_an_order_that_fails_is_put_back_before_it_is_asked_about(payer: Payer) -> None:
    payer.owes(500)
    bad, good = payer.orders(100), payer.orders(200)
    gateway = Asked({good.number: signed(said(good), at=LATER)})

    def fail(question: Signed) -> Signed | None:
        raise ZeroDivisionError("the line is cut")

    with pytest.raises(ZeroDivisionError):
        ask_next_order(contract(), ask=fail, nonce="question", by=SYSTEM, at=LATER)
    assert kept(bad) == (1, LATER + FIRST_ASK * 2)
    assert round_of(gateway) == [good.number]
    assert Payment.objects.get().order_id == good.pk


def test_a_forged_answer_is_no_answer_and_the_order_is_asked_about_again(payer: Payer) -> None:
    order = payer.orders(500)
    forged = signed(said(order), at=LATER, by="a forger")
    assert round_of(Asked({order.number: forged})) == [order.number]
    assert (verdicts(order.number), Payment.objects.count()) == ([], 0)
    asks, next_at = kept(order)
    assert (asks, next_at) == (1, LATER + FIRST_ASK * 2)


def test_a_closed_notice_may_have_overtaken_so_the_gateway_is_asked_once_more(payer: Payer) -> None:
    payer.owes(500)
    overtaken, closed = payer.orders(500), payer.orders(300)
    for order in (overtaken, closed):
        take(signed(said(order, "closed")))
    gateway = Asked(
        {
            overtaken.number: signed(said(overtaken), at=LATER),
            closed.number: signed(said(closed, "closed"), at=LATER),
        }
    )
    assert round_of(gateway) == [overtaken.number, closed.number]
    assert Payment.objects.get().order_id == overtaken.pk
    assert [kept(order)[1] for order in (overtaken, closed)] == [None, None]


def test_a_wrong_amount_is_given_to_a_person_and_not_asked_about_again(payer: Payer) -> None:
    payer.owes(500)
    order = payer.orders(500)
    round_of(Asked({order.number: signed(said(order, amount_fen=600), at=LATER)}))
    assert order_by_number(payer.by, order.number, now=LATER).state is OrderState.DOUBTFUL
    assert kept(order) == (1, None)


def test_workers_at_once_ask_about_each_order_once(payer: Payer) -> None:
    payer.owes(5000)
    orders = [payer.orders(amount) for amount in range(100, 108)]
    gateway = Asked({order.number: signed(said(order), at=LATER) for order in orders})
    assert at_once([partial(ask, gateway)] * len(orders)) == [True] * len(orders)
    assert sorted(gateway.numbers) == sorted(order.number for order in orders)
    assert Payment.objects.count() == len(orders)


def test_only_the_system_asks_by_itself(database: str) -> None:
    with pytest.raises(NotPermitted):
        ask_next_order(contract(), ask=Asked().ask, nonce="question", by=staff(Role.CASHIER), at=LATER)
