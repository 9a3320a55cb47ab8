"""What an alarm is, in one place: counted for everybody once, shown to each within his own scope."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from mingdu.base.actors import Actor
from mingdu.base.permissions import Scope, scope
from mingdu.base.retries import count_stuck
from mingdu.base.signs import silent_processes
from mingdu.metering.queries.alarms import holding_findings_by_unit, silent_terminals_by_unit
from mingdu.work.overdue import overdue_by_unit

TERMINALS, FINDINGS, TASKS, EVENTS, PROCESSES = "terminals", "findings", "tasks", "events", "processes"
# Who may see an alarm is who may look at what it is about.
VERBS = {
    TERMINALS: "metering.read_network",
    FINDINGS: "metering.explain_finding",
    TASKS: "work.read_tasks",
    EVENTS: "base.read_outbox",
    PROCESSES: "work.read_tasks",
}


@dataclass(frozen=True)
class Count:
    """
    How many alarms of a kind stand in one unit.

    unit_id   None: it belongs to no unit and is seen by whoever holds the verb anywhere
    since     of the oldest one; None where that is not known
    names     of what cannot be counted by unit: the silent processes
    """

    kind: str
    unit_id: int | None
    count: int
    since: datetime | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Alarm:
    """One line of the board."""

    kind: str
    words: str
    next_step: str
    count: int
    since: datetime | None
    href: str
    names: tuple[str, ...]


def count_alarms(now: datetime) -> tuple[Count, ...]:
    """Count all alarms of all units; whoever shows them asks `alarms_seen` for an actor's own."""
    by_unit: dict[str, Mapping[int | None, tuple[int, datetime | None]]] = {
        TERMINALS: silent_terminals_by_unit(now),
        FINDINGS: holding_findings_by_unit(),
        TASKS: overdue_by_unit(now),
    }
    found = [
        Count(kind, unit_id, count, since)
        for kind, units in by_unit.items()
        for unit_id, (count, since) in units.items()
    ]
    stuck, silent = sum(count_stuck()), tuple(silent_processes())
    found += [Count(EVENTS, None, stuck)] if stuck else []
    found += [Count(PROCESSES, None, len(silent), names=silent)] if silent else []
    return tuple(found)


def total_seen(by: Actor, counts: tuple[Count, ...]) -> int:
    """Return how many of the alarms the actor may see."""
    return sum(each.count for each in _seen(by, counts))


def alarms_seen(by: Actor, counts: tuple[Count, ...]) -> list[Alarm]:
    """Return the alarms that the actor may see, one line a kind, in the order of VERBS."""
    own = _seen(by, counts)
    lines = []
    for kind in VERBS:
        of_kind = [each for each in own if each.kind == kind]
        if of_kind:
            since = min((each.since for each in of_kind if each.since), default=None)
            names = tuple(name for each in of_kind for name in each.names)
            words, next_step = _WORDS[kind]()
            count = sum(each.count for each in of_kind)
            lines.append(Alarm(kind, words, next_step, count, since, _href(kind), names))
    return lines


def _seen(by: Actor, counts: tuple[Count, ...]) -> list[Count]:
    scopes = {kind: scope(by, verb) for kind, verb in VERBS.items()}
    return [each for each in counts if _is_seen(each.unit_id, scopes[each.kind])]


def _is_seen(unit_id: int | None, seen: Scope) -> bool:
    return seen.covers_unit(unit_id) or (unit_id is None and bool(seen.unit_ids))


def _href(kind: str) -> str:
    if kind == TASKS:
        return f"{reverse('console:tasks')}?whose=all&late=1"
    pages = {FINDINGS: "console:readings", EVENTS: "console:events", TERMINALS: "console:silent"}
    return reverse(pages[kind]) if kind in pages else ""


_WORDS: dict[str, Callable[[], tuple[str, str]]] = {
    TERMINALS: lambda: (
        _("Terminals offline for more than 30 minutes"),
        _("Look at power and network of their places; their readings come in when they dial in again."),
    ),
    FINDINGS: lambda: (
        _("Findings that hold a bill"),
        _("Explain them, or have the meter read again, before the bills are made."),
    ),
    TASKS: lambda: (_("Overdue tasks"), _("Do them, or give them to somebody who can.")),
    EVENTS: lambda: (
        _("Events and parts of runs that failed too often"),
        _("Mend the cause that stands beside them, then try them again."),
    ),
    PROCESSES: lambda: (
        _("Processes that give no sign of life"),
        _("Start them again; what waits for them is kept and goes on."),
    ),
}
