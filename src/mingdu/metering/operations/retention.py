"""Lets readings and evidence go that are past their time (数据保存期限), in bounded steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

import numpy as np
from django.db import transaction

from mingdu.base import audit
from mingdu.base.actors import Actor
from mingdu.base.database import reading_connection, transaction_connection
from mingdu.base.permissions import require
from mingdu.core.registers import Channel
from mingdu.metering.models import Finding
from mingdu.metering.sealing.expire import expire, sealed_past
from mingdu.metering.store.expired import (
    Held,
    count_curves,
    count_frames,
    count_registers,
    remove_curves,
    remove_frames,
    remove_registers,
)
from mingdu.metering.zone import midnight, zone
from mingdu.rulebook.retention import Retention, retention_on

VERB = "metering.seal"
# One step takes at most so many rows of each kind, and rewrites at most so many sealed files.
MOST_ROWS, MOST_FILES = 50_000, 4
# Usage points that something of a subject above still rests on; None: not all of them can be told now.
Hold = Callable[[], frozenset[int] | None]

_holds: list[Hold] = []


@dataclass(frozen=True)
class Past:
    """
    What is past its time, in rows.

    frames, registers  of the tables
    curves             of the tables, by channel; channels without any are left out
    sealed             rows in sealed files
    """

    frames: int
    registers: int
    curves: dict[str, int]
    sealed: int

    @property
    def is_nothing(self) -> bool:
        """Tell whether all is within its time."""
        return not (self.frames or self.registers or self.curves or self.sealed)


def register_hold(hold: Hold) -> None:
    """Register what a subject above rests on; called when the apps start."""
    if hold not in _holds:
        _holds.append(hold)


def past_its_time(*, by: Actor, at: datetime) -> Past:
    """Count what the next steps would let go, changing nothing."""
    require(by, VERB)
    held = _held()
    if held is None:
        return Past(0, 0, {}, 0)
    conn, limits = reading_connection(), _Limits.on(at)
    return Past(
        frames=count_frames(conn, limits.frames, held),
        registers=count_registers(conn, limits.registers, held),
        curves=_present(
            {
                channel: count_curves(conn, oldest, [channel], held)
                for channel, oldest in limits.channels.items()
            }
        ),
        sealed=sum(each.rows for each in sealed_past(limits.rules, limits.today, held)),
    )


@transaction.atomic
def let_go(*, by: Actor, at: datetime, most: int = MOST_ROWS) -> Past:
    """
    Let one step of what is past its time go: the oldest, and never what an open finding or a hold rests on.

    most     rows of each kind
    returns  what went, which the audit keeps; nothing when all is within its time
    raises   NotPermitted, NoRetention
    """
    require(by, VERB)
    held = _held()
    if held is None:
        return Past(0, 0, {}, 0)
    conn, limits = transaction_connection(), _Limits.on(at)
    gone = Past(
        frames=remove_frames(conn, limits.frames, held, most),
        registers=remove_registers(conn, limits.registers, held, most),
        curves=_present(
            {
                channel: remove_curves(conn, oldest, [channel], held, most)
                for channel, oldest in limits.channels.items()
            }
        ),
        sealed=_expired(limits, held, by, at),
    )
    if not gone.is_nothing:
        audit.record(by, VERB, "retention", at=at, details={"kind": "retention", **vars(gone)})
    return gone


@dataclass(frozen=True)
class _Limits:
    """Before which instants and days things are past their time."""

    rules: Retention
    today: date
    frames: datetime
    registers: datetime
    channels: dict[Channel, date]

    @classmethod
    def on(cls, at: datetime) -> _Limits:
        today = at.astimezone(zone()).date()
        rules = retention_on(today)
        return cls(
            rules=rules,
            today=today,
            frames=at - timedelta(days=rules.evidence_days["frame"]),
            registers=midnight(rules.oldest_kept(today, rules.register_months)),
            channels={
                channel: rules.oldest_kept(today, months) for channel, months in rules.channel_months.items()
            },
        )


def _held() -> Held | None:
    """Return the points that stay: those with an open finding, and those that a subject above holds."""
    ids = set(
        Finding.objects.filter(closure__isnull=True).values_list("usage_point_id", flat=True).distinct()
    )
    for hold in _holds:
        more = hold()
        if more is None:
            return None
        ids |= more
    return Held(np.array(sorted(ids), dtype=np.int64))


def _present(counts: dict[Channel, int]) -> dict[str, int]:
    return {channel.name: count for channel, count in counts.items() if count}


def _expired(limits: _Limits, held: Held, by: Actor, at: datetime) -> int:
    conn = transaction_connection()
    past = islice(sealed_past(limits.rules, limits.today, held), MOST_FILES)
    return sum(expire(conn, each, by.id, at) for each in list(past))
