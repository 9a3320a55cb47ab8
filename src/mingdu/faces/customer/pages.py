"""What every page of a customer shows besides its own: the tab, the unread messages, the account in hand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from mingdu.customers.queries import AccountView, account_for, own_accounts
from mingdu.faces.identity import Asked, signed_in
from mingdu.notices.queries import MessageView, unread_count

ACCOUNT_KEY = "account_number"
ACCOUNT_NUMBER = re.compile(r"[0-9A-Za-z-]{1,20}")


@dataclass(frozen=True)
class AccountChoice:
    """The account in hand, and all that can be chosen; None: there is none yet."""

    account: AccountView | None
    accounts: list[AccountView]


def show(
    request: Asked, template: str, tab: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Answer with one of the customers' templates; `tab` is the tab it belongs to."""
    frame = {"tab": tab, "unread": unread_count(request.actor) if request.actor else 0}
    return render(request, f"faces/customer/{template}.html", frame | context, status=status)


def is_read(message: MessageView) -> bool:
    """Tell whether its recipient has opened a message."""
    return any(step == "read" for step, _, _ in message.steps)


def choose_account(request: Asked) -> AccountChoice:
    """
    Return the account of `?account=`, which stays chosen in this browser, or the one that was chosen before.

    raises  UnknownAccount, the same for an unknown account as for a foreign one
    """
    by = signed_in(request)
    accounts = own_accounts(by)
    asked = request.GET.get("account")
    if asked is None:
        kept = request.session.get(ACCOUNT_KEY)
        first = accounts[0] if accounts else None
        return AccountChoice(
            next((each for each in accounts if each.account_number == kept), first), accounts
        )
    number = asked if ACCOUNT_NUMBER.fullmatch(asked) else ""
    account = account_for(by, number, "customers.read", now=request.now)
    request.session[ACCOUNT_KEY] = account.account_number
    return AccountChoice(account, accounts)
