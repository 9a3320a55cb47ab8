"""Bills: the list with thirteen months, and one bill with every line explained."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from mingdu.base.actors import Actor
from mingdu.base.database import reading_connection
from mingdu.billing.compare import Comparison, compare_bills, compare_energy
from mingdu.billing.due import due_day
from mingdu.billing.fingerprint import fingerprint_of_account
from mingdu.billing.months import months_of_account
from mingdu.billing.printing import bill_pdf
from mingdu.billing.queries import bill_json, bills_of_account
from mingdu.core.clock import civil_day
from mingdu.customers.binding import bill_code
from mingdu.customers.queries import AccountView, account_for
from mingdu.faces.customer.drawings import months_chart
from mingdu.faces.customer.lines import bill_shown
from mingdu.faces.customer.pages import choose_account, show
from mingdu.faces.identity import Asked, signed_in
from mingdu.faces.kept import kept
from mingdu.metering.queries import fingerprint_of_totals
from mingdu.money.queries import balance_fen, receipts_of_bill

# The thirteen months that are over, the one that runs, and a day for the zone.
DAYS_BEHIND = 31 * 14 + 1


@require_safe
def bills(request: Asked) -> HttpResponse:
    """List an account's bills, the newest first."""
    by = signed_in(request)
    chosen = choose_account(request)
    if chosen.account is None:
        return show(request, "no_account", "bills", {})
    account = chosen.account
    today = civil_day(request.now, settings.ZONE)
    made_from = (
        account,
        today.replace(day=1),
        fingerprint_of_account(account.id),
        fingerprint_of_totals(
            reading_connection(), account.usage_point_id, today - timedelta(days=DAYS_BEHIND), today
        ),
    )
    page = {
        "chosen": chosen,
        "account": account,
        "list": kept("bills", made_from, lambda: _bill_list(request, by, account)),
        "balance_fen": balance_fen(by, account.id, account.unit_id),
    }
    return show(request, "bills", "bills", page)


def _bill_list(request: Asked, by: Actor, account: AccountView) -> str:
    months = months_of_account(by, account.id, now=request.now)
    page = {
        "bills": bills_of_account(by, account.id)[::-1],
        "chart": months_chart(months),
        "has_estimates": any(month.is_estimated for month in months),
    }
    return render_to_string("faces/customer/bill_list.html", page)


@require_safe
def bill(request: Asked, bill_id: int) -> HttpResponse:
    """Show a bill with every line: quantity, price, clause, source, readings."""
    by = signed_in(request)
    shown = bill_shown(bill_json(by, bill_id, now=request.now))
    account = account_for(by, shown.facts["account"], "billing.read", now=request.now)
    views = bills_of_account(by, account.id)
    page = {
        "bill": shown,
        "view": next(view for view in views if view.id == bill_id),
        "account": account,
        # Colleagues bind nothing, and what they do not see they cannot tell at the telephone.
        "code": bill_code(account.account_number, account.customer_id, shown.period)
        if by.is_customer
        else "",
        "balance_fen": balance_fen(by, account.id, account.unit_id) if by.is_customer else 0,
        "receipts": receipts_of_bill(by, bill_id, account.id, account.unit_id),
        "due_on": due_day(by, bill_id, now=request.now),
    }
    return show(request, "bill", "bills", page)


@require_safe
def compare(request: Asked, bill_id: int) -> HttpResponse:
    """Show why a bill is higher or lower than that of the month before."""
    by = signed_in(request)
    found = compare_bills(by, bill_id, now=request.now)
    energy = None if found else compare_energy(by, bill_id, now=request.now)
    return show(request, "compare", "bills", {"bill_id": bill_id, "energy": energy, **compared(found)})


@require_safe
def pdf(request: Asked, bill_id: int) -> HttpResponse:
    """Give the bill as it is printed, one A4 page, in the language of the pages."""
    content = bill_pdf(signed_in(request), bill_id, now=request.now)
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="bill-{bill_id}.pdf"'
    return answer


def compared(found: Comparison | None) -> dict[str, Any]:
    """Return what the page of a comparison shows; None: there is nothing to compare with."""
    if found is None:
        return {"found": None}
    return {
        "found": found,
        "difference_fen": found.after_fen - found.before_fen,
        "causes": [(cause, abs(cause.amount_fen)) for cause in found.causes],
        "largest_fen": max((abs(cause.amount_fen) for cause in found.causes), default=0),
    }
