"""By when a bill is to be paid, as its printed page says it."""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings

from mingdu.base.actors import Actor
from mingdu.core.clock import civil_day
from mingdu.rulebook.billing_terms import billing_terms

from .account_bills import bills_beside


def due_day(by: Actor, bill_id: int, *, now: datetime) -> date | None:
    """
    Return by when a standing bill is to be paid; None for one that was replaced or asks for nothing.

    raises  UnknownBill, the same for a foreign bill; NotPermitted
    """
    bills = bills_beside(by, bill_id, now=now)
    if bills.replacement(bill_id) is not None or bills.of(bill_id).total_fen <= 0:
        return None
    return billing_terms(settings.RULES_FOLDER).due_day(civil_day(bills.issued_at[bill_id], settings.ZONE))
