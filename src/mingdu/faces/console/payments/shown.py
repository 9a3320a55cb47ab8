"""Payments in words and tones, and the story of one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mingdu.base.queries import names_of
from mingdu.core.money import money_text
from mingdu.faces.console.cases.story import person_shown
from mingdu.faces.words import WORDS
from mingdu.faces.writing import yuan_text
from mingdu.money.payment_words import NoticeVerdict, OrderState
from mingdu.money.queries.desk import Evidence, NoticeRow, OrderStory, SettlementView

STATES = {
    OrderState.WAITING: (gettext_lazy("waiting for the notice"), "info"),
    OrderState.PAID: (gettext_lazy("paid"), "good"),
    OrderState.DOUBTFUL: (gettext_lazy("needs a colleague"), "warn"),
    OrderState.SETTLED: (gettext_lazy("settled without booking"), "plain"),
    OrderState.CLOSED: (gettext_lazy("cancelled unpaid"), "plain"),
    OrderState.EXPIRED: (gettext_lazy("not paid in time"), "plain"),
}
VERDICTS = {
    NoticeVerdict.POSTED: (gettext_lazy("booked"), "good"),
    NoticeVerdict.REPEATED: (gettext_lazy("repeated, changed nothing"), "plain"),
    NoticeVerdict.CLOSED: (gettext_lazy("order closed"), "plain"),
    NoticeVerdict.CLOSED_AFTER_PAID: (gettext_lazy("closed after paid, changed nothing"), "plain"),
    NoticeVerdict.WRONG_AMOUNT: (gettext_lazy("wrong amount"), "warn"),
    NoticeVerdict.CONTRADICTS: (gettext_lazy("contradicts what is booked"), "warn"),
    NoticeVerdict.UNKNOWN_ORDER: (gettext_lazy("unknown order"), "warn"),
    NoticeVerdict.UNREADABLE: (gettext_lazy("refused: unreadable"), "bad"),
    NoticeVerdict.WRONG_SIGNATURE: (gettext_lazy("refused: wrong signature"), "bad"),
    NoticeVerdict.STALE: (gettext_lazy("refused: too late"), "bad"),
    NoticeVerdict.REPLAYED: (gettext_lazy("refused: sent a second time"), "bad"),
}
CAME_BY = {
    "notice": gettext_lazy("sent by the gateway"),
    "query": gettext_lazy("answer to our question"),
}


@dataclass(frozen=True)
class Mark:
    """A word with the tone of its mark."""

    words: str
    tone: str


@dataclass(frozen=True)
class Step:
    """
    One thing that happened to a payment.

    mark       None where the words say it all
    evidence   what came in, where something did
    """

    at: datetime
    words: str
    mark: Mark | None = None
    evidence: Evidence | None = None


def state_shown(state: str) -> Mark:
    """Return how an order stands."""
    words, tone = STATES[OrderState(state)]
    return Mark(str(words), tone)


def verdict_shown(verdict: str) -> Mark:
    """Return what was made of a notice."""
    words, tone = VERDICTS[NoticeVerdict(verdict)]
    return Mark(str(words), tone)


def came_by_shown(row: NoticeRow) -> str:
    """Say how a notice came; that a refused one is the gateway's is only its own claim."""
    if row.came_by == "notice" and NoticeVerdict(row.verdict).is_anybodys:
        return _("sent in the gateway's name")
    return str(CAME_BY[row.came_by])


def story_told(story: OrderStory) -> list[Step]:
    """Return what happened to a payment, the oldest first."""
    names = names_of({row.settled_by for row in story.settlements})
    steps = [
        Step(story.ordered_at, _ordered(story)),
        *(_notice_step(evidence) for evidence in story.notices),
        *(_settled_step(row, names) for row in story.settlements),
    ]
    if story.state == OrderState.EXPIRED:
        steps.append(Step(story.expires_at, _("the time to pay was over")))
    return sorted(steps, key=lambda step: step.at)


def _ordered(story: OrderStory) -> str:
    if story.made_for:
        return _("made to book the second payment of order %(number)s") % {"number": story.made_for}
    return _("ordered by the customer: ¥%(amount)s over %(channel)s") % {
        "amount": yuan_text(story.amount_fen),
        "channel": WORDS[story.channel],
    }


def _notice_step(evidence: Evidence) -> Step:
    row = evidence.row
    words = came_by_shown(row)
    if evidence.amount_fen is not None:
        words = f"{words} · {money_text(evidence.amount_fen)} · {evidence.transaction}"
    return Step(row.received_at, words, verdict_shown(row.verdict), evidence)


def _settled_step(row: SettlementView, names: dict[str, str]) -> Step:
    words = f"{person_shown(row.settled_by, names)} · {row.reason}"
    return Step(row.settled_at, words, Mark(str(WORDS[row.outcome]), "info"))
