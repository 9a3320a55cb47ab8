"""Posting a payment: what came into the bank settles the account's oldest bills first."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from django.conf import settings

from mingdu.base import audit
from mingdu.base.actors import SYSTEM, Actor
from mingdu.base.database import transaction_connection
from mingdu.base.outbox import publish
from mingdu.base.permissions import require
from mingdu.core.clock import civil_day
from mingdu.core.open_items import allocate
from mingdu.money.events import PaymentReceived
from mingdu.money.ledgers import Ledger
from mingdu.money.models import Payment, PaymentOrder
from mingdu.money.notice_form import Said
from mingdu.money.queries import Owed, read_owed

from .account_lock import lock_account
from .journals import Journal, post


def post_payment(order: PaymentOrder, said: Said, *, by: Actor, at: datetime) -> None:
    """
    Post what was paid for a locked order, in the caller's transaction: journal, payment, event, audit.

    What came in is booked, as the gateway says it; whether it is what was ordered is the caller's question.

    Bank is debited, the account's receivable credited, the oldest bill first; what is more than all
    that is owed stands in the account's favour, on no bill.
    raises  JournalTwice: this transaction of the gateway was posted before
    """
    require(SYSTEM, "money.take_notice")
    assert said.paid_at is not None
    conn = transaction_connection()
    lock_account(conn, order.account_id)
    journal, credit_fen = _journal(order, said, read_owed(conn, order.account_id), at)
    journal_id = post(conn, journal, by=SYSTEM, at=at)
    Payment.objects.create(
        order=order, transaction=said.transaction, amount_fen=said.amount_fen, credit_fen=credit_fen,
        paid_at=said.paid_at, received_at=at, journal_id=journal_id, posted_on=journal.posted_on,
    )  # fmt: skip
    order.next_ask_at = None
    order.save(update_fields=["next_ask_at"])
    publish(
        PaymentReceived(order.number, order.account_id, order.ordered_by, said.amount_fen, credit_fen), at=at
    )
    details = {"amount_fen": said.amount_fen, "credit_fen": credit_fen, "transaction": said.transaction}
    audit.record(by, "money.post_payment", f"payment_order:{order.number}", at=at, details=details)


def _journal(order: PaymentOrder, said: Said, owed: Owed, at: datetime) -> tuple[Journal, int]:
    """Return the payment's journal and what stands in the account's favour afterwards because of it [fen]."""
    owed_fen = np.array([bill.amount_fen for bill in owed.bills], dtype=np.int64)
    shares_fen = allocate(owed_fen, said.amount_fen)
    credit_fen = said.amount_fen - int(shares_fen.sum(dtype=np.int64))
    amounts = np.append(shares_fen, credit_fen)
    bills = np.array([*(bill.bill_id for bill in owed.bills), 0], dtype=np.int64)
    used = amounts > 0
    accounts = np.full(int(used.sum()), order.account_id, dtype=np.int64)
    journal = Journal(
        "payment", f"payment:{said.transaction}", civil_day(at, settings.ZONE), accounts, bills[used],
        -amounts[used], Ledger.BANK,
    )  # fmt: skip
    return journal, credit_fen
