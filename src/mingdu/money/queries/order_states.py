"""How payment orders stand, read off their records by the database: for one order as for a list of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Value, When

from mingdu.money.models import MismatchSettlement, PaymentNotice, PaymentOrder
from mingdu.money.payment_words import DOUBTFUL, OrderState


def with_state(orders: QuerySet[PaymentOrder], now: datetime) -> QuerySet[Any]:
    """
    Return orders with what their records say, written on each row.

    state        a value of OrderState
    is_doubtful  a person has to look at it, also when the order is paid
    """
    settled = MismatchSettlement.objects.filter(order=OuterRef("pk"))
    marked = orders.annotate(
        is_doubtful=Exists(open_mismatches(OuterRef("number"))), is_settled=Exists(settled)
    )
    return marked.annotate(
        state=Case(
            _when(Q(payment__isnull=False), OrderState.PAID),
            _when(Q(is_doubtful=True), OrderState.DOUBTFUL),
            _when(Q(is_settled=True), OrderState.SETTLED),
            _when(Q(closed_at__isnull=False), OrderState.CLOSED),
            _when(Q(expires_at__gt=now), OrderState.WAITING),
            default=Value(OrderState.EXPIRED.value),
            output_field=CharField(),
        )
    )


def open_mismatches(order_number: str | OuterRef) -> QuerySet[PaymentNotice]:
    """Return the notices about an order that no colleague has settled yet."""
    settled = MismatchSettlement.objects.filter(transaction=OuterRef("transaction"))
    doubtful = PaymentNotice.objects.filter(order_number=order_number, verdict__in=DOUBTFUL)
    return doubtful.filter(~Exists(settled))


def _when(condition: Q, state: OrderState) -> When:
    return When(condition, then=Value(state.value))
