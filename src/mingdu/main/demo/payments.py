"""The demo's customers pay bills at the gateway, over HTTP; some payments go as they really go wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from mingdu.base.actors import SYSTEM
from mingdu.base.operations import issue_token
from mingdu.customers.queries import account_for
from mingdu.town.identity import account_number
from mingdu.town.payments.behaviour import Behaviour
from mingdu.town.roster import FACTORY

from .caller import Caller, CallFailed, sign_in

CANCELLED, LEFT = "cancelled", "left"
WAIT_SECONDS = 20.0

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Paying:
    """
    Who pays how much, and how the gateway tells of it.

    point    number of the payer's usage point
    how      a Behaviour of the gateway; CANCELLED: he goes back; LEFT: he neither pays nor goes back
    amount   in yuan; "" is all that he owes
    """

    point: int
    how: str
    amount: str = ""
    channel: str = "wechat"


PEOPLE = (
    Paying(3, Behaviour.ONCE),
    Paying(5, Behaviour.ONCE, channel="alipay"),
    Paying(8, Behaviour.THRICE),
    Paying(12, Behaviour.NEVER),
    Paying(17, Behaviour.WRONG_AMOUNT, channel="alipay"),
    Paying(21, Behaviour.CLOSED_FIRST),
    Paying(26, Behaviour.WRONG_SIGNATURE),
    Paying(FACTORY, Behaviour.ONCE, "20000.00"),
    Paying(FACTORY, Behaviour.WRONG_AMOUNT, "5000.00", "alipay"),
    Paying(33, CANCELLED),
    Paying(38, LEFT),
)


def pay_bills(running: Any, people: Iterable[Paying], now: datetime, tell: Tell) -> int:
    """
    Let people pay what they owe, once a data folder; who owes nothing is left out.

    returns  how many went to the gateway
    raises   CallFailed
    """
    clerk = sign_in(running.url, "clerk", running.passwords["clerk"])
    if clerk.get("payments/notices", most="1"):
        return 0
    went = sum(_pay(running.url, each, now) for each in people)
    tell(f"payments: {went} orders at the gateway")
    return went


def _pay(url: str, paying: Paying, now: datetime) -> bool:
    number = account_number(paying.point)
    customer_id = account_for(SYSTEM, number, "customers.read", now=now).customer_id
    payer = Caller(url, issue_token("customer", customer_id, now=now))
    owed = payer.get(f"accounts/{number}")["balance"]
    if Decimal(owed) <= 0:
        return False
    order = {"account": number, "amount": paying.amount or owed, "channel": paying.channel}
    address = payer.post("payments/orders", order)["pay_url"]
    if paying.how != LEFT:
        _at_gateway(url, address, paying.how)
    return True


def _at_gateway(url: str, address: str, how: str) -> None:
    """Press a button on the gateway's page."""
    parts = urlsplit(address)
    act = {"act": "cancel"} if how == CANCELLED else {"act": "pay", "behaviour": how}
    with httpx.Client(base_url=url, timeout=WAIT_SECONDS) as browser:
        browser.get(f"{parts.path}?{parts.query}")
        form: dict[str, Any] = dict(parse_qsl(parts.query)) | act
        form["csrfmiddlewaretoken"] = browser.cookies["csrftoken"]
        answer = browser.post(parts.path, data=form)
    if answer.status_code != httpx.codes.SEE_OTHER:
        raise CallFailed(f"the gateway answered {answer.status_code}", status=answer.status_code)
