"""Fetches what closing some days of a bucket needs and makes the kernels' block of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from mingdu.core.clock import day_number, hours_of_points
from mingdu.core.day_block import BlockDays, DayBlock, Freezes, History, PointFacts
from mingdu.core.findings import Thresholds
from mingdu.core.history import advance_history, like_day_profile, like_hour_p99
from mingdu.core.instants import microseconds
from mingdu.core.registers import Channel
from mingdu.core.types import Bytes, Flags, Ints
from mingdu.core.working_time import WorkingCalendar
from mingdu.metering.queries import Points, installations_between
from mingdu.metering.store.columns import Connection
from mingdu.metering.store.curves import Days, fetch_days, fill_days
from mingdu.metering.store.profiles import USUAL, Profile, Profiles, profiles_between
from mingdu.metering.zone import day_starts, midnight, zone

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

    profile  interval and decimals of all its curves
    ids      int64 (row,)      usage points
    version  int64 (row, day)  stored versions, 0 where nothing is stored
    own      bool (row, day)   the day's curve has this profile; what has another is of another block
    active   bool (row, day)   so it is, and a meter hung there at some time of the day
    """

    block: DayBlock
    profile: Profile
    ids: Ints
    version: Ints
    own: Flags
    active: Flags


def profiles_of(conn: Connection, ids: Ints, step: Step) -> Profiles:
    """Return the profiles of a step's curves, those of its history included."""
    return profiles_between(conn, ids, day_number(step.history_first), day_number(step.last) + 1)


def fetch_bucket(
    conn: Connection, found: Points, usual_step: Step, ground: Ground, part: tuple[Profiles, Profile]
) -> BucketDays | None:
    """Return the block of a bucket's points of one profile that had a meter in these days; or None."""
    profiles, profile = part
    step = usual_step.of_interval(profile.minutes)
    days = _days(step.first, step.days, profile, ground.calendar)
    cells = profiles.cells(profile, days.numbers)
    of_profile: Flags = np.any(cells, axis=1)
    found, cells = found.take(of_profile), cells[of_profile]
    span = midnight(step.first), midnight(step.last + timedelta(days=1))
    installed = installations_between(conn, found.ids, *span)
    if not len(installed):
        return None
    rows, latest = _latest_installation(installed.row)
    ids = found.ids[rows]
    finer = profile.decimals - USUAL.decimals
    facts = PointFacts(
        capacity_w=np.maximum(found.capacity_w[rows], 1),
        wh_per_digit=np.full(len(rows), profile.wh_per_digit, dtype=np.int64),
        multiplier=installed.multiplier[latest],
        digit_count=installed.digits[latest] + finer,
    )
    midnights = [midnight(step.first + timedelta(days=n)) for n in range(step.days + 1)]
    stored_days = Days(day_number(step.first), step.days, step.intervals)
    values, quality, version = _stored(conn, ids, stored_days, profile)
    freezes = read_freezes(conn, ids, midnights, installed.digits[latest])
    block = DayBlock(
        values=values,
        quality=quality,
        days=days,
        points=facts,
        freezes=freezes.finer(finer),
        history=_history(conn, ids, facts, step, ground, profile),
    )
    place = np.searchsorted(rows, installed.row)
    own = cells[rows]
    active = _active_days(place, installed.valid_from, installed.valid_to, block.days.numbers, len(rows))
    return BucketDays(block, profile, ids, version, own, active & own)


def _stored(conn: Connection, ids: Ints, days: Days, profile: Profile) -> tuple[Ints, Bytes, Ints]:
    stored = fetch_days(conn, ids, days, Channel.IMPORT)
    return fill_days(stored.take(stored.decimals == profile.decimals), len(ids), days)


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


def _days(first: date, days: int, profile: Profile, calendar: WorkingCalendar) -> BlockDays:
    is_rest = np.array([_is_rest(first + timedelta(days=n), calendar) for n in range(days)], dtype=bool)
    hours = hours_of_points(first, zone(), profile.minutes)
    return BlockDays(day_number(first), is_rest, hours, profile.minutes)


def _is_rest(day: date, calendar: WorkingCalendar) -> bool:
    """Where no notice reaches, the week decides: a like day is only a shape."""
    if calendar.valid_from <= day < calendar.valid_to:
        return not calendar.is_working_day(day)
    return day.isoweekday() > 5


def _history(
    conn: Connection, ids: Ints, facts: PointFacts, step: Step, ground: Ground, profile: Profile
) -> History:
    unknown = History.unknown(len(ids), step.intervals)
    if not step.history_days:
        return unknown
    days = Days(day_number(step.history_first), step.history_days, step.intervals)
    values, quality, _ = _stored(conn, ids, days, profile)
    not_needed = np.full((len(ids), days.count + 1), -1, dtype=np.int64)
    before = DayBlock(
        values=values,
        quality=quality,
        days=_days(step.history_first, step.history_days, profile, ground.calendar),
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
