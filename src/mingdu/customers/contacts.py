"""How a customer is reached (联系方式): masked everywhere, shown in full to whoever asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mingdu.base import audit
from mingdu.base.actors import Actor
from mingdu.base.permissions import require
from mingdu.errors import TradeError

from .models import Contact
from .queries import account_for

VERB = "customers.reveal_contact"
# Of a phone number the first three and the latest four digits are shown.
FIRST, LATEST = 3, 4


class UnknownContact(TradeError):
    """The account's customer has no such contact."""

    next_step = "look at the customer's contacts again"


@dataclass(frozen=True)
class MaskedContact:
    """A contact whose middle is hidden."""

    id: int
    channel: str
    masked: str


def masked_contacts(by: Actor, account_number: str, *, now: datetime) -> list[MaskedContact]:
    """Return the contacts of an account's customer, masked; raises UnknownAccount, NotPermitted."""
    require(by, "customers.read")
    account = account_for(by, account_number, "customers.read", now=now)
    found = Contact.objects.filter(customer_id=account.customer_id).order_by("pk")
    return [MaskedContact(row.pk, row.channel, masked(row.value)) for row in found]


def reveal_contact(account_number: str, contact_id: int, *, by: Actor, at: datetime) -> str:
    """
    Return a contact in full; that somebody looked is written into the audit first.

    raises  UnknownAccount, UnknownContact, NotPermitted
    """
    require(by, VERB)
    account = account_for(by, account_number, VERB, now=at)
    row = Contact.objects.filter(pk=contact_id, customer_id=account.customer_id).first()
    if row is None:
        raise UnknownContact(f"no contact {contact_id}", account=account_number)
    details = {"contact": contact_id, "channel": row.channel}
    audit.record(by, VERB, f"account:{account_number}", at=at, details=details)
    return row.value


def masked(value: str) -> str:
    """Hide the middle of a contact; of a short one everything."""
    if len(value) <= FIRST + LATEST:
        return "*" * len(value)
    return f"{value[:FIRST]}{'*' * (len(value) - FIRST - LATEST)}{value[-LATEST:]}"
