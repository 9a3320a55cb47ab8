"""The cards of the first page: what waits in one's role, counted, the most urgent rows first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from mingdu.base.actors import Actor
from mingdu.base.links import link_to
from mingdu.base.roles import Role
from mingdu.base.stuck_events import stuck_events
from mingdu.billing.queries import open_corrections
from mingdu.billing.run_checks import runs_in_hand
from mingdu.core.clock import civil_day
from mingdu.core.money import money_text
from mingdu.faces.words import WORDS
from mingdu.faces.writing import local
from mingdu.metering.queries.network import collection_of, terminals
from mingdu.metering.queries.review import ReviewFilter, findings_to_review
from mingdu.metering.zone import zone
from mingdu.satisfaction.queries import callback_list
from mingdu.service.case_lists import open_cases
from mingdu.work.queries import running_processes
from mingdu.work.task_lists import TaskFilter, tasks_listed

from .limits import Limit, limit_words
from .subjects import subject_words

MOST_SHOWN = 5
READING_CYCLE = "reading-cycle"


@dataclass(frozen=True)
class CardRow:
    """One urgent thing; `href` is empty where no page shows it."""

    words: str
    more: str = ""
    href: str = ""
    limit: Limit | None = None


@dataclass(frozen=True)
class Card:
    """
    What waits of one kind.

    count   how many wait, with `href` to their list
    late    how many of them are overdue
    empty   what is said when nothing waits
    """

    title: str
    icon: str
    count: int
    href: str
    empty: str
    rows: list[CardRow] = field(default_factory=list)
    late: int = 0


Maker = Callable[[Actor, datetime], Card]


def cards_for(by: Actor, now: datetime) -> list[Card]:
    """Return the cards of all one's roles, each once, one's own tasks last."""
    makers = dict.fromkeys(maker for role, own in _CARDS.items() if role in by.roles for maker in own)
    return [maker(by, now) for maker in (*makers, own_tasks)]


def own_tasks(by: Actor, now: datetime) -> Card:
    """Return one's own tasks of every kind."""
    card = _task_card(by, now, TaskFilter(is_mine=True), (_("My tasks"), "list-checks"))
    return card


def rereads(by: Actor, now: datetime) -> Card:
    """Return the meters that wait for a reader."""
    return _task_card(by, now, TaskFilter("reread", is_mine=True), (_("Re-reads on my route"), "map-pin"))


def round_stops(by: Actor, now: datetime) -> Card:
    """Return the meters of a cycle's round that wait for a reader."""
    wanted = TaskFilter("round_reading", is_mine=True)
    return _task_card(by, now, wanted, (_("Meters on my round"), "map-pin"))


def held_accounts(by: Actor, now: datetime) -> Card:
    """Return accounts that a bill run held back."""
    return _task_card(by, now, TaskFilter("held_account"), (_("Held accounts"), "circle-alert"))


def overdue_tasks(by: Actor, now: datetime) -> Card:
    """Return what is late, whoever owns it."""
    return _task_card(by, now, TaskFilter(late_at=now), (_("Overdue tasks"), "clock"))


def findings(by: Actor, now: datetime) -> Card:
    """Return findings that wait for an explanation."""
    found = findings_to_review(by, ReviewFilter())
    rows = [
        CardRow(str(WORDS.get(row.rule, row.rule)), f"{row.code} · {row.day:%m-%d}", _finding_page(row.pk))
        for row in found[:MOST_SHOWN]
    ]
    href = reverse("console:readings")
    return Card(
        _("Readings to review"), "activity", found.count(), href, _("Every reading is explained."), rows
    )


def bill_runs(by: Actor, now: datetime) -> Card:
    """Return bill runs that are not issued yet."""
    runs = runs_in_hand(by)
    rows = [
        CardRow(run.period, str(WORDS.get(run.state, run.state)), reverse("console:run", args=(run.id,)))
        for run in runs[:MOST_SHOWN]
    ]
    href = reverse("console:runs")
    return Card(_("Bill runs in hand"), "receipt-text", len(runs), href, _("No run is under way."), rows)


def approvals(by: Actor, now: datetime) -> Card:
    """Return runs and corrections that wait for an approver."""
    runs = [run for run in runs_in_hand(by) if run.state == "rehearsed"]
    corrections = open_corrections(by)
    rows = [
        CardRow(
            _("Bills of %(month)s") % {"month": run.period}, money_text(run.total_fen),
            reverse("console:run", args=(run.id,)),
        )
        for run in runs
    ] + [
        CardRow(
            _("Correction of bill %(bill)s") % {"bill": row.bill_id}, money_text(row.difference_fen),
            reverse("console:bill", args=(row.bill_id,)),
        )
        for row in corrections
    ]  # fmt: skip
    href = reverse("console:runs")
    empty = _("Nothing waits for an approval.")
    return Card(_("Approvals waiting"), "shield-check", len(rows), href, empty, rows[:MOST_SHOWN])


