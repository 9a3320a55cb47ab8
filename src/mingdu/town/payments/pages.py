"""The gateway's pages for customers and its address for merchants."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.backends.django import DjangoTemplates
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods, require_safe

from mingdu.errors import TradeError

from .behaviour import LATE_SECONDS, MOST_LATE_SECONDS, Behaviour
from .gateway import Gateway, NotTheMerchant, Shown
from .notifier import GatewayBusy
from .orders import FIELDS, BadOrder, Order, OrderOver
from .proof import HEADS, Proof

Source = Callable[[], Gateway]
BEHAVIOURS = {each.value: each for each in Behaviour}
STATUSES: dict[type[TradeError], int] = {BadOrder: 400, OrderOver: 409, GatewayBusy: 503}

# The gateway is no part of the house, so its pages are found in its own folder; it borrows the frame.
_TEMPLATES = DjangoTemplates(
    {
        "NAME": "payments",
        "DIRS": [Path(__file__).parent / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["mingdu.base.frame.frame"]},
    }
)


def gateway_patterns(source: Source) -> list[URLPattern]:
    """Return the addresses of the gateway; `source` gives it for each request."""

    @require_http_methods(["GET", "POST"])
    def pay(request: HttpRequest) -> HttpResponse:
        return _pay(request, source())

    @require_safe
    def query(request: HttpRequest) -> HttpResponse:
        return _query(request, source())

    return [path("pay", pay, name="pay"), path("query", query, name="query")]


def _pay(request: HttpRequest, gateway: Gateway) -> HttpResponse:
    """Show an order, or pay or cancel it and send the browser back to the merchant."""
    order: Order | None = None
    try:
        order = gateway.order(request.POST or request.GET)
        if request.method != "POST":
            return _show(request, "pay", _page(request, gateway, order))
        _act(request.POST, gateway, order, _now(request))
    except (BadOrder, OrderOver, GatewayBusy) as refusal:
        return _show(request, "refused", {"refusal": refusal, "order": order}, STATUSES[type(refusal)])
    return HttpResponseRedirect(order.return_url, status=303)


def _act(form: Any, gateway: Gateway, order: Order, now: datetime) -> None:
    if form.get("act") == "cancel":
        gateway.cancel(order, now)
        return
    behaviour = BEHAVIOURS.get(form.get("behaviour", ""), Behaviour.ONCE)
    late = form.get("late_seconds", "")
    gateway.pay(order, behaviour, now, int(late) if late.isdecimal() and len(late) <= 4 else LATE_SECONDS)


def _page(request: HttpRequest, gateway: Gateway, order: Order) -> dict[str, Any]:
    shown = gateway.shown(order, _now(request))
    return {
        "order": order,
        "amount": f"{order.amount_fen // 100}.{order.amount_fen % 100:02d}",
        "sent": [(name, request.GET.get(name, "")) for name in FIELDS],
        "shown": shown.value,
        "is_open": shown is Shown.OPEN,
        "late_seconds": LATE_SECONDS,
        "most_late_seconds": MOST_LATE_SECONDS,
    }


def _query(request: HttpRequest, gateway: Gateway) -> HttpResponse:
    """Tell a merchant how an order stands, signed."""
    proof = Proof(*(request.headers.get(name, "") for name in HEADS))
    try:
        answer = gateway.answer(request.GET.get("order", ""), proof, _now(request))
    except NotTheMerchant:
        return HttpResponse(status=401)
    return HttpResponse(answer.body, content_type="application/json", headers=answer.proof.headers())


def _show(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    page = _TEMPLATES.get_template(f"payments/{template}.html")
    return HttpResponse(page.render(context, request), status=status)


def _now(request: HttpRequest) -> datetime:
    now: datetime = request.now  # type: ignore[attr-defined]
    return now
