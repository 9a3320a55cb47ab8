"""Fetches what closing some days of a bucket needs and makes the kernels' block of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from mingdu.core.clock import day_number, hours_of_points
from mingdu.core.day_block import BlockDays, DayBlock, Freezes, History, PointFacts
from mingdu.core.findings import Thresholds
from mingdu.core.history import advance_history, like_day_profile, like_hour_p99
from mingdu.core.registers import WH_PER_DIGIT, Channel
from mingdu.core.types import Flags, Ints
from mingdu.core.working_time import WorkingCalendar
from mingdu.metering.queries import Points, installations_between
from mingdu.metering.store.columns import Connection, microseconds
from mingdu.metering.store.curves import Days, fetch_days, fill_days
from mingdu.metering.zone import INTERVAL_MINUTES, day_starts, midnight, zone

from .freezes import read_freezes
from .steps import Step

# With fewer days than these a percentile says nothing of how a point behaves.
LEAST_HISTORY_DAYS = 7


@dataclass(frozen=True)
class Ground:
    """What all steps of a run share."""

    thresholds: Thresholds
    calendar: WorkingCalendar


@dataclass(frozen=True)
class BucketDays:
    """
    A block with what is needed to write its results.

    ids      int64 (row,)      usage points
    version  int64 (row, day)  stored versions, 0 where nothing is stored
    active   bool (row, day)   a meter hung there at some time of the day
    """

    block: DayBlock
    ids: Ints
    version: Ints
    active: Flags


def fetch_bucket(conn: Connection, found: Points, step: Step, ground: Ground) -> BucketDays | None:
    """Return the block of a bucket's points that had a meter in these days; None when none had."""
    span = midnight(step.first), midnight(step.last + timedelta(days=1))
    installed = installations_between(conn, found.ids, *span)
    if not len(installed):
        return None
    rows, latest = _latest_installation(installed.row)
    ids = found.ids[rows]
    facts = PointFacts(
        capacity_w=np.maximum(found.capacity_w[rows], 1),
        wh_per_digit=np.full(len(rows), WH_PER_DIGIT, dtype=np.int64),
        multiplier=installed.multiplier[latest],
        digit_count=installed.digits[latest],
    )
    midnights = [midnight(step.first + timedelta(days=n)) for n in range(step.days + 1)]
    stored_days = Days(day_number(step.first), step.days, step.intervals)
    stored = fetch_days(conn, ids, stored_days, Channel.IMPORT)
    values, quality, version = fill_days(stored, len(ids), stored_days)
    block = DayBlock(
        values=values,
        quality=quality,
        days=_days(step.first, step.days, ground.calendar),
        points=facts,
        freezes=read_freezes(conn, ids, midnights, facts.digit_count),
        history=_history(conn, ids, facts, step, ground),
    )
    place = np.searchsorted(rows, installed.row)
    active = _active_days(place, installed.valid_from, installed.valid_to, block.days.numbers, len(rows))
    return BucketDays(block, ids, version, active)


def _latest_installation(row: Ints) -> tuple[Ints, Ints]:
    """Return the rows that have one, and where the latest of each stands; entries lie by row and time."""
    is_latest = np.ones(len(row), dtype=bool)
    is_latest[:-1] = np.diff(row) != 0
    latest = np.flatnonzero(is_latest)
    return row[latest], latest


def _active_days(row: Ints, valid_from: Ints, valid_to: Ints, days: Ints, rows: int) -> Flags:
    edges = microseconds(day_starts(np.append(days, days[-1] + 1)))
    overlaps = (valid_from[:, np.newaxis] < edges[1:]) & (valid_to[:, np.newaxis] > edges[:-1])
    active = np.zeros((rows, len(days)), dtype=bool)
    np.logical_or.at(active, row, overlaps)
    return active


def _days(first: date, days: int, calendar: WorkingCalendar) -> BlockDays:
    is_rest = np.array([_is_rest(first + timedelta(days=n), calendar) for n in range(days)], dtype=bool)
    hours = hours_of_points(first, zone(), INTERVAL_MINUTES)
    return BlockDays(day_number(first), is_rest, hours, INTERVAL_MINUTES)


def _is_rest(day: date, calendar: WorkingCalendar) -> bool:
    """Where no notice reaches, the week decides: a like day is only a shape."""
    if calendar.valid_from <= day < calendar.valid_to:
        return not calendar.is_working_day(day)
    return day.isoweekday() > 5


def _history(conn: Connection, ids: Ints, facts: PointFacts, step: Step, ground: Ground) -> History:
    unknown = History.unknown(len(ids), step.intervals)
    if not step.history_days:
        return unknown
    days = Days(day_number(step.history_first), step.history_days, step.intervals)
    values, quality, _ = fill_days(fetch_days(conn, ids, days, Channel.IMPORT), len(ids), days)
    not_needed = np.full((len(ids), days.count + 1), -1, dtype=np.int64)
    before = DayBlock(
        values=values,
        quality=quality,
        days=_days(step.history_first, step.history_days, ground.calendar),
        points=facts,
        freezes=Freezes(not_needed, np.repeat(not_needed[:, :, np.newaxis], 5, axis=2)),
        history=unknown,
    ).without_estimates()
    p99 = like_hour_p99(before.values, before.quality, before.days.hour)
    read_days = np.count_nonzero(~before.missing.all(axis=2), axis=1)
    return replace(
        advance_history(before, ground.thresholds),
        like_hour_p99=np.where((read_days >= LEAST_HISTORY_DAYS)[:, np.newaxis], p99, 0),
        like_day=like_day_profile(before.values, before.quality, before.days.is_rest),
    )
