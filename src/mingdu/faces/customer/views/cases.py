"""Reporting and asking, following a case, and the customer's own word that ends it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from mingdu.base.attachments import AttachmentTooLarge, UnknownMedia
from mingdu.billing.queries import UnknownBill, bills_of_account
from mingdu.core.money import money_text
from mingdu.customers.queries import AccountView, UnknownAccount
from mingdu.faces.customer.enclosed import Enclosed, kept_before, store, tokens
from mingdu.faces.customer.forms import MOST_PHOTOS, CaseForm, CloseForm
from mingdu.faces.customer.pages import AccountChoice, choose_account, show
from mingdu.faces.customer.timeline import enclosed_of, story_of
from mingdu.faces.enclosed_file import enclosed_file
from mingdu.faces.identity import Asked, signed_in
from mingdu.service.case_door import CaseAlreadyClosed
from mingdu.service.operations import (
    CaseKind,
    CaseOrder,
    Outcome,
    close_case,
    open_case,
)
from mingdu.service.queries import case_by_number
from mingdu.service.queries import cases as case_list


@require_safe
def cases(request: Asked) -> HttpResponse:
    """List a customer's cases, the open ones first."""
    found = case_list(signed_in(request))
    page = {
        "open": [case for case in found if case.closed_at is None],
        "closed": [case for case in found if case.closed_at is not None],
        "now": request.now,
    }
    return show(request, "cases", "service", page)


@require_http_methods(["GET", "POST"])
def new_case(request: Asked) -> HttpResponse:
    """Take a customer's words and photos and open a case."""
    chosen = choose_account(request)
    form = CaseForm(request.POST or None, request.FILES or None, initial=_initial(request, chosen))
    form.offer(_accounts(chosen), _bills(request, chosen.accounts))
    return _take(request, form, "new_case", "service")


@require_http_methods(["GET", "POST"])
def repair(request: Asked) -> HttpResponse:
    """Report a fault: no light, a damaged meter, a hanging line."""
    chosen = choose_account(request)
    form = CaseForm(request.POST or None, request.FILES or None, initial=_initial(request, chosen))
    form.offer(_accounts(chosen), [])
    form.only_repair()
    return _take(request, form, "repair", "repair")


@require_http_methods(["GET", "POST"])
def one_case(request: Asked, number: str) -> HttpResponse:
    """Show a case with what happened to it; take the customer's word that ends it."""
    by = signed_in(request)
    form = CloseForm(request.POST or None)
    if form.is_valid():
        said = form.cleaned_data
        try:
            close_case(number, Outcome(said["outcome"]), words=said["words"], by=by, at=request.now)
        except CaseAlreadyClosed:
            messages.error(request, _("This was closed before. If it is not solved, ask again."))
        else:
            messages.success(request, _("Thank you. We keep your word as you said it."))
        return redirect("customer:case", number)
    case = case_by_number(by, number, now=request.now)
    return show(request, "case", "service", {"story": story_of(case, now=request.now), "form": form})


@require_safe
def case_file(request: Asked, number: str, place: int) -> HttpResponse:
    """Show a photo or paper of a case to whoever may see the case."""
    return enclosed_file(enclosed_of(case_by_number(signed_in(request), number, now=request.now)), place)


def _take(request: Asked, form: CaseForm, template: str, tab: str) -> HttpResponse:
    """Open the case of a good form; else show the form again with all that was typed and sent."""
    kept = kept_before(request)
    if form.is_bound:
        is_valid = form.is_valid()
        kept = _keep(request, form, kept)
        number = _open(request, form, kept) if is_valid and not form.errors else ""
        if number:
            messages.success(request, _("We have your message. Follow it here."))
            return redirect("customer:case", number)
    return show(
        request,
        template,
        tab,
        {"form": form, "kept": tokens(request, kept)},
        status=422 if form.errors else 200,
    )


def _keep(request: Asked, form: CaseForm, kept: list[Enclosed]) -> list[Enclosed]:
    try:
        fresh = store(request, form.cleaned_data.get("photos", ()))
    except AttachmentTooLarge:
        form.add_error("photos", _("A photo is larger than 8 MB. Send a smaller one."))
        return kept
    except UnknownMedia:
        form.add_error("photos", _("One of the files is no JPEG, PNG or PDF. Choose a photo."))
        return kept
    if len(kept) + len(fresh) > MOST_PHOTOS:
        form.add_error("photos", _("Three photos at most."))
    return [*kept, *fresh][:MOST_PHOTOS]


def _open(request: Asked, form: CaseForm, enclosed: list[Enclosed]) -> str:
    said = form.cleaned_data
    order = CaseOrder(
        said["account"], CaseKind(said["kind"]), said["words"], bill_id=said["bill_id"],
        attachments=tuple(enclosed),
    )  # fmt: skip
    try:
        return open_case(order, by=signed_in(request), at=request.now).number
    except UnknownAccount:
        form.add_error(None, _("This account is not among yours. Choose one of the list."))
    except UnknownBill:
        form.add_error(None, _("This bill does not belong to the account. Choose another, or none."))
    return ""


def _initial(request: Asked, chosen: AccountChoice) -> dict[str, str]:
    """Return what is filled in at first: the account in hand, and what the link that led here names."""
    asked = {name: request.GET.get(name, "") for name in ("bill_id", "kind")}
    return {"account": chosen.account.account_number if chosen.account else "", **asked}


def _accounts(chosen: AccountChoice) -> list[tuple[str, str]]:
    return [
        (each.account_number, f"{each.account_number} · {each.service_location}") for each in chosen.accounts
    ]


def _bills(request: Asked, accounts: list[AccountView]) -> list[tuple[str, str]]:
    by = signed_in(request)
    return [
        (str(bill.id), f"{bill.period} · {each.account_number} · {money_text(bill.total_fen)}")
        for each in accounts
        for bill in bills_of_account(by, each.id)[::-1]
        if bill.is_current
    ]
