"""Looking at callbacks and the score board."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from mingdu.base.actors import Actor
from mingdu.base.permissions import require, scope
from mingdu.service.queries import CaseFacts, case_facts

from .models import Callback

MOST_ROWS = 500
# Outcomes after which nobody is called any more.
ENDS = ("reached", "refused")


@dataclass(frozen=True)
class CallbackView:
    """A call with its case and, when the customer was reached, his score."""

    id: int
    account_number: str
    reason: str
    case_number: str
    created_at: datetime
    due_at: datetime
    outcome: str
    score: int | None
    words: str
    reached_at: datetime | None


@dataclass(frozen=True)
class BoardRow:
    """One closed case on the board: its times in seconds, its outcome, its score."""

    case_number: str
    account_number: str
    kind: str
    opened_at: datetime
    closed_at: datetime
    seconds_open: int
    outcome: str
    score: int | None
    words: str


def callback_list(by: Actor, *, open_only: bool = True, most: int = 200) -> list[CallbackView]:
    """Return the calls of the actor's units, the earliest limit first."""
    calls = _visible(by)
    if open_only:
        calls = calls.exclude(results__outcome__in=ENDS)
    found = list(calls.order_by("due_at", "id")[: min(most, MOST_ROWS)])
    facts = case_facts({callback.case_id for callback in found if callback.case_id})
    return [_view(callback, facts.get(callback.case_id or 0)) for callback in found]


def board(by: Actor, *, most: int = 200) -> list[BoardRow]:
    """Return closed cases with their times and scores, the newest first."""
    called = list(_visible(by).filter(case_id__isnull=False).order_by("-id")[: min(most, MOST_ROWS)])
    facts = case_facts({callback.case_id for callback in called if callback.case_id})
    pairs = [(callback, facts[callback.case_id]) for callback in called if callback.case_id]
    return [_board_row(callback, case, case.closed_at) for callback, case in pairs if case.closed_at]


def _visible(by: Actor) -> QuerySet[Callback]:
    require(by, "satisfaction.read")
    units = scope(by, "satisfaction.read").unit_ids
    found = Callback.objects.select_related("account").prefetch_related("results")
    return found if units is None else found.filter(account__unit_id__in=units)


def _view(callback: Callback, facts: CaseFacts | None) -> CallbackView:
    results = sorted(callback.results.all(), key=lambda result: result.pk)
    latest = results[-1] if results else None
    reached = next((result for result in results if result.outcome == "reached"), None)
    return CallbackView(
        callback.pk, callback.account.account_number, callback.reason,
        facts.number if facts else "", callback.created_at, callback.due_at,
        latest.outcome if latest else "", reached.score if reached else None,
        reached.words if reached else "", reached.at if reached else None,
    )  # fmt: skip


def _board_row(callback: Callback, case: CaseFacts, closed_at: datetime) -> BoardRow:
    view = _view(callback, case)
    seconds = int((closed_at - case.opened_at).total_seconds())
    return BoardRow(
        case.number, view.account_number, case.kind, case.opened_at, closed_at, seconds,
        case.outcome, view.score, view.words,
    )  # fmt: skip
