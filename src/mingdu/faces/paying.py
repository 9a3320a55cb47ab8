"""What pages and API do alike for payments: send a customer to the gateway, look at an order that waits."""

from __future__ import annotations

from functools import partial

from django.urls import reverse

from mingdu.base.actors import Actor
from mingdu.base.identity import new_token
from mingdu.billing.account_bills import bills_of
from mingdu.faces.identity import Asked
from mingdu.money.gateway_line import ask_by_http
from mingdu.money.merchant import Addresses, merchant, pay_url
from mingdu.money.operations import OrderRequest, ask_gateway, order_payment
from mingdu.money.payment_words import OrderState
from mingdu.money.queries import OrderView, order_by_number

NOTICE_PATH = "/api/v1/payments/notices"


def start_payment(request: Asked, wanted: OrderRequest, by: Actor) -> tuple[str, str]:
    """
    Order a payment; returns its number and the gateway's address at which it is paid.

    raises  UnknownAccount, AmountOutside, NoGateway, NotPermitted
    """
    contract = merchant()
    order = order_payment(wanted, by=by, at=request.now)
    addresses = Addresses(
        gateway_url=f"{request.scheme}://{request.get_host()}",
        notify_url=_own_address(request) + NOTICE_PATH,
        return_url=request.build_absolute_uri(reverse("customer:pay_order", args=[order.number])),
    )
    return order.number, pay_url(order, contract, addresses, nonce=new_token(), at=request.now)


def present_order(request: Asked, number: str, by: Actor) -> OrderView:
    """
    Return an order as it stands; for the customer who waits for its notice the gateway itself is asked.

    raises  UnknownOrder, the same for a foreign order; NotPermitted
    """
    order = order_by_number(by, number, now=request.now)
    if not by.is_customer or order.state not in (OrderState.WAITING, OrderState.EXPIRED):
        return order
    contract = merchant()
    taken = ask_gateway(
        number, contract, ask=partial(ask_by_http, _own_address(request), contract),
        nonce=new_token(), by=by, at=request.now,
    )  # fmt: skip
    return order if taken is None else order_by_number(by, number, now=request.now)


def fen_of(amount: str) -> int:
    """Return the fen of an amount as it is typed: "139.2" → 13920."""
    yuan, _, rest = amount.partition(".")
    return int(yuan) * 100 + int(rest.ljust(2, "0") or "0")


def periods_of_bills(account_id: int) -> dict[int, str]:
    """Return the month of each issued bill of an account whose door was asked."""
    return {row.id: f"{row.period_from:%Y-%m}" for row in bills_of(account_id).rows}


def _own_address(request: Asked) -> str:
    # The socket itself and not the Host header, which whoever asks may choose.
    return f"{request.scheme}://{request.META['SERVER_NAME']}:{request.META['SERVER_PORT']}"
