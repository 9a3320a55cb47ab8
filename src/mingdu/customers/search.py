"""Finding accounts by number or holder's name, and the holders of usage points: for the desks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db.models import F, Q, QuerySet

from mingdu.base.actors import Actor
from mingdu.base.permissions import require, scope

from .models import Account, Agreement

VERB = "customers.read"


class FoundAccount(NamedTuple):
    """An account as a list of finds shows it."""

    pk: int
    account_number: str
    holder: str
    service_location: str


@dataclass(frozen=True)
class Holder:
    """Who is supplied at a usage point."""

    account_number: str
    name: str


def find_accounts(by: Actor, text: str) -> QuerySet[Account, FoundAccount]:
    """
    Return the accounts whose number begins with a text, or whose holder's name holds it, lazily.

    Only accounts of the actor's units; an empty text finds none.
    """
    require(by, VERB)
    seen = scope(by, VERB)
    found = Account.objects.filter(Q(account_number__startswith=text) | Q(customer__name__icontains=text))
    if seen.unit_ids is not None:
        found = found.filter(Q(unit_id__in=seen.unit_ids) | Q(pk__in=seen.account_ids))
    named = (found if text else found.none()).annotate(holder=F("customer__name")).order_by("account_number")
    rows: QuerySet[Account, FoundAccount] = named.values_list(*FoundAccount._fields, named=True)
    return rows


def holders_of_points(by: Actor, usage_point_ids: Collection[int], day: date) -> dict[int, Holder]:
    """Return who is supplied at usage points on a day, by point; who may not see customers gets none."""
    units = scope(by, VERB).unit_ids
    found = Agreement.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=day),
        usage_point_id__in=usage_point_ids,
        valid_from__lte=day,
    )
    if units is not None:
        found = found.filter(account__unit_id__in=units)
    rows = found.values_list("usage_point_id", "account__account_number", "account__customer__name")
    return {point: Holder(number, name) for point, number, name in rows}
