"""Customers' plain pages: sign-in by a phone's code, bills, cases, inbox."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mingdu.billing.queries import BillView, bill_json, bills_of_account
from mingdu.customers.operations import CODE_MINUTES, WrongCode, request_code, sign_in_with_code
from mingdu.customers.queries import AccountView, own_accounts
from mingdu.faces.identity import CUSTOMER_KEY, Asked, begin_session, end_session, signed_in
from mingdu.faces.next_page import next_page
from mingdu.money.queries import balance_fen
from mingdu.notices.operations import mark_read
from mingdu.notices.queries import inbox
from mingdu.service.operations import CaseKind, CaseOrder, Outcome, close_case, open_case
from mingdu.service.queries import case_by_number
from mingdu.service.queries import cases as case_list

from .forms import CaseForm, CloseForm, CodeForm, PhoneForm


@dataclass(frozen=True)
class AccountPage:
    """An account with what it owes and its bills, the newest first."""

    account: AccountView
    balance_fen: int
    bills: list[BillView]


@require_http_methods(["GET", "POST"])
def sign_in(request: Asked) -> HttpResponse:
    """Ask for the phone and send a code to it."""
    form = PhoneForm(request.POST or None)
    if form.is_valid():
        request_code(form.cleaned_data["phone"], now=request.now)
        return _code_page(request, CodeForm(initial=form.cleaned_data))
    return render(request, "faces/customer/sign_in.html", {"form": form, "next": request.GET.get("next", "")})


@require_POST
def code(request: Asked) -> HttpResponse:
    """Take the code; a fitting one begins a session."""
    form = CodeForm(request.POST)
    if form.is_valid():
        try:
            proven = sign_in_with_code(**form.cleaned_data, now=request.now)
        except WrongCode:
            form.add_error(None, _("The code does not fit, or is too old. Ask for a new one."))
        else:
            begin_session(request, CUSTOMER_KEY, proven.customer_id)
            return redirect(next_page(request, reverse("customer:home")))
    return _code_page(request, form, status=401)


@require_POST
def sign_out(request: Asked) -> HttpResponse:
    """End the session."""
    end_session(request)
    return redirect("customer:sign_in")


@require_safe
def home(request: Asked) -> HttpResponse:
    """Show a customer's accounts with balance and bills."""
    by = signed_in(request)
    pages = [
        AccountPage(
            account, balance_fen(by, account.id, account.unit_id), bills_of_account(by, account.id)[::-1]
        )
        for account in own_accounts(by)
    ]
    return render(request, "faces/customer/home.html", {"pages": pages})


@require_safe
def bill(request: Asked, bill_id: int) -> HttpResponse:
    """Show a bill with every line: quantity, price, clause, source, readings."""
    document = bill_json(signed_in(request), bill_id)
    return render(request, "faces/customer/bill.html", {"bill": document, "bill_id": bill_id})


@require_safe
def cases(request: Asked) -> HttpResponse:
    """List a customer's cases."""
    return render(request, "faces/customer/cases.html", {"cases": case_list(signed_in(request))})


@require_http_methods(["GET", "POST"])
def new_case(request: Asked) -> HttpResponse:
    """Take a customer's words and open a case."""
    by = signed_in(request)
    form = CaseForm(request.POST or None, initial=request.GET.dict())
    if not form.is_valid():
        return render(request, "faces/customer/new_case.html", {"form": form})
    said = form.cleaned_data
    order = CaseOrder(said["account"], CaseKind(said["kind"]), said["words"], bill_id=said["bill_id"])
    return redirect("customer:case", open_case(order, by=by, at=request.now).number)


@require_http_methods(["GET", "POST"])
def one_case(request: Asked, number: str) -> HttpResponse:
    """Show a case with what happened to it; take the customer's word that ends it."""
    by = signed_in(request)
    form = CloseForm(request.POST or None)
    if form.is_valid():
        said = form.cleaned_data
        close_case(number, Outcome(said["outcome"]), words=said["words"], by=by, at=request.now)
        return redirect("customer:case", number)
    page = {"case": case_by_number(by, number), "form": form}
    return render(request, "faces/customer/case.html", page)


@require_safe
def messages(request: Asked) -> HttpResponse:
    """List a customer's messages."""
    return render(request, "faces/customer/inbox.html", {"messages": inbox(signed_in(request))})


@require_POST
def read_message(request: Asked, message_id: int) -> HttpResponse:
    """Keep that a message was read."""
    mark_read(message_id, by=signed_in(request), at=request.now)
    return redirect("customer:inbox")


def _code_page(request: Asked, form: CodeForm, status: int = 200) -> HttpResponse:
    page = {"form": form, "minutes": CODE_MINUTES, "next": next_page(request, "")}
    return render(request, "faces/customer/code.html", page, status=status)
