"""Asking the gateway itself about an order whose notice did not come: for who waits, and by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from mingdu.base.actors import SYSTEM, Actor
from mingdu.base.permissions import require
from mingdu.money.merchant import Merchant
from mingdu.money.models import PaymentOrder
from mingdu.money.notice_form import read_said
from mingdu.money.payment_words import NoticeVerdict
from mingdu.money.signatures import Signed

from .notices import RawNotice, take_notice
from .orders import FIRST_ASK

# A customer waits: the notice has three seconds, then the gateway is asked every five.
PATIENCE, EVERY = timedelta(seconds=3), timedelta(seconds=5)
MOST_WAIT = timedelta(days=1)

# An order that nobody waits for is asked about ever more rarely, until the gateway says so long after its end
# that it is open still: it can be paid no more. A gateway that is silent is asked for as long as it takes.
LONGEST_WAIT = timedelta(hours=2)
AFTER_END = timedelta(hours=1)

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


def ask_next_order(contract: Merchant, *, ask: Ask, nonce: str, by: Actor, at: datetime) -> bool:
    """
    Ask about the order that has been due longest, and take the answer; any number of workers may do it.

    The order's next turn is set before it is asked about: whatever happens then, it neither stops the others
    nor is forgotten.
    returns  whether to go on with the next: False when none is due, or the gateway did not answer
    """
    require(by, "money.take_notice")
    order = _take_turn(at)
    if order is None:
        return False
    answer = ask(contract.signed(order.number.encode(), nonce, at))
    if answer is None:
        return False
    if _is_unpaid(answer, contract):
        is_over = at >= order.expires_at + AFTER_END
    else:
        is_over = not take_notice(RawNotice(answer, "query"), contract, by=SYSTEM, at=at).is_refused
    if is_over:
        PaymentOrder.objects.filter(pk=order.pk).update(next_ask_at=None)
    return True


@transaction.atomic
def _take_turn(at: datetime) -> PaymentOrder | None:
    """Return the order that is due first, its next turn set; None: no order is due."""
    due = PaymentOrder.objects.select_for_update(skip_locked=True).filter(next_ask_at__lte=at)
    order = due.order_by("next_ask_at", "pk").first()
    if order is not None:
        order.asks += 1
        # The exponent is bounded, because 2 to a million is no time span.
        order.next_ask_at = at + min(FIRST_ASK * 2 ** min(order.asks, 20), LONGEST_WAIT)
        order.asked_at = at
        order.save(update_fields=["asks", "next_ask_at", "asked_at"])
    return order


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