def cases(by: Actor, now: datetime) -> Card:
    """Return open cases, the earliest limit first."""
    found = open_cases(by)
    rows = [
        CardRow(
            str(WORDS.get(case.kind, case.kind)), case.account_number, link_to(f"case:{case.number}"),
            limit_words(case.due_at, now),
        )
        for case in found[:MOST_SHOWN]
    ]  # fmt: skip
    href, late = link_to("cases:open") or _tasks_page(kind="case"), found.filter(due_at__lt=now).count()
    return Card(_("Open cases"), "headset", found.count(), href, _("No case is open."), rows, late)


def callbacks(by: Actor, now: datetime) -> Card:
    """Return calls to be made, the earliest limit first."""
    calls = callback_list(by)
    rows = [
        CardRow(
            call.account_number, call.case_number, link_to("callbacks:open"), limit_words(call.due_at, now)
        )
        for call in calls[:MOST_SHOWN]
    ]
    late = sum(call.due_at < now for call in calls)
    href = link_to("callbacks:open") or _tasks_page(kind="callback")
    return Card(
        _("Callbacks to make"), "phone-call", len(calls), href, _("Nobody waits for a call."), rows, late
    )


def offline_terminals(by: Actor, now: datetime) -> Card:
    """Return terminals that are not connected, the longest silent first."""
    silent = [state for state in terminals(by) if not state.is_online]
    silent.sort(key=lambda state: (state.heartbeat_at is not None, state.heartbeat_at))
    rows = [CardRow(state.terminal, _heard(state.heartbeat_at)) for state in silent[:MOST_SHOWN]]
    href = link_to("terminals:offline")
    return Card(_("Terminals offline"), "wifi-off", len(silent), href, _("Every terminal is online."), rows)


def collection(by: Actor, now: datetime) -> Card:
    """Return how many points of yesterday have no reading, and why."""
    found = collection_of(by, civil_day(now, zone()) - timedelta(days=1))
    missing = max(0, found.expected - found.stored)
    rows = [
        CardRow(_("Points read"), f"{found.stored} / {found.expected}"),
        CardRow(_("Waiting for a terminal that is offline"), str(found.waiting_offline)),
        CardRow(_("Given up"), str(found.given_up)),
        CardRow(_("Day closed") if found.is_closed else _("Day not closed yet"), f"{found.day}"),
    ]
    title = _("Missing of yesterday's collection")
    return Card(title, "gauge", missing, "", _("Every point was read."), rows)


def cycles(by: Actor, now: datetime) -> Card:
    """Return reading cycles under way, the earliest limit of their step first."""
    runs = running_processes(by, definition=READING_CYCLE)
    rows = [
        CardRow(
            run.key, str(WORDS.get(run.step, run.step)), reverse("console:task", args=(run.task_id,)),
            limit_words(run.due_at, now),
        )
        for run in runs[:MOST_SHOWN]
    ]  # fmt: skip
    late, href = sum(run.due_at < now for run in runs), _tasks_page(kind="process_step")
    return Card(_("Reading cycles"), "refresh-cw", len(runs), href, _("No cycle is under way."), rows, late)


def failed_events(by: Actor, now: datetime) -> Card:
    """Return events that failed too often."""
    found = stuck_events(by)
    rows = [CardRow(f"{row.event} → {row.consumer}", row.error) for row in found[:MOST_SHOWN]]
    empty = _("Every event was delivered.")
    return Card(
        _("Events that failed"), "triangle-alert", found.count(), link_to("events:stuck"), empty, rows
    )


_CARDS: dict[Role, tuple[Maker, ...]] = {
    Role.MANAGER: (approvals, overdue_tasks, cycles),
    Role.APPROVER: (approvals,),
    Role.CLERK: (held_accounts, findings, bill_runs),
    Role.READER: (round_stops, rereads),
    Role.AGENT: (cases, callbacks),
    Role.ENGINEER: (offline_terminals, collection, findings),
    Role.INSPECTOR: (findings,),
    Role.ADMINISTRATOR: (failed_events,),
}


def _task_card(by: Actor, now: datetime, wanted: TaskFilter, head: tuple[str, str]) -> Card:
    title, icon = head
    found = tasks_listed(by, wanted)
    rows = [
        CardRow(
            str(WORDS.get(task.kind, task.kind)), subject_words(task),
            reverse("console:task", args=(task.pk,)), limit_words(task.due_at, now),
        )
        for task in found[:MOST_SHOWN]
    ]  # fmt: skip
    asked = {"kind": wanted.kind, "whose": "mine" if wanted.is_mine else "all"}
    href = _tasks_page(**asked, **({"late": "1"} if wanted.late_at else {}))
    late = found.filter(due_at__lt=now).count()
    return Card(title, icon, found.count(), href, _("Nothing waits here."), rows, late)


def _tasks_page(*, kind: str = "", whose: str = "all", late: str = "") -> str:
    asked = {name: value for name, value in (("kind", kind), ("whose", whose), ("late", late)) if value}
    return f"{reverse('console:tasks')}?{urlencode(asked)}"


def _finding_page(finding_id: int) -> str:
    return reverse("console:finding", args=(finding_id,))


def _heard(heartbeat_at: datetime | None) -> str:
    if heartbeat_at is None:
        return _("never heard of")
    return _("last heard %(time)s") % {"time": f"{local(heartbeat_at):%m-%d %H:%M}"}
