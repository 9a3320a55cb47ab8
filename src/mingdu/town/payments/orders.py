"""An order as a merchant signs it and the customer's browser brings it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from mingdu.errors import TradeError

from .proof import Proof, is_proven

FIELDS = ("order", "timestamp", "nonce", "signature")
NUMBER = re.compile(r"[0-9A-Za-z]{1,32}")


class BadOrder(TradeError):
    """The order was not signed by its merchant, was changed on its way, or is none."""

    next_step = "go back to the merchant and order again"


class OrderOver(TradeError):
    """The order can no longer be paid: its time is over, or it was cancelled."""

    next_step = "go back to the merchant and order again"


@dataclass(frozen=True)
class Order:
    """What the customer is asked to pay to whom."""

    merchant: str
    payee: str
    number: str
    amount_fen: int
    channel: str
    expires_at: datetime
    notify_url: str
    return_url: str


def read_order(sent: Mapping[str, str], merchant_key: RSAPublicKey) -> Order:
    """Return the order of a query or form; raises BadOrder."""
    packed, timestamp, nonce, signature = (sent.get(name, "") for name in FIELDS)
    try:
        body = base64.b64decode(packed, altchars=b"-_", validate=True)
    except ValueError:
        raise BadOrder("the order is cut or changed") from None
    if not is_proven(merchant_key, body, Proof(timestamp, nonce, signature)):
        raise BadOrder("the order is not signed by its merchant")
    return _order(json.loads(body))


def _order(content: dict[str, Any]) -> Order:
    return Order(
        merchant=content["merchant"],
        payee=content["payee"],
        number=content["order"],
        amount_fen=content["amount_fen"],
        channel=content["channel"],
        expires_at=datetime.fromisoformat(content["expires_at"]),
        notify_url=content["notify_url"],
        return_url=content["return_url"],
    )
