"""A colleague sets some intervals of a day at the desk (曲线修正); words and old values are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from django.db import transaction

from mingdu.base import audit
from mingdu.base.actors import Actor
from mingdu.base.database import transaction_connection
from mingdu.base.permissions import require
from mingdu.core.clock import day_number
from mingdu.core.quality import Quality
from mingdu.core.registers import Channel
from mingdu.errors import TradeError
from mingdu.metering.models import Evidence
from mingdu.metering.queries.points import usage_point_of
from mingdu.metering.readings import CurveColumns, Intent, Outcome, ReadingBatch, RegisterColumns, Source
from mingdu.metering.store.buckets import lock_buckets
from mingdu.metering.store.point_days import PointDay, point_days

from .accept import accept_readings, record_evidence
from .typed import digits_of

VERB = "metering.correct_readings"


class BadCurveValue(TradeError):
    """What was typed is not a value that this channel can show."""

    next_step = "type decimal numbers, with no more digits behind the point than the channel has"


class NoSuchInterval(TradeError):
    """The day has no such intervals."""

    next_step = "count the day's intervals from 0; a day that changes the clocks is shorter or longer"


@dataclass(frozen=True)
class CurveEdit:
    """
    What some intervals of a day are said to have been.

    usage_point  code
    first        place of the first interval, counted from 0, in the interval that the day is stored in
    values       decimal text of each from there on, in the channel's unit, before the multiplier
    words        why, in the colleague's words
    """

    usage_point: str
    channel: Channel
    day: date
    first: int
    values: Sequence[str]
    words: str


@transaction.atomic
def edit_curve(edit: CurveEdit, *, by: Actor, at: datetime) -> int:
    """
    Set the intervals through the one door of readings, marked as edited; returns how many changed.

    An open day is changed in place, a closed one gets its next version; the audit keeps what stood there.
    raises  NotPermitted, UnknownUsagePoint, BadCurveValue, NoSuchInterval, and what the door says:
            NotInstalled, BadValue, FutureReading, OutsideStorage
    """
    require(by, VERB)
    point = usage_point_of(by, edit.usage_point)
    ids = np.array([point.pk], dtype=np.int64)
    conn = transaction_connection()
    lock_buckets(conn, ids)
    (stored,) = point_days(conn, point.pk, [edit.day], edit.channel)
    curves = _edited(edit, stored, int(point.pk))
    evidence = record_evidence("desk", f"{by.id} {at.isoformat()}", by=by, at=at)
    Evidence.objects.filter(pk=evidence).update(words=edit.words)
    batch = ReadingBatch(Source.API, evidence, curves, RegisterColumns.none(), Intent.CORRECT)
    acceptance = accept_readings(batch, by=by, at=at)
    if acceptance.bad:
        raise acceptance.bad[0].error
    audit.record(by, VERB, f"usage_point:{edit.usage_point}", at=at, details=_details(edit, stored, curves))
    return int(np.count_nonzero(acceptance.curve_outcomes == Outcome.ACCEPTED))


def _edited(edit: CurveEdit, stored: PointDay, point: int) -> CurveColumns:
    """Return the day with the said intervals alone."""
    intervals = len(stored.values)
    past = edit.first + len(edit.values)
    if edit.first < 0 or not edit.values or past > intervals:
        raise NoSuchInterval(
            f"{edit.first} to {past - 1} of {intervals} intervals", first=edit.first, intervals=intervals
        )
    values = np.zeros((1, intervals), dtype=np.int64)
    quality = np.full((1, intervals), Quality.MISSING, dtype=np.uint8)
    values[0, edit.first : past] = [_digits(text, stored.decimals, edit.channel) for text in edit.values]
    quality[0, edit.first : past] = Quality.EDITED
    return CurveColumns(
        np.array([point]), np.array([day_number(edit.day)]), np.array([int(edit.channel)]), values, quality,
        np.array([stored.decimals]),
    )  # fmt: skip


def _digits(text: str, decimals: int, channel: Channel) -> int:
    digits = digits_of(text, decimals)
    if digits is None:
        raise BadCurveValue(
            f"{text!r} is no value of {channel.name} with at most {decimals} decimals",
            value=text, channel=channel.name, decimals=decimals,
        )  # fmt: skip
    return digits


def _details(edit: CurveEdit, stored: PointDay, curves: CurveColumns) -> dict[str, object]:
    part = slice(edit.first, edit.first + len(edit.values))
    return {
        "channel": edit.channel.name, "day": edit.day.isoformat(), "first": edit.first,
        "minutes": stored.minutes, "decimals": stored.decimals, "old_version": stored.version,
        "old_digits": stored.values[part].tolist(), "old_quality": stored.quality[part].tolist(),
        "digits": curves.values[0, part].tolist(), "words": edit.words,
    }  # fmt: skip
