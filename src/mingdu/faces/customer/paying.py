"""Paying: what is owed, how much of it, and waiting until the gateway's notice is in."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from mingdu.base.actors import Actor
from mingdu.billing.account_bills import bills_beside
from mingdu.core.money import yuan_text
from mingdu.customers.queries import AccountView, own_accounts
from mingdu.faces.customer.pages import choose_account, show
from mingdu.faces.customer.paying_form import PayForm
from mingdu.faces.identity import Asked, signed_in
from mingdu.faces.paying import fen_of, periods_of_bills, present_order, start_payment
from mingdu.money.operations import AmountOutside, OrderRequest
from mingdu.money.payment_words import Channel, OrderState
from mingdu.money.queries import Owed, latest_waiting_order, owed_by_account, receipt_by_number


@dataclass(frozen=True)
class Debt:
    """What an account owes, and how much of it is asked for at first."""

    account: AccountView
    owed: Owed
    asked_fen: int


@require_http_methods(["GET", "POST"])
def pay(request: Asked, bill_id: int | None = None) -> HttpResponse:
    """Show what is owed, bill by bill, and send the customer to the gateway with the amount he chose."""
    by = signed_in(request)
    debt = _debt(request, by, bill_id)
    if debt is None:
        return show(request, "no_account", "bills", {})
    first = {"amount": yuan_text(debt.asked_fen) if debt.asked_fen else ""}
    form = PayForm(request.POST or None, initial=first)
    if form.is_valid():
        address = _start(request, form, debt.account, by)
        if address:
            return redirect(address)
    periods = periods_of_bills(debt.account.id)
    page = {
        "form": form,
        "account": debt.account,
        "bills": [(bill, periods.get(bill.bill_id, "")) for bill in debt.owed.bills],
        "owed": debt.owed,
        "waiting": latest_waiting_order(by, debt.account.id, debt.account.unit_id, now=request.now),
    }
    return show(request, "pay", "bills", page, status=422 if form.errors else 200)


@require_safe
def pay_order(request: Asked, number: str) -> HttpResponse:
    """Show how a payment order stands; the browser's word that it was paid counts for nothing."""
    by = signed_in(request)
    order = present_order(request, number, by)
    receipt = receipt_by_number(by, number, now=request.now) if order.state is OrderState.PAID else None
    return show(request, "pay_order", "bills", {"order": order, "receipt": receipt})


def _debt(request: Asked, by: Actor, bill_id: int | None) -> Debt | None:
    """Return the debt of the bill's account, or of the account in hand; None: there is no account yet."""
    if bill_id is None:
        account = choose_account(request).account
    else:
        account_id = bills_beside(by, bill_id, now=request.now).of(bill_id).account_id
        account = next((each for each in own_accounts(by) if each.id == account_id), None)
    if account is None:
        return None
    owed = owed_by_account(by, account.id, account.unit_id)
    through = owed.through(bill_id) if bill_id is not None else 0
    return Debt(account, owed, through or owed.total_fen)


def _start(request: Asked, form: PayForm, account: AccountView, by: Actor) -> str:
    """Order the payment and return the gateway's address; empty with the error in the form."""
    said = form.cleaned_data
    wanted = OrderRequest(account.account_number, fen_of(said["amount"]), Channel(said["channel"]))
    try:
        return start_payment(request, wanted, by)[1]
    except AmountOutside:
        form.add_error(
            "amount", _("At least 0.01 and at most 50,000.00 yuan can be paid here; larger sums by transfer.")
        )
        return ""
