"""Wires payment: the simulated gateway below /gateway/, and our contract with it."""

from __future__ import annotations

import ssl
from functools import cache
from pathlib import Path

from django.conf import settings

from mingdu.money.merchant import Merchant, provide_merchant
from mingdu.town.payments.book import Book
from mingdu.town.payments.gateway import Gateway
from mingdu.town.payments.notifier import Notifier
from mingdu.town.payments.pages import gateway_patterns

from .clock import clock_of
from .payment_keys import KeyPair, key_pair

MERCHANT_NUMBER = "mingdu"
PAYEE = "明度供电"
OURS, GATEWAYS = "merchant", "gateway"


def merchant_here() -> Merchant:
    """Return our contract: of the gateway we hold the public key alone."""
    folder = _data_folder()
    return Merchant(
        MERCHANT_NUMBER, PAYEE, _keys(folder, OURS).private, _keys(folder, GATEWAYS).public,
        "/gateway/pay", "/gateway/query", _trust(folder),
    )  # fmt: skip


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
