"""Lays out storage for the months to come."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from mingdu.base.actors import Actor
from mingdu.base.database import transaction_connection
from mingdu.base.permissions import require
from mingdu.metering.store.layout import lay_out_months

MONTHS_AHEAD = 4


def make_months(first_month: date, *, by: Actor, at: datetime, months: int = MONTHS_AHEAD) -> None:
    """Lay out storage for some months from that of a day on; months that have it stay as they are."""
    require(by, "metering.register")
    with transaction.atomic():
        lay_out_months(transaction_connection(), first_month, months)
