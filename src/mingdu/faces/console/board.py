"""The live board (实时看板): how the day goes, and what needs somebody at once."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from mingdu.base.actors import Actor
from mingdu.base.sheets import sheet_of
from mingdu.base.stuck_events import stuck_events
from mingdu.faces.identity import Asked
from mingdu.faces.words import WORDS
from mingdu.faces.writing import local
from mingdu.metering.queries.review import ReviewFilter, findings_to_review
from mingdu.metering.queries.silent import SilentTerminal, silent_terminals_seen
from mingdu.work.task_lists import TaskFilter, tasks_listed

from .alarms import EVENTS, FINDINGS, TASKS, TERMINALS, Alarm, alarms_seen, count_alarms
from .door import at_desk, is_part, may, not_kept
from .subjects import subject_words
from .tiles import collection_drawn, tiles_for

# Of each kind of alarm so many are named.
MOST_NAMED = 5

# (what it is, address of its page or an empty text)
Named = list[tuple[str, str]]


@require_safe
def board(request: Asked) -> HttpResponse:
    """Show tiles, chart and alarms; the page's script asks for the middle part alone."""
    by = at_desk(request)
    alarms = alarms_seen(by, count_alarms(request.now))
    page = {
        "tiles": tiles_for(by, request.now),
        "chart": collection_drawn(by, request.now) if may(by, "metering.read_network") else None,
        "may_read_network": may(by, "metering.read_network"),
        "alarms": [(alarm, _named(by, alarm, request.now)) for alarm in alarms],
        "total": sum(alarm.count for alarm in alarms),
        "at": request.now,
    }
    name = "faces/console/board/body.html" if is_part(request) else "faces/console/board/board.html"
    return not_kept(render(request, name, page))


@require_safe
def silent(request: Asked) -> HttpResponse:
    """List the terminals that are offline for too long."""
    sheet = sheet_of(request, silent_terminals_seen(at_desk(request), request.now))
    return render(request, "faces/console/board/silent.html", {"sheet": sheet})


def _named(by: Actor, alarm: Alarm, now: datetime) -> Named:
    if alarm.kind == FINDINGS:
        found = findings_to_review(by, ReviewFilter())[:MOST_NAMED]
        return [
            (f"{row.code} · {WORDS[row.rule]} · {row.day}", reverse("console:finding", args=(row.pk,)))
            for row in found
        ]
    if alarm.kind == TASKS:
        late = tasks_listed(by, TaskFilter(late_at=now))[:MOST_NAMED]
        return [
            (f"{WORDS[task.kind]} · {subject_words(task)}", reverse("console:task", args=(task.pk,)))
            for task in late
        ]
    if alarm.kind == TERMINALS:
        return [(_silence(each), "") for each in silent_terminals_seen(by, now)[:MOST_NAMED]]
    if alarm.kind == EVENTS:
        return [(f"{row.event} → {row.consumer}", "") for row in stuck_events(by)[:MOST_NAMED]]
    return [(str(WORDS.get(name, name)), "") for name in alarm.names]


def _silence(terminal: SilentTerminal) -> str:
    if terminal.since is None:
        return _("%(terminal)s · never heard of") % {"terminal": terminal.terminal}
    since = f"{local(terminal.since):%m-%d %H:%M}"
    return _("%(terminal)s · silent since %(since)s") % {"terminal": terminal.terminal, "since": since}


urlpatterns = [path("", board, name="board"), path("silent/", silent, name="silent")]
