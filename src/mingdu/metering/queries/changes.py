"""What changed between two times: old and new value, version, source, evidence, by whom and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from mingdu.base.actors import Actor
from mingdu.base.database import reading_connection
from mingdu.base.permissions import require, scope
from mingdu.core.clock import day_of
from mingdu.core.instants import aware
from mingdu.core.quality import Quality
from mingdu.core.registers import CHANNEL_SCALE, REGISTER_SCALE, Channel, Register, Scale
from mingdu.core.types import Ints
from mingdu.errors import TradeError
from mingdu.metering.models import Evidence
from mingdu.metering.readings import Source
from mingdu.metering.store.columns import Connection
from mingdu.metering.store.layout import known_points
from mingdu.metering.store.versions import (
    OWN_DECIMALS,
    Change,
    Span,
    Version,
    changed_curves,
    changed_places,
    changed_registers,
)
from mingdu.metering.zone import midnight, zone
from mingdu.wire.dlt645.bcd import decimal_text

from .points import codes_of_ids, usage_point_of

VERB = "metering.read"


class TimesOutOfOrder(TradeError):
    """The first of two times lies after the second."""

    next_step = "give the earlier time first"


@dataclass(frozen=True)
class Side:
    """
    The values of a change on one side, of the intervals that changed.

    version  0: nothing was stored
    values   decimal texts in the item's unit, None where missing
    quality  names of Quality
    """

    version: int
    values: tuple[str | None, ...]
    quality: tuple[str, ...]


@dataclass(frozen=True)
class ChangedValue:
    """
    One version that changed a curve's day or a register reading.

    item         name of the channel or register
    at           begin of the curve's day, or the instant of the reading
    minutes      of an interval; 0 for a register
    intervals    which of the day's intervals changed; empty for a register
    recorded_at  since when the new value is known
    source       name of Source
    evidence     kind and reference
    by, words    who, and why in his words; empty where the evidence says all
    """

    usage_point: str
    item: str
    unit: str
    at: datetime
    minutes: int
    intervals: tuple[int, ...]
    old: Side
    new: Side
    recorded_at: datetime
    source: str
    evidence: tuple[str, str]
    by: str
    words: str

    def as_json(self) -> dict[str, Any]:
        """Return the change as plain values."""
        instants = {"at": _told_at(self.at), "recorded_at": _told_at(self.recorded_at)}
        sides = {"old": vars(self.old), "new": vars(self.new)}
        return {
            **vars(self),
            **instants,
            **sides,
            "evidence": dict(zip(("kind", "reference"), self.evidence, strict=True)),
        }


def changes_between(
    by: Actor, since: datetime, until: datetime, code: str | None = None
) -> Iterator[ChangedValue]:
    """
    Yield every version recorded after `since`, until `until` included, that changed a value; in a stream.

    A version counts when another stood before it, or when its day was closed before it came: what came for an
    open day is the day's own reading. By month, bucket, point, item and instant; months that are sealed too.
    code    one usage point; None: all of the actor's units
    raises  NotPermitted, UnknownUsagePoint, TimesOutOfOrder
    """
    require(by, VERB)
    if until < since:
        raise TimesOutOfOrder(f"{since} is after {until}", since=since.isoformat(), until=until.isoformat())
    point = None if code is None else usage_point_of(by, code).pk
    return _stream(scope(by, VERB).unit_ids, Span(since, until, point))


def _stream(unit_ids: frozenset[int] | None, span: Span) -> Iterator[ChangedValue]:
    conn = reading_connection()
    for month, bucket in changed_places(conn, span):
        for changed in (changed_curves, changed_registers):
            found = list(changed(conn, span, month, bucket))
            yield from _told(conn, _seen(conn, found, unit_ids))


def _seen(conn: Connection, found: list[Change], unit_ids: frozenset[int] | None) -> list[Change]:
    if unit_ids is None or not found:
        return found
    known = known_points(conn, np.array([after.usage_point_id for _, after in found], dtype=np.int64))
    seen = set(known.ids[np.isin(known.unit_ids, list(unit_ids))].tolist())
    return [(before, after) for before, after in found if after.usage_point_id in seen]


def _told(conn: Connection, found: list[Change]) -> Iterator[ChangedValue]:
    if not found:
        return
    codes = codes_of_ids(conn, np.array([after.usage_point_id for _, after in found], dtype=np.int64))
    evidence = Evidence.objects.in_bulk([after.evidence_id for _, after in found])
    for before, after in found:
        intervals = _differing(before, after)
        if not len(intervals):
            continue
        item, scale = _item(after)
        said = evidence.get(after.evidence_id)
        yield ChangedValue(
            usage_point=codes[after.usage_point_id], item=item, unit=scale.unit, at=_at(after),
            minutes=after.minutes, intervals=tuple(intervals.tolist()) if after.minutes else (),
            old=_old(before, after, intervals, scale), new=_side(after, intervals, scale),
            recorded_at=after.recorded_at, source=Source(after.source).name.lower(),
            evidence=(said.kind, said.reference) if said else ("", ""),
            by=said.by if said else "", words=said.words if said else "",
        )  # fmt: skip


def _differing(before: Version | None, after: Version) -> Ints:
    """Return the intervals in which value or quality differ; all, when the day has another interval now."""
    if before is None:
        return np.flatnonzero(after.quality != Quality.MISSING)
    if (before.minutes, before.decimals) != (after.minutes, after.decimals):
        return np.arange(len(after.values))
    return np.flatnonzero((before.values != after.values) | (before.quality != after.quality))


def _old(before: Version | None, after: Version, intervals: Ints, scale: Scale) -> Side:
    if before is None:
        return Side(0, (None,) * len(intervals), (Quality.MISSING.name.lower(),) * len(intervals))
    if before.minutes != after.minutes:
        return _side(before, np.arange(len(before.values)), scale)
    return _side(before, intervals, scale)


def _side(version: Version, intervals: Ints, scale: Scale) -> Side:
    decimals = scale.decimals if version.decimals == OWN_DECIMALS else version.decimals
    marks = version.quality[intervals].tolist()
    digits = version.values[intervals].tolist()
    values = (
        None if mark == Quality.MISSING else decimal_text(value, decimals)
        for value, mark in zip(digits, marks, strict=True)
    )
    return Side(version.version, tuple(values), tuple(Quality(mark).name.lower() for mark in marks))


def _item(version: Version) -> tuple[str, Scale]:
    if version.minutes:
        channel = Channel(version.item)
        return channel.name, CHANNEL_SCALE[channel]
    register = Register(version.item)
    return register.name, REGISTER_SCALE[register]


def _at(version: Version) -> datetime:
    return midnight(day_of(version.at)) if version.minutes else aware(np.datetime64(version.at, "us"))


def _told_at(instant: datetime) -> str:
    """Return an instant with the offset of the utility's zone."""
    return instant.astimezone(zone()).isoformat()
