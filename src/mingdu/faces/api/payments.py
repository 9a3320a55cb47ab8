"""Payment orders, receipts, and the address at which the gateway tells what became of an order."""

from __future__ import annotations

from typing import Annotated

from ninja import Router, Schema, Status
from pydantic import Field

from mingdu.base.actors import SYSTEM
from mingdu.core.money import yuan_text
from mingdu.customers.queries import account_by_id, account_for
from mingdu.errors import TradeError
from mingdu.faces.identity import Asked
from mingdu.faces.paying import fen_of, periods_of_bills, present_order, start_payment
from mingdu.faces.writing import Instant
from mingdu.money.merchant import merchant
from mingdu.money.operations import OrderRequest, RawNotice, take_notice
from mingdu.money.payment_words import Channel
from mingdu.money.queries import (
    OrderView,
    OwedBill,
    ReceiptView,
    payment_notices,
    receipt_by_number,
    receipts_of_account,
)
from mingdu.money.signatures import read_signed

from .door import Request
from .fields import Body, Filter, Most, Number

router = Router(tags=["payments"])

# Yuan with at most two decimals; what may be ordered is the operation's to say.
Amount = Annotated[str, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,2})?$", examples=["139.27"])]


class NoticeRefused(TradeError):
    """The notice was kept, but is not believed or names no order of ours."""

    next_step = "sign it afresh with the gateway's key, at the time of sending"


class NewOrder(Body):
    """What a customer wants to pay on an account."""

    account: Number
    amount: Amount
    channel: Channel


class OrderAnswer(Schema):
    """A payment order: `state` is waiting, paid, doubtful, settled (without booking), closed or expired."""

    number: str
    account: str
    amount: str
    channel: str
    ordered_at: Instant
    expires_at: Instant
    state: str


class OrderStarted(Schema):
    """A payment order, and the gateway's page on which it is paid."""

    number: str
    pay_url: str


class SettledBill(Schema):
    """A bill and what it got of a payment."""

    id: int
    period: str
    amount: str


class ReceiptAnswer(Schema):
    """A receipt; `credit` was more than all that was owed and stands in the account's favour."""

    number: str
    account: str
    transaction: str
    channel: str
    amount: str
    amount_capitals: str
    credit: str
    paid_at: Instant
    received_at: Instant
    bills: list[SettledBill]


class NoticeAnswer(Schema):
    """One thing that came in as the gateway's word, and what was made of it."""

    id: int
    received_at: Instant
    came_by: str
    order: str
    verdict: str
    body: str


class NoticeTaken(Schema):
    """What was made of a notice; it need not be sent again."""

    verdict: str


@router.post("/payments/orders", response={201: OrderStarted})
def new_order(request: Request, body: NewOrder) -> Status[OrderStarted]:
    """Order a payment; the same order again while it waits is the same one."""
    wanted = OrderRequest(body.account, fen_of(body.amount), body.channel)
    number, address = start_payment(request, wanted, request.auth)
    return Status(201, OrderStarted(number=number, pay_url=address))


@router.get("/payments/orders/{number}", response=OrderAnswer)
def order(request: Request, number: Number) -> OrderAnswer:
    """Show how a payment order stands."""
    return _order(present_order(request, number, request.auth))


@router.get("/payments/receipts", response=list[ReceiptAnswer])
def receipts(request: Request, account: Number) -> list[ReceiptAnswer]:
    """List an account's receipts, the newest first."""
    view = account_for(request.auth, account, "money.read", now=request.now)
    found = receipts_of_account(request.auth, view.id, view.unit_id)
    periods = periods_of_bills(view.id)
    return [_receipt(each, view.account_number, periods) for each in found]


@router.get("/payments/receipts/{number}", response=ReceiptAnswer)
def receipt(request: Request, number: Number) -> ReceiptAnswer:
    """Show one receipt with the bills that it settled."""
    found = receipt_by_number(request.auth, number, now=request.now)
    account = account_by_id(found.account_id)
    return _receipt(found, account.account_number, periods_of_bills(account.id))


@router.get("/payments/notices", response=list[NoticeAnswer])
def notices(request: Request, order: Filter = "", most: Most = 50) -> list[NoticeAnswer]:
    """List what came in as the gateway's word, forged or genuine, the newest first."""
    return [
        NoticeAnswer(
            id=row.id, received_at=row.received_at, came_by=row.came_by, order=row.order_number,
            verdict=row.verdict, body=row.body,
        )
        for row in payment_notices(request.auth, order_number=order, most=most)
    ]  # fmt: skip


@router.post("/payments/notices", auth=None, response=NoticeTaken)
def notice(request: Asked) -> NoticeTaken:
    """Take the gateway's signed notice; its proof stands in the headers Pay-Timestamp, -Nonce, -Signature."""
    raw = RawNotice(read_signed(request.headers, request.body))
    verdict = take_notice(raw, merchant(), by=SYSTEM, at=request.now)
    if verdict.is_refused:
        raise NoticeRefused(f"the notice was not taken: {verdict}", verdict=verdict.value)
    return NoticeTaken(verdict=verdict.value)


def _order(view: OrderView) -> OrderAnswer:
    return OrderAnswer(
        number=view.number, account=account_by_id(view.account_id).account_number,
        amount=yuan_text(view.amount_fen), channel=view.channel, ordered_at=view.ordered_at,
        expires_at=view.expires_at, state=view.state.value,
    )  # fmt: skip


def _receipt(view: ReceiptView, account: str, periods: dict[int, str]) -> ReceiptAnswer:
    return ReceiptAnswer(
        number=view.number, account=account, transaction=view.transaction, channel=view.channel,
        amount=yuan_text(view.amount_fen), amount_capitals=view.amount_capitals,
        credit=yuan_text(view.credit_fen), paid_at=view.paid_at, received_at=view.received_at,
        bills=[_settled(bill, periods) for bill in view.bills],
    )  # fmt: skip


def _settled(bill: OwedBill, periods: dict[int, str]) -> SettledBill:
    return SettledBill(
        id=bill.bill_id, period=periods.get(bill.bill_id, ""), amount=yuan_text(bill.amount_fen)
    )
