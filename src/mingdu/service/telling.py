"""What a customer is told of his cases and his corrected bills, each thing once."""

from __future__ import annotations

from datetime import datetime

from mingdu.base.actors import SYSTEM
from mingdu.customers.queries import AccountView, account_by_id
from mingdu.notices.operations import Notice, send

from .models import Case


def tell(case: Case, template: str, variables: dict[str, str], *, about: str = "", at: datetime) -> None:
    """
    Send a notice about a case to its customer.

    variables  besides the case's number, which every template of cases has
    about      what the notice is about within the case; the same template is told once about it
    """
    account = account_by_id(case.account_id)
    _send(account, template, f"{case.number}:{about}", {"case": case.number, **variables}, at)


def tell_customer(
    account: AccountView, template: str, variables: dict[str, str], *, about: str, at: datetime
) -> None:
    """Send a notice that belongs to no case to an account's customer, each template once about a thing."""
    _send(account, template, about, variables, at)


def _send(account: AccountView, template: str, about: str, variables: dict[str, str], at: datetime) -> None:
    notice = Notice(
        recipient=f"customer:{account.customer_id}",
        template=template,
        key=f"{template}:{about}",
        variables=variables,
        language=account.customer_language,
    )
    send(notice, by=SYSTEM, at=at)
