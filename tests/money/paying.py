"""A paying customer, our contract with a gateway that the test plays itself, and what the ledger says."""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from django.db import transaction

from mingdu.base.actors import SYSTEM, Actor
from mingdu.base.database import cursor, reading_connection, transaction_connection
from mingdu.base.models import OrgUnit
from mingdu.customers.models import Account, Customer
from mingdu.customers.queries import actor_of_customer
from mingdu.money.merchant import Merchant
from mingdu.money.models import PaymentNotice, PaymentOrder
from mingdu.money.operations import Journal, OrderRequest, RawNotice, order_payment, post, take_notice
from mingdu.money.payment_words import Channel, NoticeVerdict
from mingdu.money.signatures import Signed, sign

AT = datetime(2027, 1, 4, 1, 0, tzinfo=UTC)
numbers = count(1)


@cache
def key(name: str) -> RSAPrivateKey:
    """A key of its own for each name; made once, because that takes a while."""
    return generate_private_key(public_exponent=65537, key_size=2048)


@cache
def contract() -> Merchant:
    trust = ssl.create_default_context()
    return Merchant(
        "mingdu",
        "明度供电",
        key("ours"),
        key("gateway").public_key(),
        "/gateway/pay",
        "/gateway/query",
        trust,
    )


@dataclass(frozen=True)
class Payer:
    """A customer with one account."""

    by: Actor
    account: Account

    def owes(self, *amounts_fen: int) -> list[int]:
        """Bill the account; gives the bills' ids, the oldest first."""
        return [charge(self.account.pk, amount_fen) for amount_fen in amounts_fen]

    def orders(
        self, amount_fen: int, *, channel: Channel = Channel.WECHAT, at: datetime = AT
    ) -> PaymentOrder:
        request = OrderRequest(self.account.account_number, amount_fen, channel)
        return order_payment(request, by=self.by, at=at)


def new_payer() -> Payer:
    number = next(numbers)
    unit, _ = OrgUnit.objects.get_or_create(code="0530", defaults={"name": "所"})
    holder = Customer.objects.create(code=f"payer {number}", name="李伟")
    account = Account.objects.create(
        account_number=f"05301{number:05d}", customer=holder, unit=unit, service_location="一号"
    )
    by = actor_of_customer(holder.pk)
    assert by is not None
    return Payer(by, account)


def charge(account_id: int, amount_fen: int, *, kind: str = "issue", reference: str = "") -> int:
    """Post what a bill asks for; gives the bill's id."""
    bill = next(numbers)
    one = np.array([bill], dtype=np.int64)
    journal = Journal(
        kind, reference or f"{kind}:{bill}", date(2027, 1, 4), np.array([account_id], dtype=np.int64), one,
        np.array([amount_fen], dtype=np.int64),
    )  # fmt: skip
    with transaction.atomic():
        post(transaction_connection(), journal, by=SYSTEM, at=AT)
    return bill


def said(about: PaymentOrder | str, event: str = "paid", **changed: Any) -> dict[str, Any]:
    """What the gateway says of an order; its transaction is named after the order."""
    number = about if isinstance(about, str) else about.number
    amount_fen = 0 if isinstance(about, str) else about.amount_fen
    content = {
        "merchant": "mingdu", "order": number, "event": event, "transaction": f"42{number}",
        "amount_fen": amount_fen, "paid_at": "2027-01-04T09:00:30+08:00",
    }  # fmt: skip
    return content | changed


def signed(
    content: dict[str, Any] | bytes, *, at: datetime = AT, by: str = "gateway", nonce: str = ""
) -> Signed:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return sign(key(by), int(at.timestamp()), nonce or f"nonce{next(numbers)}", body)


def take(
    notice: Signed, *, at: datetime = AT + timedelta(minutes=1), came_by: str = "notice"
) -> NoticeVerdict:
    return take_notice(RawNotice(notice, came_by), contract(), by=SYSTEM, at=at)


def verdicts(order_number: str) -> list[str]:
    found = PaymentNotice.objects.filter(order_number=order_number).order_by("pk")
    return list(found.values_list("verdict", flat=True))


def entries(account_id: int) -> dict[tuple[int, int], int]:
    """The sum of the account's payments and what stands against them, by (ledger, bill) [fen]."""
    statement = """
        SELECT e.ledger, e.bill_id, sum(e.amount_fen)::bigint FROM money_entry e
        JOIN money_journal j ON j.id = e.journal_id WHERE j.kind = 'payment' AND j.id IN
            (SELECT journal_id FROM money_entry WHERE account_id = %s)
        GROUP BY 1, 2"""
    rows = cursor(reading_connection()).execute(statement, (account_id,)).fetchall()
    return {(ledger, bill): amount for ledger, bill, amount in rows}
