"""The callback desk (回访): whom to call first, how often he was called lately, what the scores say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count

from mingdu.base.actors import Actor
from mingdu.base.permissions import require, scope
from mingdu.service.queries import case_facts

from .models import Callback, CallbackResult
from .operations import UnknownCallback
from .queries import ENDS, MOST_ROWS, BoardRow, CallbackView, callback_list

VERB = "satisfaction.read"
# Who was called so often within so many days is left in peace, unless his own case asks for the call.
FATIGUE_DAYS = 30
FATIGUE_CALLS = 3
# What the customer said when he closed his case, the most urgent first.
URGENT = ("not_fixed", "partly")
SCORES = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class CallToMake:
    """
    A call on the list.

    case_outcome  the customer's own word on the case; empty without one
    priority      1 he says it is not solved, 2 partly, 3 the others
    tries         how often he was not reached
    next_at       before it he is not to be tried again
    recent_calls  calls to this account within FATIGUE_DAYS, whatever they were about
    """

    view: CallbackView
    case_outcome: str
    priority: int
    tries: int
    next_at: datetime | None
    recent_calls: int

    @property
    def is_tired(self) -> bool:
        """Tell whether he was called often enough lately."""
        return self.recent_calls >= FATIGUE_CALLS


@dataclass(frozen=True)
class Try:
    """One try to reach a customer."""

    at: datetime
    by: str
    outcome: str
    score: int | None
    words: str
    next_at: datetime | None


@dataclass(frozen=True)
class Scores:
    """
    What the customers on the board say.

    counts         how many gave each score, 1 to 5
    mean_tenths    their mean in tenths, rounded down; None when nobody was reached
    median_seconds of the time that their cases were open; None without a case
    """

    counts: tuple[int, ...]
    mean_tenths: int | None
    median_seconds: int | None


def calls_to_make(by: Actor, now: datetime) -> list[CallToMake]:
    """Return the open calls: those that may be tried now first, by priority, then by limit; at most 500."""
    views = callback_list(by, most=MOST_ROWS)
    calls = _calls(views, now)
    calls.sort(key=lambda call: (_waits(call, now), call.priority, call.view.due_at, call.view.id))
    return calls


def call_to_make(by: Actor, callback_id: int, now: datetime) -> tuple[CallToMake, list[Try]]:
    """Return a call, open or ended, with its tries; raises UnknownCallback, for a foreign one as for none."""
    require(by, VERB)
    units = scope(by, VERB).unit_ids
    found = Callback.objects.filter(pk=callback_id)
    if units is not None:
        found = found.filter(account__unit_id__in=units)
    callback = found.select_related("account").first()
    if callback is None:
        raise UnknownCallback(f"no callback {callback_id}", callback=callback_id)
    call = _calls([_view_of(callback)], now)[0]
    rows = callback.results.order_by("pk")
    return call, [Try(row.at, row.by, row.outcome, row.score, row.words, row.next_at) for row in rows]


def scores_of(rows: Sequence[BoardRow]) -> Scores:
    """Count the scores of a board's rows and the time that its cases took."""
    counts = tuple(sum(row.score == score for row in rows) for score in SCORES)
    reached = sum(counts)
    points = sum(score * count for score, count in zip(SCORES, counts, strict=True))
    seconds = sorted(row.seconds_open for row in rows)
    return Scores(
        counts, points * 10 // reached if reached else None, seconds[len(seconds) // 2] if seconds else None
    )


def _calls(views: list[CallbackView], now: datetime) -> list[CallToMake]:
    ids = [view.id for view in views]
    rows = Callback.objects.filter(pk__in=ids).values_list("pk", "account_id", "case_id")
    places = {number: (account, case) for number, account, case in rows}
    facts = case_facts({case for _, case in places.values() if case})
    recent = _recent_calls({account for account, _ in places.values()}, now)
    tries = _tries(ids)
    return [
        _call(view, facts[case].outcome if case else "", recent.get(account, 0), tries.get(view.id, []))
        for view in views
        for account, case in (places[view.id],)
    ]


def _call(view: CallbackView, outcome: str, recent: int, tries: list[datetime | None]) -> CallToMake:
    priority = URGENT.index(outcome) + 1 if outcome in URGENT else len(URGENT) + 1
    return CallToMake(view, outcome, priority, len(tries), tries[-1] if tries else None, recent)


def _waits(call: CallToMake, now: datetime) -> bool:
    return call.next_at is not None and call.next_at > now


def _recent_calls(account_ids: set[int], now: datetime) -> dict[int, int]:
    since = now - timedelta(days=FATIGUE_DAYS)
    found = CallbackResult.objects.filter(callback__account_id__in=account_ids, at__gte=since).order_by()
    return dict(found.values_list("callback__account_id").annotate(count=Count("pk")))


def _tries(callback_ids: list[int]) -> dict[int, list[datetime | None]]:
    found: dict[int, list[datetime | None]] = {}
    missed = CallbackResult.objects.filter(callback_id__in=callback_ids).exclude(outcome__in=ENDS)
    for number, next_at in missed.order_by("pk").values_list("callback_id", "next_at"):
        found.setdefault(number, []).append(next_at)
    return found


def _view_of(callback: Callback) -> CallbackView:
    results = list(callback.results.order_by("pk"))
    reached = next((row for row in results if row.outcome == "reached"), None)
    facts = case_facts({callback.case_id} if callback.case_id else set())
    return CallbackView(
        callback.pk, callback.account.account_number, callback.reason,
        facts[callback.case_id].number if callback.case_id else "", callback.created_at, callback.due_at,
        results[-1].outcome if results else "", reached.score if reached else None,
        reached.words if reached else "", reached.at if reached else None,
    )  # fmt: skip
