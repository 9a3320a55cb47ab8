"""Taking the gateway's word (支付通知): kept whatever it is, believed only when genuine, posted once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from mingdu.base.actors import SYSTEM, Actor
from mingdu.base.permissions import require
from mingdu.base.roles import Role
from mingdu.core.money import yuan_text
from mingdu.money.merchant import Merchant
from mingdu.money.models import Payment, PaymentNotice, PaymentOrder
from mingdu.money.notice_form import CLOSED, CODE, Said, read_said
from mingdu.money.payment_words import NoticeVerdict
from mingdu.money.signatures import Signed, is_genuine
from mingdu.work.operations import TaskOrder, open_task

from .postings import post_payment
from .refusals import MINUTE, MOST_A_MINUTE, TooManyNotices, keep_refused

# How far a notice's own time may lie from ours; afterwards even a genuine one is refused.
WINDOW = timedelta(minutes=5)
MOST_BYTES = 16_384
_MOST_HEADER = 1_000
# How a notice came: it was sent to us.
SENT = "notice"
# The kind of the task that a notice which does not fit its order is given to a person with.
MISMATCH = "payment_mismatch"
_TIMESTAMP = re.compile(r"[0-9]{1,11}")


@dataclass(frozen=True)
class RawNotice:
    """
    What came in, as it came.

    came_by  "notice": it was sent to us; "query": it answers our own question
    """

    signed: Signed
    came_by: str = SENT


def take_notice(raw: RawNotice, contract: Merchant, *, by: Actor, at: datetime) -> NoticeVerdict:
    """
    Keep a notice and do what it says, if it is genuine, fresh and fits an order; any number of times.

    returns  what was made of it. A payment is posted by exactly one notice; the others change nothing.
    raises   NotPermitted; JournalTwice: the transaction pays another order at this very moment (send again);
             TooManyNotices: it was refused, as too many were within this minute
    """
    require(by, "money.take_notice")
    fault = _fault(raw.signed, contract, at)
    if fault is not None:
        return _refuse(raw, _kept(raw, fault, at), by, at)
    said = read_said(raw.signed.body, contract.number)
    if said is None:
        PaymentNotice.objects.create(**_kept(raw, NoticeVerdict.UNREADABLE, at))
        return NoticeVerdict.UNREADABLE
    verdict = _take(raw, said, at)
    return verdict or _refuse(raw, _named(raw, said, NoticeVerdict.REPLAYED, at), by, at)


def _refuse(raw: RawNotice, kept: dict[str, Any], by: Actor, at: datetime) -> NoticeVerdict:
    """Keep what is not believed, within its limits; who was asked himself is never told to wait."""
    verdict = NoticeVerdict(kept["verdict"])
    if not keep_refused(kept, by=by, at=at) and raw.came_by == SENT:
        seconds = int(MINUTE.total_seconds())
        raise TooManyNotices(
            f"more than {MOST_A_MINUTE} notices within a minute: {verdict}",
            verdict=verdict.value, most_a_minute=MOST_A_MINUTE, wait_seconds=seconds,
        )  # fmt: skip
    return verdict


def _fault(signed: Signed, contract: Merchant, at: datetime) -> NoticeVerdict | None:
    """Return why a notice is not looked into, or None."""
    if len(signed.body) > MOST_BYTES:
        return NoticeVerdict.UNREADABLE
    is_formed = _TIMESTAMP.fullmatch(signed.timestamp) and CODE.fullmatch(signed.nonce)
    if not is_formed or not is_genuine(contract.gateway_key, signed):
        return NoticeVerdict.WRONG_SIGNATURE
    seconds = abs(int(signed.timestamp) - int(at.timestamp()))
    return NoticeVerdict.STALE if seconds > WINDOW.total_seconds() else None


@transaction.atomic
def _take(raw: RawNotice, said: Said, at: datetime) -> NoticeVerdict | None:
    """
    Rule on a genuine notice; its nonce is taken in the same transaction, so a failure leaves it free.

    returns  None: the nonce was taken before
    """
    kept = _named(raw, said, NoticeVerdict.POSTED, at)
    notice, is_fresh = PaymentNotice.objects.get_or_create(taken_nonce=raw.signed.nonce, defaults=kept)
    if not is_fresh:
        return None
    order = PaymentOrder.objects.select_for_update().filter(number=said.order_number).first()
    verdict = NoticeVerdict.UNKNOWN_ORDER if order is None else _rule(order, said, at)
    if order is not None and verdict.is_doubtful:
        _ask_a_person(order, said, verdict, at)
    notice.verdict = verdict
    notice.save(update_fields=["verdict"])
    return verdict


def _rule(order: PaymentOrder, said: Said, at: datetime) -> NoticeVerdict:
    """Do what a genuine notice says of a locked order."""
    payment = Payment.objects.filter(order=order).first()
    if said.event == CLOSED:
        return _close(order, payment, at)
    if payment is not None:
        is_same = (payment.transaction, payment.amount_fen) == (said.transaction, said.amount_fen)
        return NoticeVerdict.REPEATED if is_same else NoticeVerdict.CONTRADICTS
    if Payment.objects.filter(transaction=said.transaction).exists():
        return NoticeVerdict.CONTRADICTS
    if said.amount_fen != order.amount_fen:
        return NoticeVerdict.WRONG_AMOUNT
    post_payment(order, said, by=SYSTEM, at=at)
    return NoticeVerdict.POSTED


def _close(order: PaymentOrder, payment: Payment | None, at: datetime) -> NoticeVerdict:
    if payment is not None:
        # Notices overtake each other: the money is there, whatever came later.
        return NoticeVerdict.CLOSED_AFTER_PAID
    if order.closed_at is not None:
        return NoticeVerdict.REPEATED
    order.closed_at = at
    order.save(update_fields=["closed_at"])
    return NoticeVerdict.CLOSED


def _ask_a_person(order: PaymentOrder, said: Said, verdict: NoticeVerdict, at: datetime) -> None:
    details = {
        "ordered": yuan_text(order.amount_fen),
        "said": yuan_text(said.amount_fen),
        "transaction": said.transaction,
        "verdict": verdict.value,
    }
    task = TaskOrder(
        MISMATCH, f"{MISMATCH}:{order.number}:{said.transaction}", f"payment_order:{order.number}",
        Role.CASHIER.value, order.unit_id, details=details,
    )  # fmt: skip
    open_task(task, by=SYSTEM, at=at)


def _named(raw: RawNotice, said: Said, verdict: NoticeVerdict, at: datetime) -> dict[str, Any]:
    return _kept(raw, verdict, at) | {"order_number": said.order_number, "transaction": said.transaction}


def _kept(raw: RawNotice, verdict: NoticeVerdict, at: datetime) -> dict[str, Any]:
    # The database takes no NUL in text; a header that has one is no header of the gateway's.
    headers = {name: value[:_MOST_HEADER].replace("\0", "") for name, value in raw.signed.headers.items()}
    return {
        "body": raw.signed.body[:MOST_BYTES],
        "headers": headers,
        "came_by": raw.came_by,
        "verdict": verdict,
        "received_at": at,
    }
