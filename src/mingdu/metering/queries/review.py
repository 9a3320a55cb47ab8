"""Looking at findings one by one (抄表复核): what the desk's queue and its drawer show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

import numpy as np
from django.db.models import Count, F, Min, OuterRef, Q, QuerySet, Subquery

from mingdu.base.actors import Actor
from mingdu.base.database import reading_connection
from mingdu.base.permissions import require, scope
from mingdu.core.clock import day_number
from mingdu.core.findings import Severity
from mingdu.core.quality import Quality
from mingdu.core.registers import Channel
from mingdu.core.types import Flags, Ints
from mingdu.metering.models import Area, Finding, Installation, UsagePoint
from mingdu.metering.readings import CurveColumns
from mingdu.metering.store.curves import StoredCurves, fetch_curves
from mingdu.metering.store.profiles import MOST_DECIMALS
from mingdu.metering.zone import INTERVAL_MINUTES, intervals_of, midnight

from .points import installations_between

VERB = "metering.read"
OPEN, EXPLAINED = "open", "explained"
# What is usual for a day is the mean of so many days before it.
USUAL_DAYS = 7
HOURS_A_DAY = 24
MOST_ROWS = 200


@dataclass(frozen=True)
class ReviewFilter:
    """
    Which findings are wanted; empty and None leave a question out.

    state  OPEN, EXPLAINED, or "" for both
    """

    rule: str = ""
    day: date | None = None
    area: str = ""
    point: str = ""
    customer_class: str = ""
    state: str = OPEN


class ReviewRow(NamedTuple):
    """A finding with its point; `meter_number` is of the meter that hangs there now, None without one."""

    pk: int
    usage_point_id: int
    code: str
    address: str
    area_name: str | None
    meter_number: str | None
    rule: str
    day: date
    first_interval: int
    latest_interval: int
    interval_minutes: int
    severity: int
    figure: int
    threshold: int
    reason: str | None
    note: str | None
    by: str | None
    explained_at: datetime | None


@dataclass(frozen=True)
class DayEnergy:
    """
    The energy of a point's day beside what is usual there; None where nothing of it is known.

    energy_wh  of the intervals that are known [Wh]
    usual_wh   mean of the USUAL_DAYS days before, of those that are stored [Wh]
    """

    energy_wh: int | None
    usual_wh: int | None

    @property
    def deviation_percent(self) -> int | None:
        """How far the day is from the usual one, in percent of it, cut to whole ones."""
        if self.energy_wh is None or not self.usual_wh:
            return None
        return (self.energy_wh - self.usual_wh) * 100 // self.usual_wh


def findings_to_review(by: Actor, wanted: ReviewFilter) -> QuerySet[Finding, ReviewRow]:
    """Return findings of the actor's units, lazily: what holds a bill first, then the newest day."""
    found = _seen(by).order_by("-severity", "-day", "usage_point_id", "rule")
    if wanted.state:
        found = found.filter(closure__isnull=wanted.state == OPEN)
    asked = {
        "rule": wanted.rule, "day": wanted.day, "usage_point__area__code": wanted.area,
        "usage_point__code": wanted.point, "usage_point__customer_class": wanted.customer_class,
    }  # fmt: skip
    return _rows(found.filter(**{name: value for name, value in asked.items() if value}))


def findings_named(by: Actor, finding_ids: Sequence[int]) -> list[ReviewRow]:
    """Return those of these findings that are open and seen by the actor, in the order of the queue."""
    return list(findings_to_review(by, ReviewFilter()).filter(pk__in=finding_ids))


def findings_seen(by: Actor, finding_ids: Sequence[int]) -> list[ReviewRow]:
    """Return those of these findings that the actor sees, open or explained."""
    return list(_rows(_seen(by).filter(pk__in=finding_ids).order_by("day", "pk")))


def finding_of(by: Actor, finding_id: int) -> ReviewRow | None:
    """Return one finding, open or explained; None for a foreign one as for none."""
    return next(iter(_rows(_seen(by).filter(pk=finding_id))), None)


def findings_of_point(by: Actor, usage_point_id: int) -> list[ReviewRow]:
    """Return a point's findings, open and explained, the newest day first."""
    found = _seen(by).filter(usage_point_id=usage_point_id).order_by("-day", "rule")
    return list(_rows(found)[:MOST_ROWS])


class RuleCount(NamedTuple):
    """
    The findings of one rule.

    holds, tasks, notices  open ones by severity
    explained              those that a person or a later close has explained
    old                    open ones that were found before the asked instant
    oldest                 when the first open one was found
    """

    rule: str
    holds: int
    tasks: int
    notices: int
    explained: int
    old: int
    oldest: datetime | None


def rule_counts(by: Actor, old_before: datetime) -> dict[str, RuleCount]:
    """Count the findings of the actor's units by rule."""
    is_open = Q(closure__isnull=True)
    counted = (
        _seen(by)
        .order_by()
        .values_list("rule")
        .annotate(
            holds=Count("pk", filter=is_open & Q(severity=Severity.HOLD)),
            tasks=Count("pk", filter=is_open & Q(severity=Severity.TASK)),
            notices=Count("pk", filter=is_open & Q(severity=Severity.NOTICE)),
            explained=Count("pk", filter=~is_open),
            old=Count("pk", filter=is_open & Q(found_at__lt=old_before)),
            oldest=Min("found_at", filter=is_open),
        )
    )
    return {row[0]: RuleCount(*row) for row in counted}


