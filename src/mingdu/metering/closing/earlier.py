"""What is known of the days before a step: made afresh of stored curves at each close."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from mingdu.core.clock import day_number
from mingdu.core.day_block import (
    DAYS_BEFORE,
    LARGEST_DAY_WH,
    NOT_KNOWN,
    DayBlock,
    Freezes,
    History,
    PointFacts,
)
from mingdu.core.findings import Thresholds
from mingdu.core.history import (
    ClassProfile,
    advance_history,
    class_profile,
    like_day_profile,
    like_hour_p99,
)
from mingdu.core.registers import Channel
from mingdu.core.types import Bytes, Ints
from mingdu.core.working_time import WorkingCalendar
from mingdu.metering.store.columns import Connection
from mingdu.metering.store.curves import Days, fetch_days, fill_days
from mingdu.metering.store.profiles import Profile

from .days import block_days
from .hung import Hung
from .kinds import PointKinds
from .steps import Step

# With fewer days than these a percentile says nothing of how a point behaves.
LEAST_HISTORY_DAYS = 7


@dataclass(frozen=True)
class Earlier:
    """Which days a history is made of, and by what."""

    step: Step
    profile: Profile
    calendar: WorkingCalendar
    thresholds: Thresholds


def stored_days(conn: Connection, ids: Ints, days: Days, profile: Profile) -> tuple[Ints, Bytes, Ints]:
    """Return values, quality and version of the curves of one profile; what is not stored is missing."""
    stored = fetch_days(conn, ids, days, Channel.IMPORT)
    return fill_days(stored.take(stored.decimals == profile.decimals), len(ids), days)


def read_history(conn: Connection, ids: Ints, facts: PointFacts, hung: Hung, earlier: Earlier) -> History:
    """Return what the rules and fills must know of the time before a step."""
    step = earlier.step
    unknown = History.unknown(len(ids), step.intervals)
    if not step.history_days:
        return unknown
    days = Days(day_number(step.history_first), step.history_days, step.intervals)
    values, quality, version = stored_days(conn, ids, days, earlier.profile)
    before = DayBlock(
        values=values,
        quality=quality,
        days=block_days(step.history_first, step.history_days, earlier.profile, earlier.calendar),
        points=facts,
        freezes=Freezes.unread(len(ids), days.count),
        history=unknown,
    ).without_estimates()
    p99 = like_hour_p99(before.values, before.quality, before.days.hour)
    read_days = np.count_nonzero(~before.missing.all(axis=2), axis=1)
    history = advance_history(before, earlier.thresholds)
    is_stored = _padded(version, 0) > 0
    return replace(
        history,
        like_hour_p99=np.where((read_days >= LEAST_HISTORY_DAYS)[:, np.newaxis], p99, 0),
        like_day=like_day_profile(before.values, before.quality, before.days.is_rest),
        daily_wh=_with_own_multiplier(history.daily_wh, facts, hung.multipliers(before.days.numbers)),
        daily_read=np.where(is_stored, history.daily_read, NOT_KNOWN),
    )


def class_profiles(history: History, facts: PointFacts, kinds: PointKinds) -> dict[str, ClassProfile]:
    """Return the profile of each customer class, made of its points' own like days."""
    return {
        name: class_profile(history.like_day[rows], facts.factor_wh[rows])
        for name, rows in kinds.classes.items()
    }


def with_profiles(history: History, kinds: PointKinds, profiles: Mapping[str, ClassProfile]) -> History:
    """Return a history with the profile of each point's class; one of days of another length is not known."""
    shape, mean_wh = history.class_shape.copy(), history.class_mean_wh.copy()
    for name, rows in kinds.classes.items():
        profile = profiles.get(name)
        if profile is not None and profile.shape.shape[1] == shape.shape[2]:
            shape[rows], mean_wh[rows] = profile.shape, profile.mean_wh
    return replace(history, class_shape=shape, class_mean_wh=mean_wh)


def _with_own_multiplier(daily_wh: Ints, facts: PointFacts, multiplier: Ints) -> Ints:
    """Bring energies that were counted with the latest multiplier to that of their own day."""
    own = _padded(multiplier, 1)
    energy = daily_wh // facts.multiplier[:, np.newaxis] * own
    return np.where((daily_wh == NOT_KNOWN) | (energy > LARGEST_DAY_WH), NOT_KNOWN, energy)


def _padded(column: Ints, fill: int) -> Ints:
    """Put days in front of a (row, day) column until it has DAYS_BEFORE."""
    lacking = max(DAYS_BEFORE - column.shape[1], 0)
    return np.pad(column, ((0, 0), (lacking, 0)), constant_values=fill)[:, -DAYS_BEFORE:]
