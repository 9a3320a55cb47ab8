"""Orders of a customer, and the gateway's genuine word about them, without a socket."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings

from faces.small_utility import OWN, Utility
from mingdu.base.actors import SYSTEM
from mingdu.main.clock import clock_of
from mingdu.main.gateway import gateway_here
from mingdu.money.merchant import merchant
from mingdu.money.models import PaymentOrder
from mingdu.money.operations import RawNotice, take_notice
from mingdu.money.signatures import sign

nonces = count(1)


def ordered(utility: Utility, amount: str) -> str:
    """Let the customer order a payment; gives its number."""
    order = {"account": OWN, "amount": amount, "channel": "wechat"}
    address = utility.post("payments/orders", "customer", order).json()["pay_url"]
    packed = dict(parse_qsl(urlsplit(address).query))["order"]
    return str(json.loads(urlsafe_b64decode(packed))["order"])


def notice_taken(number: str, *, more_fen: int = 0, **changed: Any) -> str:
    """Let the gateway say that an order was paid; gives what was made of it."""
    order = PaymentOrder.objects.filter(number=number).first()
    content = {
        "merchant": merchant().number, "order": number, "event": "paid", "transaction": f"42{number}",
        "amount_fen": (order.amount_fen if order else 100) + more_fen,
        "paid_at": "2027-01-04T09:00:30+08:00",
    }  # fmt: skip
    now = clock_of(settings.ENVIRONMENT).now()
    signed = sign(
        gateway_here().key, int(now.timestamp()), f"n{next(nonces)}", json.dumps(content | changed).encode()
    )
    return str(take_notice(RawNotice(signed), merchant(), by=SYSTEM, at=now))
