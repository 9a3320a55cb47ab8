"""Terminals that are offline for longer than they should be, as a list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from mingdu.base.actors import Actor
from mingdu.base.permissions import require, scope
from mingdu.metering.models import Installation

from .alarms import silent_terminals

VERB = "metering.read_network"
MOST_ROWS = 1_000


@dataclass(frozen=True)
class SilentTerminal:
    """A terminal, since when it is silent (None: it never dialled in), how many meters wait behind it."""

    terminal: str
    since: datetime | None
    meters: int


def silent_terminals_seen(by: Actor, now: datetime) -> list[SilentTerminal]:
    """Return the silent terminals of the actor's units, the longest silent first; who never came, last."""
    require(by, VERB)
    units = scope(by, VERB).unit_ids
    found = silent_terminals(now) if units is None else silent_terminals(now).filter(unit_id__in=units)
    rows = list(found.values_list("pk", "terminal_address", "silent_since")[:MOST_ROWS])
    hanging = Installation.objects.filter(Q(valid_to__isnull=True), terminal_id__in=[row[0] for row in rows])
    meters = dict(hanging.order_by().values_list("terminal_id").annotate(count=Count("pk")))
    return [SilentTerminal(address, since, meters.get(pk, 0)) for pk, address, since in rows]