def classes_seen(by: Actor) -> list[str]:
    """Return the customer classes of the points of the actor's units."""
    require(by, VERB)
    units = scope(by, VERB).unit_ids
    found = UsagePoint.objects.all() if units is None else UsagePoint.objects.filter(unit_id__in=units)
    return list(found.order_by("customer_class").values_list("customer_class", flat=True).distinct())


def areas_seen(by: Actor) -> list[tuple[str, str]]:
    """Return (code, name) of the areas of the actor's units, by name."""
    require(by, VERB)
    units = scope(by, VERB).unit_ids
    found = Area.objects.all() if units is None else Area.objects.filter(unit_id__in=units)
    return list(found.order_by("name").values_list("code", "name"))


def day_energies(keys: Sequence[tuple[int, date]]) -> list[DayEnergy]:
    """
    Return the energy of (usage point id, day) beside the usual one, row for row; the door was asked before.

    On a day of another length than 24 hours nothing is said; neither of the days after it that would need it.
    """
    if not keys:
        return []
    span = USUAL_DAYS + 1
    points = np.repeat(np.array([point for point, _ in keys], dtype=np.int64), span)
    lasts = np.array([day_number(day) for _, day in keys], dtype=np.int64)
    days = (lasts[:, np.newaxis] - np.arange(span)[::-1]).reshape(-1)
    energy, is_known = _day_energy(points, days)
    multiplier = _multipliers(keys)
    energy, is_known = energy.reshape(-1, span) * multiplier[:, np.newaxis], is_known.reshape(-1, span)
    is_known[multiplier == 0] = False
    is_known[[intervals_of(day) != _USUAL_DAY for _, day in keys]] = False
    return [_beside(row.tolist(), known.tolist()) for row, known in zip(energy, is_known, strict=True)]


_USUAL_DAY = HOURS_A_DAY * 60 // INTERVAL_MINUTES
_INSTANT = timedelta(microseconds=1)


def _beside(energy_wh: list[int], is_known: list[bool]) -> DayEnergy:
    before = [energy for energy, known in zip(energy_wh[:-1], is_known[:-1], strict=True) if known]
    usual = sum(before) // len(before) if before else None
    return DayEnergy(energy_wh[-1] if is_known[-1] else None, usual)


def _day_energy(points: Ints, days: Ints) -> tuple[Ints, Flags]:
    """Sum each day's known intervals [Wh before the multiplier]; tell which days have any."""
    energy, is_known = np.zeros(len(points), dtype=np.int64), np.zeros(len(points), dtype=bool)
    minutes_left = [INTERVAL_MINUTES]
    for minutes in minutes_left:
        stored = _of_interval(points, days, minutes)
        known = (stored.quality != Quality.MISSING) & (stored.quality != Quality.SUSPECT)
        digits = np.where(known, stored.values, 0).sum(axis=1, dtype=np.int64)
        energy[stored.place] = digits * 10 ** (MOST_DECIMALS - stored.decimals)
        is_known[stored.place] = known.any(axis=1)
        minutes_left += [
            each for each in np.unique(stored.other_minutes).tolist() if each not in minutes_left
        ]
    return energy, is_known


def _of_interval(points: Ints, days: Ints, minutes: int) -> StoredCurves:
    nothing = np.zeros((len(points), HOURS_A_DAY * 60 // minutes), dtype=np.int64)
    channel = np.full(len(points), int(Channel.IMPORT), dtype=np.int64)
    keys = CurveColumns(points, days, channel, nothing, nothing.astype(np.uint8))
    return fetch_curves(reading_connection(), keys)


def _multipliers(keys: Sequence[tuple[int, date]]) -> Ints:
    """Return the multiplier at the beginning of each day; 0 where no meter hung there."""
    ids = np.array([point for point, _ in keys], dtype=np.int64)
    starts = np.array([int(midnight(day).timestamp()) * 1_000_000 for _, day in keys], dtype=np.int64)
    first, last = min(day for _, day in keys), max(day for _, day in keys)
    installed = installations_between(reading_connection(), ids, midnight(first), midnight(last) + _INSTANT)
    at = starts[installed.row]
    holds = (installed.valid_from <= at) & (at < installed.valid_to)
    found = np.zeros(len(keys), dtype=np.int64)
    found[installed.row[holds]] = installed.multiplier[holds]
    return found


def _seen(by: Actor) -> QuerySet[Finding]:
    require(by, VERB)
    units = scope(by, VERB).unit_ids
    return Finding.objects.all() if units is None else Finding.objects.filter(usage_point__unit_id__in=units)


def _rows(found: QuerySet[Finding]) -> QuerySet[Finding, ReviewRow]:
    hanging = Installation.objects.filter(usage_point=OuterRef("usage_point"), valid_to__isnull=True)
    named = found.annotate(
        code=F("usage_point__code"), address=F("usage_point__address"),
        area_name=F("usage_point__area__name"),
        meter_number=Subquery(hanging.values("meter__meter_number")[:1]),
        reason=F("closure__reason"), note=F("closure__note"), by=F("closure__by"),
        explained_at=F("closure__at"),
    )  # fmt: skip
    rows: QuerySet[Finding, ReviewRow] = named.values_list(*ReviewRow._fields, named=True)
    return rows
