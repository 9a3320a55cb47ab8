"""The door to one case: a foreign one looks as if it were unknown, a closed one takes nothing more."""

from __future__ import annotations

from datetime import datetime

from mingdu.base.actors import Actor
from mingdu.base.permissions import scope
from mingdu.errors import TradeError

from .models import Case, CaseClosure
from .queries import refused_case


class CaseAlreadyClosed(TradeError):
    """The customer has closed this case before."""

    next_step = "open a new case"


def refuse_foreign(number: str, by: Actor, verb: str, *, now: datetime) -> None:
    """
    Refuse a case that the actor may not see; a foreign one leaves an audit row that stays.

    raises  UnknownCase
    """
    case = Case.objects.filter(number=number).first()
    seen = scope(by, verb)
    if case is None or not (case.account_id in seen.account_ids or seen.covers_unit(case.unit_id)):
        raise refused_case(by, number, verb, now=now)


def locked_open_case(number: str) -> Case:
    """
    Return a known case, locked: of two who act on it the later one sees what the earlier one did.

    raises  CaseAlreadyClosed
    """
    case = Case.objects.select_for_update().get(number=number)
    if CaseClosure.objects.filter(case=case).exists():
        raise CaseAlreadyClosed(f"case {number} is closed", case=number)
    return case
