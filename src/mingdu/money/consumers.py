"""What money does when something happened: it tells the customer that his payment came in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mingdu.base.actors import SYSTEM
from mingdu.core.money import yuan_text
from mingdu.customers.queries import account_by_id, actor_of_customer
from mingdu.notices.operations import Notice, send


def tell_payment(event: dict[str, Any], now: datetime) -> None:
    """Tell the holder of the account, and whoever else paid for it."""
    account = account_by_id(event["account_id"])
    languages = {f"customer:{account.customer_id}": account.customer_language}
    payer = actor_of_customer(int(event["payer"].partition(":")[2]))
    if payer is not None:
        languages[payer.id] = payer.language
    variables = {
        "account": account.account_number,
        "amount": yuan_text(event["amount_fen"]),
        "number": event["order_number"],
    }
    template = "payment_received"
    if event["credit_fen"]:
        template, variables = (
            "payment_received_credit",
            variables | {"credit": yuan_text(event["credit_fen"])},
        )
    for recipient, language in languages.items():
        key = f"payment:{event['order_number']}:{recipient}"
        send(Notice(recipient, template, key, variables, language), by=SYSTEM, at=now)
