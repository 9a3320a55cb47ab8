"""The tiles of the live board: how the day goes, each for whoever may look at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from mingdu.base.actors import Actor
from mingdu.base.backup_board import backups_seen
from mingdu.base.charts import Bar, Chart, Words, bar_chart
from mingdu.billing.queries import runs
from mingdu.core.clock import civil_day
from mingdu.metering.queries.answers import answers_by_hour
from mingdu.metering.queries.network import collection_of, frames_waiting, terminals
from mingdu.metering.queries.review import ReviewFilter, findings_to_review
from mingdu.metering.zone import zone
from mingdu.satisfaction.desk import scores_of
from mingdu.satisfaction.queries import board
from mingdu.service.case_lists import CaseFilter, cases_listed

from .backups.screen import span_words
from .door import may


@dataclass(frozen=True)
class Tile:
    """One figure with what it means; `tone` of its second line: plain, warn or bad."""

    title: str
    icon: str
    figure: str
    more: str = ""
    href: str = ""
    tone: str = "plain"


def tiles_for(by: Actor, now: datetime) -> list[Tile]:
    """Return the tiles that the actor may see."""
    return [make(by, now) for verb, make in _TILES if may(by, verb)]


def collection_drawn(by: Actor, now: datetime) -> Chart | None:
    """Draw how many answers came in each hour of today; None while none has come."""
    hours = answers_by_hour(by, civil_day(now, zone()))
    if not any(hours):
        return None
    bars = [Bar(f"{hour:02d}", (count,)) for hour, count in enumerate(hours)]
    words = Words(_("Answers of the terminals today"), _("Hour"), (_("answers"),), _("answers"), str)
    return bar_chart(bars, words)


def _collection(by: Actor, now: datetime) -> Tile:
    found = collection_of(by, civil_day(now, zone()) - timedelta(days=1))
    missing = max(0, found.expected - found.stored)
    percent = found.stored * 100 // found.expected if found.expected else 0
    more = _("%(count)s points missing") % {"count": missing} if missing else _("every point was read")
    return Tile(
        _("Yesterday's collection"), "gauge", f"{percent}%", more, tone="warn" if missing else "plain"
    )


def _terminals(by: Actor, now: datetime) -> Tile:
    states = terminals(by)
    offline = sum(not state.is_online for state in states)
    more = _("%(count)s offline") % {"count": offline} if offline else _("all are connected")
    figure = f"{len(states) - offline} / {len(states)}"
    href, tone = reverse("console:silent"), "warn" if offline else "plain"
    return Tile(_("Terminals online"), "wifi-off", figure, more, href, tone)


def _findings(by: Actor, now: datetime) -> Tile:
    found = findings_to_review(by, ReviewFilter())
    holding = found.filter(severity__gte=3).count()
    more = _("%(count)s hold a bill") % {"count": holding} if holding else _("none holds a bill")
    href, tone = reverse("console:readings"), "bad" if holding else "plain"
    return Tile(_("Findings open"), "activity", str(found.count()), more, href, tone)


def _frames(by: Actor, now: datetime) -> Tile:
    return Tile(_("Frames waiting"), "inbox", str(frames_waiting(by)), _("stored, not read in yet"))


def _cases(by: Actor, now: datetime) -> Tile:
    count = cases_listed(by, CaseFilter()).count()
    late = cases_listed(by, CaseFilter(late_at=now)).count()
    more = _("%(count)s overdue") % {"count": late} if late else _("none is overdue")
    return Tile(
        _("Cases open"), "headset", str(count), more, reverse("console:cases"), "bad" if late else "plain"
    )


def _bills(by: Actor, now: datetime) -> Tile:
    month = civil_day(now, zone()).replace(day=1) - timedelta(days=1)
    issued = sum(run.issued_bills for run in runs(by, period=f"{month:%Y-%m}"))
    return Tile(
        _("Bills issued"), "receipt-text", str(issued), _("of %(month)s") % {"month": f"{month:%Y-%m}"},
        reverse("console:runs"),
    )  # fmt: skip


def _score(by: Actor, now: datetime) -> Tile:
    scores = scores_of(board(by))
    figure = "–" if scores.mean_tenths is None else f"{scores.mean_tenths // 10}.{scores.mean_tenths % 10}"
    more = _("%(count)s scores of 5 at most") % {"count": sum(scores.counts)}
    return Tile(_("Satisfaction"), "star", figure, more, reverse("console:scores"))


def _backups(by: Actor, now: datetime) -> Tile:
    board = backups_seen(by)
    title, href = _("Backups"), reverse("console:backups")
    if board is None or board.loss is None:
        return Tile(title, "shield-check", "–", _("There is no backup yet."), href, "warn")
    more = _("would be lost now; aimed at: %(aim)s") % {"aim": span_words(board.aimed_loss)}
    return Tile(
        title, "shield-check", span_words(board.loss), more, href, "plain" if board.is_well else "bad"
    )


_TILES: tuple[tuple[str, Callable[[Actor, datetime], Tile]], ...] = (
    ("metering.read_network", _collection),
    ("metering.read_network", _terminals),
    ("metering.explain_finding", _findings),
    ("metering.read_network", _frames),
    ("service.read", _cases),
    ("billing.read_runs", _bills),
    ("satisfaction.read", _score),
    ("base.read_backups", _backups),
)
