"""Payment orders and notices as the desks look at them: lists to filter, one order with its story."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from mingdu.base import audit
from mingdu.base.actors import Actor
from mingdu.base.database import reading_connection
from mingdu.base.permissions import require, scope
from mingdu.core.clock import civil_day
from mingdu.errors import TradeError
from mingdu.money.models import MismatchSettlement, NoticeRefusals, Payment, PaymentNotice, PaymentOrder
from mingdu.money.notice_form import read_said
from mingdu.money.payment_words import OrderState

from .entries import JournalEntry, entries_of_journals
from .order_states import open_mismatches, with_state
from .payments import ReceiptView, UnknownOrder, receipt_views

VERB = "money.read_notices"
# What a notice says that a colleague compares with the gateway's statement; anything else is covered.
SHOWN_FIELDS = frozenset({"merchant", "order", "event", "transaction", "amount_fen", "paid_at"})
COVERED = "***"
MOST_SHOWN = 2_000
# So much of a signature tells two of them apart; the whole would only help who wants to send it again.
SIGNATURE_SHOWN = 12


class UnknownNotice(TradeError):
    """There is no such notice for this actor; one about a foreign order looks exactly the same."""

    next_step = "look at the list of notices"


@dataclass(frozen=True)
class PaymentFilter:
    """
    Which orders or notices are wanted; what is empty or None leaves a question out.

    state          of an order; DOUBTFUL: a person has to look at it, also when it is paid
    verdict        of a notice
    account_ids    accounts of the orders
    since, before  half-open span in which it was ordered, or came in
    """

    state: str = ""
    verdict: str = ""
    account_ids: Collection[int] | None = None
    since: datetime | None = None
    before: datetime | None = None


class OrderRow(NamedTuple):
    """An order as a list shows it; `state` is a value of OrderState."""

    number: str
    account_id: int
    amount_fen: int
    channel: str
    ordered_at: datetime
    state: str
    is_doubtful: bool


class NoticeRow(NamedTuple):
    """A notice as a list shows it; `order_number` is empty where it could not be read or trusted."""

    pk: int
    received_at: datetime
    came_by: str
    verdict: str
    order_number: str
    transaction: str


@dataclass(frozen=True)
class Evidence:
    """
    A notice as it came, with what nobody needs to read covered.

    amount_fen, transaction  what a genuine one says of a payment; None and "" else
    headers                  (name, value), the signature cut
    """

    row: NoticeRow
    amount_fen: int | None
    transaction: str
    body: str
    headers: list[tuple[str, str]]


@dataclass(frozen=True)
class SettlementView:
    """What a colleague made of a mismatch; `booked_on` is the number of the order, "" when nothing was."""

    transaction: str
    outcome: str
    reason: str
    booked_on: str
    settled_by: str
    settled_at: datetime


@dataclass(frozen=True)
class OrderStory:
    """
    A payment order with all that is known of it.

    ordered_by  actor id of the payer
    made_for    number of a paid order whose second payment it was made for; "" of all that customers order
    receipt     of the money that came in for it, None: none yet; entries: as it was booked
    notices     the oldest first; open_notice_ids: those that wait for a colleague, one a transaction
    """

    number: str
    account_id: int
    amount_fen: int
    channel: str
    ordered_by: str
    ordered_at: datetime
    expires_at: datetime
    closed_at: datetime | None
    asked_at: datetime | None
    asks: int
    next_ask_at: datetime | None
    state: str
    made_for: str
    receipt: ReceiptView | None
    entries: list[JournalEntry]
    notices: list[Evidence]
    open_notice_ids: list[int]
    settlements: list[SettlementView]


def orders_listed(by: Actor, wanted: PaymentFilter, *, now: datetime) -> QuerySet[PaymentOrder, OrderRow]:
    """Return the orders of the actor's units that fit, the newest first, lazily."""
    require(by, VERB)
    found = with_state(_seen_orders(by), now).order_by("-pk")
    if wanted.state == OrderState.DOUBTFUL:
        found = found.filter(is_doubtful=True)
    elif wanted.state:
        found = found.filter(state=wanted.state)
    if wanted.account_ids is not None:
        found = found.filter(account_id__in=wanted.account_ids)
    found = found.filter(_span("ordered_at", wanted))
    rows: QuerySet[PaymentOrder, OrderRow] = found.values_list(*OrderRow._fields, named=True)
    return rows


def notices_listed(by: Actor, wanted: PaymentFilter) -> QuerySet[PaymentNotice, NoticeRow]:
    """Return the notices that fit, about the actor's orders or about none, the newest first, lazily."""
    found = _seen_notices(by).filter(_span("received_at", wanted)).order_by("-pk")
    if wanted.verdict:
        found = found.filter(verdict=wanted.verdict)
    if wanted.account_ids is not None:
        orders = PaymentOrder.objects.filter(account_id__in=wanted.account_ids)
        found = found.filter(order_number__in=orders.values("number"))
    rows: QuerySet[PaymentNotice, NoticeRow] = found.values_list(*NoticeRow._fields, named=True)
    return rows


