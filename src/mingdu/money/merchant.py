"""What we hold of the contract with the payment gateway (商户): our own key, its public key, where it is."""

from __future__ import annotations

import json
import ssl
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from mingdu.errors import TradeError

from .models import PaymentOrder
from .signatures import Signed, sign


class NoGateway(TradeError):
    """This installation has no payment gateway."""

    next_step = "pay at the counter; an administrator sets the gateway up"


@dataclass(frozen=True)
class Merchant:
    """
    Who we are to the gateway.

    number        our merchant number there
    payee         who gets the money, as the gateway shows it
    own_key       signs what we send; gateway_key verifies what comes from there
    pay_path, query_path   the gateway's addresses: where a customer pays, where an order is asked about
    trust         which certificates are believed when it is asked over HTTPS
    """

    number: str
    payee: str
    own_key: RSAPrivateKey
    gateway_key: RSAPublicKey
    pay_path: str
    query_path: str
    trust: ssl.SSLContext

    def signed(self, body: bytes, nonce: str, at: datetime) -> Signed:
        """Sign a body with our own key."""
        return sign(self.own_key, int(at.timestamp()), nonce, body)


@dataclass(frozen=True)
class Addresses:
    """Where the gateway is, where it sends its notices, where it sends the customer back to."""

    gateway_url: str
    notify_url: str
    return_url: str


_sources: list[Callable[[], Merchant]] = []


def provide_merchant(source: Callable[[], Merchant] | None) -> None:
    """Say where the contract comes from, as main does when it wires the gateway; None: there is none."""
    _sources[:] = [] if source is None else [source]


def merchant() -> Merchant:
    """Return the contract; raises NoGateway."""
    if not _sources:
        raise NoGateway("no payment gateway is set up")
    return _sources[0]()


def pay_url(
    order: PaymentOrder, contract: Merchant, addresses: Addresses, *, nonce: str, at: datetime
) -> str:
    """Return the gateway's address at which this order is paid: the order itself, signed, in the query."""
    content = {
        "merchant": contract.number,
        "payee": contract.payee,
        "order": order.number,
        "amount_fen": order.amount_fen,
        "channel": order.channel,
        "expires_at": order.expires_at.isoformat(),
        "notify_url": addresses.notify_url,
        "return_url": addresses.return_url,
    }
    signed = contract.signed(json.dumps(content, ensure_ascii=False).encode(), nonce, at)
    query = {
        "order": urlsafe_b64encode(signed.body).decode(),
        "timestamp": signed.timestamp,
        "nonce": signed.nonce,
        "signature": signed.signature,
    }
    return f"{addresses.gateway_url}{contract.pay_path}?{urlencode(query)}"
