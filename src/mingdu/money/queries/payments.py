"""Looking at payment orders, receipts and what the gateway said."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from mingdu.base import audit
from mingdu.base.actors import Actor
from mingdu.base.database import cursor, reading_connection
from mingdu.base.permissions import require, scope
from mingdu.core.capitals import capitals
from mingdu.errors import TradeError
from mingdu.money.ledgers import Ledger
from mingdu.money.models import Payment, PaymentNotice, PaymentOrder
from mingdu.money.payment_words import OrderState

from .order_states import with_state
from .owed import OwedBill

MOST_ROWS = 200


class UnknownOrder(TradeError):
    """There is no such payment order for this actor; a foreign one looks exactly the same."""

    next_step = "look at the account's receipts"


class UnknownReceipt(TradeError):
    """There is no such receipt for this actor: nothing was paid, or it is somebody else's."""

    next_step = "look at the account's receipts"


@dataclass(frozen=True)
class OrderView:
    """A payment order with its state, which is read off its records."""

    id: int
    number: str
    account_id: int
    amount_fen: int
    bill_ids: tuple[int, ...]
    channel: str
    ordered_at: datetime
    expires_at: datetime
    state: OrderState


@dataclass(frozen=True)
class ReceiptView:
    """
    A receipt (收据) with the bills that the payment settled.

    credit_fen  what was paid beyond all that was owed; it stands in the account's favour [fen]
    """

    number: str
    account_id: int
    transaction: str
    channel: str
    amount_fen: int
    credit_fen: int
    paid_at: datetime
    received_at: datetime
    bills: tuple[OwedBill, ...]

    @property
    def amount_capitals(self) -> str:
        """The amount in Chinese capitals (人民币大写)."""
        return capitals(self.amount_fen)


@dataclass(frozen=True)
class NoticeView:
    """One thing that came in as the gateway's word, and what was made of it."""

    id: int
    received_at: datetime
    came_by: str
    order_number: str
    verdict: str
    body: str


def order_by_number(by: Actor, number: str, *, now: datetime) -> OrderView:
    """
    Return a payment order that the actor may see.

    raises  UnknownOrder, the same for a foreign order, which leaves an audit row
    Call it outside a transaction: one that the error rolls back would take the audit row along.
    """
    require(by, "money.read")
    return _order_view(_seen_order(by, number, now))


def latest_waiting_order(by: Actor, account_id: int, unit_id: int, *, now: datetime) -> OrderView | None:
    """Return the account's newest order whose payment is awaited, or None."""
    require(by, "money.read", unit_id, account_id=account_id)
    order = with_state(waiting_orders(account_id, now), now).first()
    return None if order is None else _order_view(order)


def orders_not_booked(by: Actor, account_id: int, unit_id: int, *, now: datetime) -> list[OrderView]:
    """Return the account's orders whose payment is awaited, or looked at by a person; the newest first."""
    require(by, "money.read", unit_id, account_id=account_id)
    orders = with_state(PaymentOrder.objects.filter(account_id=account_id), now)
    states = (OrderState.WAITING.value, OrderState.DOUBTFUL.value)
    return [_order_view(order) for order in orders.filter(state__in=states).order_by("-pk")[:MOST_ROWS]]


def receipt_by_number(by: Actor, number: str, *, now: datetime) -> ReceiptView:
    """
    Return the receipt of a paid order; raises UnknownReceipt.

    Call it outside a transaction, as `order_by_number`.
    """
    require(by, "money.read")
    try:
        order = _seen_order(by, number, now)
    except UnknownOrder:
        raise UnknownReceipt(f"no receipt {number}", receipt=number) from None
    payments = list(Payment.objects.filter(order=order).select_related("order"))
    if not payments:
        raise UnknownReceipt(f"no receipt {number}", receipt=number)
    return receipt_views(payments)[0]


def receipts_of_account(by: Actor, account_id: int, unit_id: int) -> list[ReceiptView]:
    """Return an account's receipts, the newest first."""
    require(by, "money.read", unit_id, account_id=account_id)
    paid = Payment.objects.filter(order__account_id=account_id).select_related("order").order_by("-pk")
    return receipt_views(list(paid[:MOST_ROWS]))


def receipts_of_bill(by: Actor, bill_id: int, account_id: int, unit_id: int) -> list[ReceiptView]:
    """Return the receipts of the payments that gave something to a bill, the newest first."""
    receipts = receipts_of_account(by, account_id, unit_id)
    return [receipt for receipt in receipts if bill_id in {bill.bill_id for bill in receipt.bills}]


def payment_notices(by: Actor, *, order_number: str = "", most: int = 50) -> list[NoticeView]:
    """Return what came in as the gateway's word, forged or genuine, the newest first."""
    require(by, "money.read_notices")
    found = PaymentNotice.objects.order_by("-pk")
    if order_number:
        found = found.filter(order_number=order_number)
    return [
        NoticeView(
            row.pk, row.received_at, row.came_by, row.order_number, row.verdict,
            bytes(row.body).decode("utf-8", "backslashreplace"),
        )
        for row in found[: min(most, MOST_ROWS)]
    ]  # fmt: skip


def waiting_orders(account_id: int, now: datetime) -> QuerySet[PaymentOrder]:
    """Return the account's orders that can still be paid, the newest first; for operations."""
    return PaymentOrder.objects.filter(
        account_id=account_id, payment__isnull=True, closed_at__isnull=True, expires_at__gt=now
    ).order_by("-pk")


def _seen_order(by: Actor, number: str, now: datetime) -> PaymentOrder:
    order: PaymentOrder | None = with_state(PaymentOrder.objects.filter(number=number), now).first()
    seen = scope(by, "money.read")
    if order is not None and (order.account_id in seen.account_ids or seen.covers_unit(order.unit_id)):
        return order
    if order is not None:
        audit.record(by, "money.foreign_order", f"payment_order:{number}", at=now)
    raise UnknownOrder(f"no payment order {number}", order=number)


def _order_view(order: Any) -> OrderView:
    # `Any`, because `with_state` has written the state on the row.
    return OrderView(
        order.pk, order.number, order.account_id, order.amount_fen, tuple(order.bill_ids), order.channel,
        order.ordered_at, order.expires_at, OrderState(order.state),
    )  # fmt: skip


def receipt_views(payments: list[Payment]) -> list[ReceiptView]:
    """Return the receipts of payments, for queries that have asked their own door."""
    bills = _settled_bills(payments)
    return [
        ReceiptView(
            paid.order.number, paid.order.account_id, paid.transaction, paid.order.channel, paid.amount_fen,
            paid.credit_fen, paid.paid_at, paid.received_at, tuple(bills[paid.journal_id]),
        )
        for paid in payments
    ]  # fmt: skip


def _settled_bills(payments: list[Payment]) -> dict[int, list[OwedBill]]:
    """Return by journal what each payment gave to which bill."""
    statement = """
        SELECT journal_id, bill_id, -amount_fen FROM money_entry
        WHERE posted_on = ANY(%s) AND journal_id = ANY(%s) AND ledger = %s AND bill_id <> 0
        ORDER BY journal_id, line"""
    days, journals = [paid.posted_on for paid in payments], [paid.journal_id for paid in payments]
    found: dict[int, list[OwedBill]] = defaultdict(list)
    rows = cursor(reading_connection()).execute(statement, (days, journals, Ledger.RECEIVABLE))
    for journal_id, bill_id, amount_fen in rows.fetchall():
        found[journal_id].append(OwedBill(bill_id, amount_fen))
    return found