def evidence_of(by: Actor, notice_id: int, merchant_number: str) -> Evidence:
    """Return one notice as it came; raises UnknownNotice, the same for one about a foreign order."""
    row = _seen_notices(by).filter(pk=notice_id).first()
    if row is None:
        raise UnknownNotice(f"no notice {notice_id}", notice=notice_id)
    return _evidence(row, merchant_number)


def order_story(by: Actor, number: str, merchant_number: str, *, now: datetime) -> OrderStory:
    """
    Return an order with every notice about it.

    raises  UnknownOrder, the same for a foreign order, which leaves an audit row
    Call it outside a transaction: one that the error rolls back would take the audit row along.
    """
    require(by, VERB)
    order: Any = with_state(_seen_orders(by).filter(number=number), now).first()
    if order is None:
        if PaymentOrder.objects.filter(number=number).exists():
            audit.record(by, "money.foreign_order", f"payment_order:{number}", at=now)
        raise UnknownOrder(f"no payment order {number}", order=number)
    notices = PaymentNotice.objects.filter(order_number=number).order_by("pk")
    settled = MismatchSettlement.objects.filter(order=order).select_related("booked_on").order_by("pk")
    receipt = next(
        iter(receipt_views(list(Payment.objects.filter(order=order).select_related("order")))), None
    )
    paid_twice = MismatchSettlement.objects.filter(booked_on=order).exclude(order=order)
    newest = {row.transaction: row.pk for row in open_mismatches(number).order_by("pk")}
    return OrderStory(
        order.number, order.account_id, order.amount_fen, order.channel, order.ordered_by, order.ordered_at,
        order.expires_at, order.closed_at, order.asked_at, order.asks, order.next_ask_at, order.state,
        "".join(paid_twice.values_list("order__number", flat=True)),
        receipt, _entries(receipt), [_evidence(row, merchant_number) for row in notices],
        sorted(newest.values()), [_settlement(row) for row in settled],
    )  # fmt: skip


def refusals_today(by: Actor, *, now: datetime) -> dict[str, int]:
    """Return how many notices were refused today, by fault, kept or not."""
    require(by, VERB)
    rows = NoticeRefusals.objects.filter(day=civil_day(now, settings.ZONE)).order_by("verdict")
    return dict(rows.values_list("verdict", "total"))


def doubtful_count(by: Actor, *, now: datetime) -> int:
    """Return how many orders wait for a person."""
    return orders_listed(by, PaymentFilter(OrderState.DOUBTFUL.value), now=now).count()


def _seen_orders(by: Actor) -> QuerySet[PaymentOrder]:
    units = scope(by, VERB).unit_ids
    return PaymentOrder.objects.all() if units is None else PaymentOrder.objects.filter(unit_id__in=units)


def _seen_notices(by: Actor) -> QuerySet[PaymentNotice]:
    require(by, VERB)
    units = scope(by, VERB).unit_ids
    if units is None:
        return PaymentNotice.objects.all()
    foreign = PaymentOrder.objects.filter(number=OuterRef("order_number")).exclude(unit_id__in=units)
    return PaymentNotice.objects.filter(~Exists(foreign))


def _span(field: str, wanted: PaymentFilter) -> Q:
    since = Q(**{f"{field}__gte": wanted.since}) if wanted.since else Q()
    return since & (Q(**{f"{field}__lt": wanted.before}) if wanted.before else Q())


def _evidence(row: PaymentNotice, merchant_number: str) -> Evidence:
    body = bytes(row.body)
    # What is not proven is not read either: a forged amount is no amount.
    said = read_said(body, merchant_number) if row.taken_nonce else None
    head = NoticeRow(row.pk, row.received_at, row.came_by, row.verdict, row.order_number, row.transaction)
    return Evidence(
        head, said.amount_fen if said and said.paid_at else None, row.transaction, covered_body(body),
        [(name, _cut(name, value)) for name, value in sorted(row.headers.items())],
    )  # fmt: skip


def covered_body(body: bytes) -> str:
    """Return a notice's body as colleagues may read it: fields that the form does not know are covered."""
    text = body.decode("utf-8", "backslashreplace")
    try:
        content = json.loads(text)
    except ValueError:
        return text[:MOST_SHOWN]
    if isinstance(content, dict):
        content = {name: value if name in SHOWN_FIELDS else COVERED for name, value in content.items()}
    return json.dumps(content, ensure_ascii=False, indent=1)[:MOST_SHOWN]


def _cut(name: str, value: str) -> str:
    is_long = name.endswith("Signature") and len(value) > SIGNATURE_SHOWN
    return f"{value[:SIGNATURE_SHOWN]}…" if is_long else value


def _entries(receipt: ReceiptView | None) -> list[JournalEntry]:
    if receipt is None:
        return []
    journals = entries_of_journals(reading_connection(), [f"payment:{receipt.transaction}"])
    return [entry for journal in journals for entry in journal]


def _settlement(row: MismatchSettlement) -> SettlementView:
    booked_on = row.booked_on.number if row.booked_on else ""
    return SettlementView(row.transaction, row.outcome, row.reason, booked_on, row.settled_by, row.settled_at)
