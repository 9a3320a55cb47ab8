"""Fetches what closing some days of a bucket needs and makes the kernels' block of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from mingdu.core.clock import day_number
from mingdu.core.day_block import DayBlock, PointFacts
from mingdu.core.findings import Thresholds
from mingdu.core.history import ClassProfile
from mingdu.core.types import Flags, Ints
from mingdu.core.working_time import WorkingCalendar
from mingdu.metering.queries import Points
from mingdu.metering.queries.points import Installed
from mingdu.metering.store.columns import Connection
from mingdu.metering.store.curves import Days
from mingdu.metering.store.profiles import USUAL, Profile, Profiles, profiles_between
from mingdu.metering.zone import midnight
from mingdu.rulebook.validation import ValidationRules

from .days import block_days
from .earlier import Earlier, class_profiles, read_history, stored_days, with_profiles
from .freezes import read_freezes
from .hung import Hung
from .kinds import point_kinds
from .steps import Step


@dataclass(frozen=True)
class Ground:
    """
    What all steps of a run share.

    profiles  of the customer classes, where they are known from the whole bucket already
    """

    rules: ValidationRules
    calendar: WorkingCalendar
    profiles: Mapping[str, ClassProfile] | None = None


@dataclass(frozen=True)
class BucketDays:
    """
    A block with what is needed to judge it and to write its results.

    thresholds  of the kinds that its points name
    profiles    of their customer classes
    installed   meters of its points since the first day of its history, by row of the block
    area        int64 (row,)      areas of the points; 0 for none, and for the area's own check meter
    profile     interval and decimals of all its curves
    ids         int64 (row,)      usage points
    version     int64 (row, day)  stored versions, 0 where nothing is stored
    own         bool (row, day)   the day's curve has this profile; what has another is of another block
    active      bool (row, day)   so it is, and a meter hung there at some time of the day
    """

    block: DayBlock
    thresholds: Thresholds
    profiles: Mapping[str, ClassProfile]
    installed: Installed
    area: Ints
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
    days = block_days(step.first, step.days, profile, ground.calendar)
    cells = profiles.cells(profile, days.numbers)
    of_profile: Flags = np.any(cells, axis=1)
    found, cells = found.take(of_profile), cells[of_profile]
    hung = Hung.of(conn, found.ids, step)
    if not len(hung.rows):
        return None
    found, own = found.take(hung.rows), cells[hung.rows]
    kinds = point_kinds(conn, found.ids, hung.latest.meter_id)
    thresholds = ground.rules.thresholds(kinds.distinct)
    finer = profile.decimals - USUAL.decimals
    facts = PointFacts(
        capacity_w=np.maximum(found.capacity_w, 1),
        wh_per_digit=np.full(len(found.ids), profile.wh_per_digit, dtype=np.int64),
        multiplier=hung.latest.multiplier,
        digit_count=hung.latest.digits + finer,
        kind=kinds.kind,
        is_off=kinds.is_off,
    )
    midnights = [midnight(step.first + timedelta(days=n)) for n in range(step.days + 1)]
    wanted = Days(days.first_day, step.days, step.intervals)
    values, quality, version = stored_days(conn, found.ids, wanted, profile)
    freezes = read_freezes(conn, found.ids, midnights, hung.latest.digits)
    earlier = Earlier(step, profile, ground.calendar, thresholds)
    history = read_history(conn, found.ids, facts, hung, earlier)
    classes = ground.profiles
    if classes is None:
        classes = class_profiles(history, facts, kinds)
    history = with_profiles(history, kinds, classes)
    block = DayBlock(values, quality, days, facts, freezes.finer(finer), history)
    active = hung.active(block.days.numbers) & own
    area = np.where(found.is_area, 0, found.area_ids)
    return BucketDays(
        block, thresholds, classes, hung.installed, area, profile, found.ids, version, own, active
    )
