"""Looking at the network that reads (采集): terminals, what was asked and came, which days are closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from mingdu.base.actors import Actor
from mingdu.base.database import reading_connection
from mingdu.base.permissions import require, scope
from mingdu.metering.models import (
    DayClosing,
    InboxFrame,
    Installation,
    Poll,
    Terminal,
    TerminalSession,
    UnknownTerminal,
)
from mingdu.metering.store.collected import count_collected
from mingdu.metering.zone import midnight

from .points import point_buckets

MOST_ROWS = 1_000


@dataclass(frozen=True)
class TerminalState:
    """A terminal and whether it is connected now; times of its latest session, None before the first."""

    terminal: str
    is_online: bool
    connected_at: datetime | None
    heartbeat_at: datetime | None


@dataclass(frozen=True)
class Stranger:
    """A terminal in quarantine: it dialled in without being registered."""

    terminal: str
    peer: str
    first_at: datetime
    latest_at: datetime
    tries: int


@dataclass(frozen=True)
class CollectionOfDay:
    """
    One day's collection, in usage points and polls.

    expected        points whose meter is read by a terminal
    stored          of these, points whose total register at the day's end is stored
    curves          of these, points with a curve of the day that was read, not only estimated
    answered        polls of the day that were answered
    waiting_online  polls that wait although their terminal is connected
    waiting_offline polls that wait for a terminal that is not connected
    given_up        polls that the meter or its age has ended
    is_closed       every bucket of the day is closed
    """

    day: date
    expected: int
    stored: int
    curves: int
    answered: int
    waiting_online: int
    waiting_offline: int
    given_up: int
    is_closed: bool


def terminals(by: Actor) -> list[TerminalState]:
    """Return the terminals of the actor's units, by address."""
    require(by, "metering.read_network")
    states = []
    for terminal in _seen_terminals(by).prefetch_related("sessions").order_by("terminal_address")[:MOST_ROWS]:
        latest = max(terminal.sessions.all(), key=lambda session: session.pk, default=None)
        is_online = latest is not None and latest.ended_at is None
        connected, heartbeat = (latest.connected_at, latest.heartbeat_at) if latest else (None, None)
        states.append(TerminalState(terminal.terminal_address, is_online, connected, heartbeat))
    return states


def quarantine(by: Actor) -> list[Stranger]:
    """Return terminals that dialled in without being registered, the latest first."""
    require(by, "metering.read_network")
    rows = UnknownTerminal.objects.order_by("-latest_at")
    names = ("terminal_address", "peer", "first_at", "latest_at", "tries")
    return [Stranger(*row) for row in rows.values_list(*names)[:MOST_ROWS]]


def frames_stored(by: Actor) -> int:
    """Return how many answers of the actor's terminals stand in the inbox."""
    require(by, "metering.read_network")
    return InboxFrame.objects.filter(terminal__in=_seen_terminals(by)).count()


def frames_waiting(by: Actor) -> int:
    """Return how many answers of the actor's terminals are stored but not yet read."""
    require(by, "metering.read_network")
    return InboxFrame.objects.filter(terminal__in=_seen_terminals(by), ingested_at__isnull=True).count()


def collection_of(by: Actor, day: date) -> CollectionOfDay:
    """Return how far the collection of one day is in the actor's units."""
    require(by, "metering.read_network")
    end = midnight(day + timedelta(days=1))
    seen = _seen_terminals(by)
    points = list(
        Installation.objects.filter(terminal__in=seen, valid_from__lt=end)
        .exclude(valid_to__lt=end)
        .values_list("usage_point_id", flat=True)
    )
    stored, curves = count_collected(reading_connection(), np.unique(np.array(points, dtype=np.int64)), day)
    open_sessions = TerminalSession.objects.filter(terminal=OuterRef("terminal"), ended_at__isnull=True)
    waits = Q(answered_at__isnull=True, given_up_at__isnull=True)
    counts = (
        Poll.objects.filter(terminal__in=seen, day__in=(day, day + timedelta(days=1)))
        .annotate(is_online=Exists(open_sessions))
        .aggregate(
            answered=Count("id", filter=Q(answered_at__isnull=False)),
            waiting_online=Count("id", filter=waits & Q(is_online=True)),
            waiting_offline=Count("id", filter=waits & Q(is_online=False)),
            given_up=Count("id", filter=Q(given_up_at__isnull=False)),
        )
    )
    closed = DayClosing.objects.filter(day=day).count()
    return CollectionOfDay(
        day=day, expected=len(set(points)), stored=stored, curves=curves,
        is_closed=closed == len(point_buckets()), **counts,
    )  # fmt: skip


def _seen_terminals(by: Actor) -> QuerySet[Terminal]:
    units = scope(by, "metering.read_network").unit_ids
    return Terminal.objects.all() if units is None else Terminal.objects.filter(unit_id__in=units)


def latest_closed_day() -> date | None:
    """Return the latest day that every bucket of points has closed; for subjects and duties, not filtered."""
    buckets = len(point_buckets())
    days = (
        DayClosing.objects.values("day").annotate(closed=Count("bucket")).filter(closed__gte=max(buckets, 1))
    )
    return days.order_by("-day").values_list("day", flat=True).first()
