"""Asking the gateway itself about an order whose notice did not come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Q

from mingdu.base.actors import SYSTEM, Actor
from mingdu.base.permissions import require
from mingdu.money.merchant import Merchant
from mingdu.money.models import PaymentOrder
from mingdu.money.notice_form import read_said
from mingdu.money.payment_words import NoticeVerdict
from mingdu.money.signatures import Signed

from .notices import RawNotice, take_notice

# A customer waits: the notice has three seconds, then the gateway is asked every five.
PATIENCE, EVERY = timedelta(seconds=3), timedelta(seconds=5)
MOST_WAIT = timedelta(days=1)

# Sends the order's number with our proof; returns the signed answer, or None when there is none.
Ask = Callable[[Signed], Signed | None]


def ask_gateway(
    number: str, contract: Merchant, *, ask: Ask, nonce: str, by: Actor, at: datetime
) -> NoticeVerdict | None:
    """
    Ask about an order that waits, unless it is too early or it was asked just now; take the answer.

    number   of an order that the actor may see (queries.order_by_number)
    ask      does the sending; called outside any transaction
    returns  what was made of the answer; None: nothing was asked, or there is nothing to say yet
    """
    require(by, "money.pay")
    if not _is_turn(number, at):
        return None
    answer = ask(contract.signed(number.encode(), nonce, at))
    if answer is None or _is_unpaid(answer, contract):
        return None
    return take_notice(RawNotice(answer, "query"), contract, by=SYSTEM, at=at)


def _is_turn(number: str, at: datetime) -> bool:
    """Take the turn to ask, which only one of several at once gets."""
    turn = Q(asked_at__isnull=True) | Q(asked_at__lte=at - EVERY)
    waiting = PaymentOrder.objects.filter(
        turn, number=number, payment__isnull=True, ordered_at__range=(at - MOST_WAIT, at - PATIENCE)
    )
    return waiting.update(asked_at=at) == 1


def _is_unpaid(answer: Signed, contract: Merchant) -> bool:
    """Tell whether the answer has nothing to take: an order that is neither paid nor closed."""
    return read_said(answer.body, contract.number) is None
