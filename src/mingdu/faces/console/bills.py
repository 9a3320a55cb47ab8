"""Bills at the desk: found by account number or name, shown with all that they were made from."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from mingdu.base.links import link_to
from mingdu.base.permissions import require
from mingdu.base.queries import names_of
from mingdu.base.sheets import sheet_of
from mingdu.billing.bill_facts import bill_facts
from mingdu.billing.queries import bill_json, bills_of_account
from mingdu.customers.queries import account_for
from mingdu.customers.search import find_accounts
from mingdu.faces.customer.lines import bill_shown
from mingdu.faces.identity import Asked
from mingdu.money.queries import balance_fen, receipts_of_bill
from mingdu.service.case_lists import cases_about_bill
from mingdu.service.queries import case_facts

from .door import at_desk, may

MOST_LETTERS = 40


@require_safe
def search(request: Asked) -> HttpResponse:
    """Find accounts by number or holder's name."""
    by = at_desk(request)
    require(by, "billing.read")
    asked = request.GET.get("q", "")[:MOST_LETTERS].replace("\0", "").strip()
    page = {"asked": asked, "sheet": sheet_of(request, find_accounts(by, asked))}
    return render(request, "faces/console/bills/search.html", page)


@require_safe
def account_bills(request: Asked, number: str) -> HttpResponse:
    """List an account's bills, the newest first."""
    by = at_desk(request)
    require(by, "billing.read")
    account = account_for(by, number, "billing.read", now=request.now)
    page = {
        "account": account,
        "bills": bills_of_account(by, account.id)[::-1],
        "balance_fen": balance_fen(by, account.id, account.unit_id),
    }
    return render(request, "faces/console/bills/account.html", page)


@require_safe
def bill(request: Asked, bill_id: int) -> HttpResponse:
    """Show a bill with its lines, versions, hashes, issue, corrections and cases."""
    by = at_desk(request)
    shown = bill_shown(bill_json(by, bill_id, now=request.now))
    account = account_for(by, shown.facts["account"], "billing.read", now=request.now)
    facts = bill_facts(by, bill_id)
    numbers = case_facts({row.case_id for row in facts.corrections if row.case_id})
    cases = cases_about_bill(by, bill_id) if may(by, "service.read") else []
    people = {facts.issued_by, *(row.proposed_by for row in facts.corrections)}
    people |= {row.approved_by for row in facts.corrections}
    names = names_of(people)
    page = {
        "bill": shown,
        "view": next(view for view in bills_of_account(by, account.id) if view.id == bill_id),
        "account": account,
        "facts": facts,
        "issued_by": names.get(facts.issued_by, facts.issued_by),
        "may_read_runs": may(by, "billing.read_runs"),
        "corrections": [
            (
                row, names.get(row.proposed_by, row.proposed_by), names.get(row.approved_by, row.approved_by),
                numbers.get(row.case_id or 0),
            )
            for row in facts.corrections
        ],
        "receipts": receipts_of_bill(by, bill_id, account.id, account.unit_id),
        "may_read_payments": may(by, "money.read_notices"),
        "cases": [(case, link_to(f"case:{case.number}")) for case in cases],
    }  # fmt: skip
    return render(request, "faces/console/bills/bill.html", page)


urlpatterns = [
    path("bills/", search, name="bills"),
    path("bills/<int:bill_id>/", bill, name="bill"),
    path("accounts/<slug:number>/bills/", account_bills, name="account_bills"),
]
