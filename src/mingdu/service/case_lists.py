"""Lists of cases for the desks' pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import F, Q, QuerySet

from mingdu.base.actors import Actor
from mingdu.base.permissions import require, scope
from mingdu.work.task_lists import TaskFilter, tasks_listed

from .models import Case

VERB = "service.read"


class ListedCase(NamedTuple):
    """A case as lists show it; `closed_at` is None while it is open."""

    number: str
    kind: str
    account_number: str
    bill_id: int | None
    opened_at: datetime
    due_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True)
class CaseFilter:
    """
    Which cases are wanted.

    kind        empty: all
    is_closed   closed ones instead of open ones
    is_mine     only those whose task the actor has in hand, or nobody has and his role may take
    late_at     only those whose answer was due before this instant
    """

    kind: str = ""
    is_closed: bool = False
    is_mine: bool = False
    late_at: datetime | None = None


def cases_listed(by: Actor, wanted: CaseFilter) -> QuerySet[Case, ListedCase]:
    """Return cases of the actor's units, lazily: open ones by their limit, closed ones the latest first."""
    order = ("-closure__at", "-pk") if wanted.is_closed else ("due_at", "pk")
    found = _seen(by).filter(closure__isnull=not wanted.is_closed).order_by(*order)
    if wanted.kind:
        found = found.filter(kind=wanted.kind)
    if wanted.late_at:
        found = found.filter(due_at__lt=wanted.late_at)
    if wanted.is_mine:
        mine = tasks_listed(by, TaskFilter("case", is_mine=True)).order_by().values("pk")
        found = found.filter(task_id__in=mine)
    return _rows(found)


def open_cases(by: Actor) -> QuerySet[Case, ListedCase]:
    """Return the open cases of the actor's units, the earliest limit first, lazily."""
    return _rows(_seen(by).filter(closure__isnull=True).order_by("due_at", "pk"))


def cases_about_bill(by: Actor, bill_id: int) -> list[ListedCase]:
    """Return the cases that name a bill, the newest first."""
    return list(_rows(_seen(by).filter(bill_id=bill_id).order_by("-pk")))


def _seen(by: Actor) -> QuerySet[Case]:
    require(by, VERB)
    seen = scope(by, VERB)
    if seen.unit_ids is None:
        return Case.objects.all()
    return Case.objects.filter(Q(unit_id__in=seen.unit_ids) | Q(account_id__in=seen.account_ids))


def _rows(found: QuerySet[Case]) -> QuerySet[Case, ListedCase]:
    named = found.annotate(account_number=F("account__account_number"), closed_at=F("closure__at"))
    rows: QuerySet[Case, ListedCase] = named.values_list(*ListedCase._fields, named=True)
    return rows
