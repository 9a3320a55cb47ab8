"""The page "me": accounts, language, size of print; binding accounts and letting them go."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mingdu.base.frame import LARGE_PRINT_COOKIE
from mingdu.customers.binding import (
    BindingOrder,
    NotBound,
    ProofDoesNotFit,
    TooManyMisses,
    bind_account,
    unbind_account,
)
from mingdu.customers.queries import own_accounts
from mingdu.faces.customer.forms import BindForm
from mingdu.faces.customer.pages import ACCOUNT_KEY, show
from mingdu.faces.identity import Asked, signed_in

YEAR_SECONDS = 365 * 24 * 3600


@require_safe
def me(request: Asked) -> HttpResponse:
    """Show who is signed in, which accounts he sees, and how the pages are shown to him."""
    by = signed_in(request)
    rows = [(account, account.customer_id == by.number) for account in own_accounts(by)]
    return show(request, "me", "me", {"rows": rows, "name": by.name})


@require_http_methods(["GET", "POST"])
def bind(request: Asked) -> HttpResponse:
    """Bind an account by its number and a proof."""
    by = signed_in(request)
    form = BindForm(request.POST or None)
    status = 200
    if form.is_valid():
        number = form.cleaned_data["account_number"]
        try:
            bind_account(BindingOrder(number, form.cleaned_data["proof"]), by=by, at=request.now)
        except ProofDoesNotFit:
            form.add_error(
                None, _("Number and proof do not belong together. Compare both with a printed bill.")
            )
            status = 422
        except TooManyMisses:
            form.add_error(
                None, _("Too many tries did not fit. Try again tomorrow, or bring a bill to the counter.")
            )
            status = 429
        else:
            request.session[ACCOUNT_KEY] = number
            messages.success(request, _("Account %(account)s is bound.") % {"account": number})
            return redirect("customer:me")
    return show(request, "bind", "me", {"form": form}, status=status)


@require_POST
def unbind(request: Asked) -> HttpResponse:
    """Let a bound account go."""
    number = request.POST.get("account", "")[:20].replace("\0", "")
    try:
        unbind_account(number, by=signed_in(request), at=request.now)
    except NotBound:
        messages.error(request, _("This account is not bound, or is bound no longer."))
    else:
        messages.success(request, _("Account %(account)s is no longer bound.") % {"account": number})
    return redirect("customer:me")


@require_POST
def print_size(request: Asked) -> HttpResponse:
    """Show all pages in large or in usual print from now on, in this browser."""
    answer = redirect("customer:me")
    is_large = request.POST.get("large") == "1"
    answer.set_cookie(
        LARGE_PRINT_COOKIE, "1" if is_large else "0", max_age=YEAR_SECONDS, samesite="Lax", httponly=True
    )
    return answer
