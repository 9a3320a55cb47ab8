"""Ordering a payment: how much, on which account, over which channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import psycopg
from django.db import transaction

from mingdu.base import audit
from mingdu.base.actors import Actor
from mingdu.base.database import transaction_connection
from mingdu.base.permissions import require
from mingdu.core.open_items import allocate
from mingdu.customers.queries import account_for
from mingdu.errors import TradeError
from mingdu.money.models import PaymentOrder
from mingdu.money.order_numbers import next_order_id, order_number
from mingdu.money.payment_words import Channel
from mingdu.money.queries import read_owed
from mingdu.money.queries.payments import waiting_orders

from .account_lock import lock_account

ORDER_VALID = timedelta(minutes=30)
# How long the notice of a payment may take before the worker asks; then again, each time after twice as long.
FIRST_ASK = timedelta(seconds=30)
# A typing mistake is refused here; larger sums go by bank transfer.
MOST_FEN = 5_000_000


class AmountOutside(TradeError):
    """An order is of one fen at least and 50,000 yuan at most."""

    next_step = "pay another amount, or larger sums by bank transfer"


@dataclass(frozen=True)
class OrderRequest:
    """What a customer wants to pay."""

    account_number: str
    amount_fen: int
    channel: Channel


def order_payment(request: OrderRequest, *, by: Actor, at: datetime) -> PaymentOrder:
    """
    Keep a payment order that the gateway can be asked to carry out; nothing is posted yet.

    returns  the payer's waiting order of the same amount and channel when there is one: asked twice is one
    raises   UnknownAccount, the same for a foreign account, which leaves an audit row; AmountOutside,
             NotPermitted
    """
    require(by, "money.pay")
    account = account_for(by, request.account_number, "money.pay", now=at)
    if not 1 <= request.amount_fen <= MOST_FEN:
        raise AmountOutside(
            f"{request.amount_fen} fen cannot be ordered",
            amount_fen=request.amount_fen, most_fen=MOST_FEN,
        )  # fmt: skip
    with transaction.atomic():
        conn = transaction_connection()
        lock_account(conn, account.id)
        same = waiting_orders(account.id, at).filter(
            amount_fen=request.amount_fen, channel=request.channel, ordered_by=by.id
        )
        return same.first() or _create(conn, request, account.id, account.unit_id, by=by, at=at)


def _create(
    conn: psycopg.Connection[Any],
    request: OrderRequest,
    account_id: int,
    unit_id: int,
    *,
    by: Actor,
    at: datetime,
) -> PaymentOrder:
    row_id = next_order_id(conn)
    order = PaymentOrder.objects.create(
        pk=row_id, number=order_number(row_id, at=at), account_id=account_id,
        unit_id=unit_id, amount_fen=request.amount_fen, bill_ids=_bills(conn, account_id, request.amount_fen),
        channel=request.channel.value, ordered_by=by.id, ordered_at=at, expires_at=at + ORDER_VALID,
        next_ask_at=at + FIRST_ASK,
    )  # fmt: skip
    details = {"account": request.account_number, "amount_fen": order.amount_fen, "channel": order.channel}
    audit.record(by, "money.order_payment", f"payment_order:{order.number}", at=at, details=details)
    return order


def _bills(conn: psycopg.Connection[Any], account_id: int, amount_fen: int) -> list[int]:
    owed = read_owed(conn, account_id).bills
    shares = allocate(np.array([bill.amount_fen for bill in owed], dtype=np.int64), amount_fen)
    return [bill.bill_id for bill, share in zip(owed, shares, strict=True) if share]
