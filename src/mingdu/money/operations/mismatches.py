"""Settling a payment that does not fit its order (错账处理): a colleague says what became of the money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from mingdu.base import audit
from mingdu.base.actors import Actor
from mingdu.base.database import transaction_connection
from mingdu.base.permissions import require
from mingdu.errors import TradeError
from mingdu.money.merchant import Merchant
from mingdu.money.models import MismatchSettlement, Payment, PaymentNotice, PaymentOrder
from mingdu.money.notice_form import Said, read_said
from mingdu.money.order_numbers import next_order_id, order_number
from mingdu.money.payment_words import DOUBTFUL, MismatchOutcome
from mingdu.work.operations import complete_task
from mingdu.work.queries import tasks_about

from .notices import MISMATCH
from .orders import ORDER_VALID
from .postings import post_payment

VERB = "money.settle_mismatch"


class UnknownMismatch(TradeError):
    """There is no notice of this number that a person has to look at."""

    next_step = "look at the list of payments that need a person"


class MismatchSettled(TradeError):
    """This payment was settled before, perhaps by somebody else at the same moment."""

    next_step = "look at what your colleague decided"


class TransactionBooked(TradeError):
    """The gateway's transaction was booked already, so its money is not booked again."""

    next_step = "compare with the gateway's statement; say that it was unfounded, or returned"


class SettledWithoutReason(TradeError):
    """A payment is settled with a reason, which the auditor reads."""

    next_step = "write what the gateway's statement shows"


@dataclass(frozen=True)
class Verdict:
    """
    What a colleague decides.

    notice_id  the notice with the amount that he has before his eyes
    reason     what he found out, at least one word
    """

    notice_id: int
    outcome: MismatchOutcome
    reason: str


@transaction.atomic
def settle_mismatch(verdict: Verdict, contract: Merchant, *, by: Actor, at: datetime) -> MismatchSettlement:
    """
    Settle a payment that does not fit its order, and end its task; once a transaction of the gateway.

    BOOKED posts what the gateway says came in: bank is debited, the account's oldest bills are settled, what
    is left stands in its favour. An order that was paid already gets nothing more: the money is posted on an
    order of its own, which has its own receipt. The other outcomes post nothing.
    raises  UnknownMismatch, MismatchSettled, TransactionBooked, SettledWithoutReason, NotTaskOwner,
            NotPermitted
    """
    require(by, VERB)
    notice = PaymentNotice.objects.filter(pk=verdict.notice_id, verdict__in=DOUBTFUL).first()
    said = None if notice is None else read_said(bytes(notice.body), contract.number)
    if said is None:
        raise UnknownMismatch(f"no mismatch {verdict.notice_id}", notice=verdict.notice_id)
    if not verdict.reason.strip():
        raise SettledWithoutReason("a settlement without a reason")
    order = PaymentOrder.objects.select_for_update().get(number=said.order_number)
    require(by, VERB, order.unit_id)
    if MismatchSettlement.objects.filter(transaction=said.transaction).exists():
        raise MismatchSettled(f"transaction {said.transaction} is settled", transaction=said.transaction)
    is_booked = verdict.outcome is MismatchOutcome.BOOKED
    booked_on = _book(order, said, by=by, at=at) if is_booked else None
    settlement = MismatchSettlement.objects.create(
        order=order, transaction=said.transaction, outcome=verdict.outcome, reason=verdict.reason.strip(),
        booked_on=booked_on, settled_by=by.id, settled_at=at,
    )  # fmt: skip
    _end_task(order, said, verdict.outcome, settlement.reason, by=by, at=at)
    details = {"outcome": verdict.outcome.value, "transaction": said.transaction}
    audit.record(by, VERB, f"payment_order:{order.number}", at=at, details=details)
    return settlement


def _book(order: PaymentOrder, said: Said, *, by: Actor, at: datetime) -> PaymentOrder:
    """Post what came in, on the order or, when that was paid, on one of its own; returns that order."""
    if Payment.objects.filter(transaction=said.transaction).exists():
        raise TransactionBooked(f"transaction {said.transaction} is booked", transaction=said.transaction)
    is_paid = Payment.objects.filter(order=order).exists()
    booked_on = _order_beside(order, said, at) if is_paid else order
    post_payment(booked_on, said, by=by, at=at)
    return booked_on


def _order_beside(order: PaymentOrder, said: Said, at: datetime) -> PaymentOrder:
    row_id = next_order_id(transaction_connection())
    return PaymentOrder.objects.create(
        pk=row_id, number=order_number(row_id, at=at), account_id=order.account_id, unit_id=order.unit_id,
        amount_fen=said.amount_fen, bill_ids=[], channel=order.channel, ordered_by=order.ordered_by,
        ordered_at=at, expires_at=at + ORDER_VALID,
    )  # fmt: skip


def _end_task(
    order: PaymentOrder, said: Said, outcome: MismatchOutcome, reason: str, *, by: Actor, at: datetime
) -> None:
    """End the mismatch's task, unless somebody has ended it by hand."""
    for task in tasks_about(by, f"payment_order:{order.number}"):
        is_its_own = task.kind == MISMATCH and task.details.get("transaction") == said.transaction
        if is_its_own and not task.outcome:
            complete_task(task.id, outcome.value, note=reason, by=by, at=at)
