"""What a customer is told of his case, each thing once."""

from __future__ import annotations

from datetime import datetime

from mingdu.base.actors import SYSTEM
from mingdu.customers.queries import account_by_id
from mingdu.notices.operations import Notice, send

from .models import Case


def tell(case: Case, template: str, variables: dict[str, str], *, about: str = "", at: datetime) -> None:
    """
    Send a notice about a case to its customer.

    variables  besides the case's number, which every template of cases has
    about      what the notice is about within the case; the same template is told once about it
    """
    account = account_by_id(case.account_id)
    notice = Notice(
        recipient=f"customer:{account.customer_id}",
        template=template,
        key=f"{template}:{case.number}:{about}",
        variables={"case": case.number, **variables},
        language=account.customer_language,
    )
    send(notice, by=SYSTEM, at=at)
