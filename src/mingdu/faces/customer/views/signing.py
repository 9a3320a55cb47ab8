"""Signing in by a phone's code, in two steps, and out."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from mingdu.customers.operations import (
    CODE_MINUTES,
    TooManyCodes,
    WrongCode,
    request_code,
    sign_in_with_code,
)
from mingdu.faces.customer.forms import CodeForm, PhoneForm
from mingdu.faces.customer.pages import show
from mingdu.faces.identity import Asked, begin_session, end_session
from mingdu.faces.next_page import next_page

PHONE_KEY = "code_phone"
SENT_KEY = "code_sent_at"


@require_http_methods(["GET", "POST"])
def sign_in(request: Asked) -> HttpResponse:
    """Ask for the phone and send a code to it."""
    form = PhoneForm(request.POST or None)
    status = 200
    if form.is_valid():
        phone = "".join(sign for sign in form.cleaned_data["phone"] if sign not in " -")
        try:
            request_code(phone, now=request.now)
        except TooManyCodes:
            form.add_error("phone", _("Several codes were sent just now. Wait five minutes, then ask again."))
            status = 429
        else:
            return _on_to_code(request, phone)
    return show(request, "sign_in", "", {"form": form, "next": next_page(request, "")}, status=status)


@require_http_methods(["GET", "POST"])
def code(request: Asked) -> HttpResponse:
    """Take the code; a fitting one begins a session."""
    if request.method == "GET":
        phone = request.session.get(PHONE_KEY)
        return (
            _code_page(request, CodeForm(initial={"phone": phone})) if phone else redirect("customer:sign_in")
        )
    form = CodeForm(request.POST)
    if form.is_valid():
        try:
            proven = sign_in_with_code(form.cleaned_data["phone"], form.cleaned_data["code"], now=request.now)
        except WrongCode:
            form.add_error("code", _("The code does not fit, or is too old. Ask for a new one."))
        else:
            begin_session(request, proven.customer_id)
            return redirect(next_page(request, reverse("customer:home")))
    return _code_page(request, form, status=401)


@require_POST
def sign_out(request: Asked) -> HttpResponse:
    """End the session."""
    end_session(request)
    return redirect("customer:sign_in")


def _on_to_code(request: Asked, phone: str) -> HttpResponse:
    request.session[PHONE_KEY] = phone
    request.session[SENT_KEY] = request.now.isoformat()
    wanted = next_page(request, "")
    return redirect(reverse("customer:code") + (f"?{urlencode({'next': wanted})}" if wanted else ""))


def _code_page(request: Asked, form: CodeForm, status: int = 200) -> HttpResponse:
    sent = request.session.get(SENT_KEY)
    sent_at = datetime.fromisoformat(sent) if sent else None
    page = {
        "form": form,
        "phone": form["phone"].value() or "",
        "sent_at": sent_at,
        "valid_until": sent_at + timedelta(minutes=CODE_MINUTES) if sent_at else None,
        "minutes": CODE_MINUTES,
        "next": next_page(request, ""),
    }
    return show(request, "code", "", page, status=status)
