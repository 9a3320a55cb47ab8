"""Wires payment: the simulated gateway below /gateway/, and our contract with it."""

from __future__ import annotations

import ssl
from datetime import datetime
from functools import cache, partial
from pathlib import Path

from django.conf import settings

from mingdu.base.actors import SYSTEM
from mingdu.base.identity import new_token
from mingdu.money.gateway_line import ask_by_http
from mingdu.money.merchant import Merchant, merchant, provide_merchant
from mingdu.money.operations import ask_next_order
from mingdu.town.payments.book import Book
from mingdu.town.payments.gateway import Gateway
from mingdu.town.payments.notifier import Notifier
from mingdu.town.payments.pages import gateway_patterns

from .clock import clock_of
from .environment import make_folder
from .payment_keys import KeyPair, key_pair

MERCHANT_NUMBER = "mingdu"
PAYEE = "明度供电"
OURS, GATEWAYS = "merchant", "gateway"
URL_FILE = "gateway.url"


def merchant_here() -> Merchant:
    """Return our contract: of the gateway we hold the public key alone."""
    folder = _data_folder()
    return Merchant(
        MERCHANT_NUMBER, PAYEE, _keys(folder, OURS).private, _keys(folder, GATEWAYS).public,
        "/gateway/pay", "/gateway/query", _trust(folder),
    )  # fmt: skip


def keep_gateway_url(folder: Path, url: str) -> None:
    """Write down where the web server of this data folder answers, and with it the gateway."""
    make_folder(folder)
    (folder / URL_FILE).write_text(url)


def ask_about_next_order(now: datetime) -> bool:
    """Ask the gateway about the next order whose notice is awaited; tells whether to go on with another."""
    contract, kept = merchant(), _data_folder() / URL_FILE
    # Before the first web server of a data folder there is nobody to ask.
    url = kept.read_text() if kept.exists() else ""
    return ask_next_order(
        contract, ask=partial(ask_by_http, url, contract), nonce=new_token(), by=SYSTEM, at=now
    )


def gateway_here() -> Gateway:
    """Return the gateway of this data folder: one in a process, for its notices are counted."""
    return _gateway(_data_folder())


@cache
def _gateway(folder: Path) -> Gateway:
    key = _keys(folder, GATEWAYS).private
    notifier = Notifier(key, clock_of(settings.ENVIRONMENT).now, _trust(folder))
    return Gateway(key, _keys(folder, OURS).public, Book(folder / "gateway"), notifier)


@cache
def _keys(folder: Path, name: str) -> KeyPair:
    return key_pair(folder / "keys", name)


@cache
def _trust(folder: Path) -> ssl.SSLContext:
    """Believe what this machine believes, and the certificate that it made for itself."""
    trust = ssl.create_default_context()
    own = folder / "tls" / "certificate.pem"
    if own.exists():
        trust.load_verify_locations(own)
    return trust


def _data_folder() -> Path:
    folder: Path = settings.ENVIRONMENT.data_folder
    return folder


provide_merchant(merchant_here)
urlpatterns = gateway_patterns(gateway_here)
