"""Receipts: the list of an account's, and one to read and to print."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from mingdu.customers.queries import account_by_id
from mingdu.faces.customer.pages import choose_account, show
from mingdu.faces.identity import Asked, signed_in
from mingdu.faces.paying import periods_of_bills
from mingdu.money.merchant import merchant
from mingdu.money.queries import orders_not_booked, receipt_by_number, receipts_of_account


@require_safe
def receipts(request: Asked) -> HttpResponse:
    """List what was paid on an account and what is not booked yet, the newest first."""
    by = signed_in(request)
    chosen = choose_account(request)
    if chosen.account is None:
        return show(request, "no_account", "bills", {})
    found = receipts_of_account(by, chosen.account.id, chosen.account.unit_id)
    page = {
        "chosen": chosen,
        "account": chosen.account,
        "receipts": found,
        "orders": orders_not_booked(by, chosen.account.id, chosen.account.unit_id, now=request.now),
    }
    return show(request, "receipts", "bills", page)


@require_safe
def receipt(request: Asked, number: str) -> HttpResponse:
    """Show one receipt."""
    return show(request, "receipt", "bills", _receipt(request, number))


@require_safe
def receipt_print(request: Asked, number: str) -> HttpResponse:
    """Show one receipt as it is printed, with nothing around it."""
    return show(request, "receipt_print", "bills", _receipt(request, number))


def _receipt(request: Asked, number: str) -> dict[str, Any]:
    found = receipt_by_number(signed_in(request), number, now=request.now)
    periods = periods_of_bills(found.account_id)
    return {
        "receipt": found,
        "account": account_by_id(found.account_id),
        "payee": merchant().payee,
        "bills": [(bill, periods.get(bill.bill_id, "")) for bill in found.bills],
    }
