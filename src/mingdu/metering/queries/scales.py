"""With how many decimals the energy curves of points are stored, and what multiplied their meters' values."""

from __future__ import annotations

from typing import Final

import numpy as np

from mingdu.core.instants import aware, microseconds
from mingdu.core.types import Ints, Times
from mingdu.metering.store.columns import Connection
from mingdu.metering.store.profiles import latest_decimals

from .points import installations_between

# A point that has not been read for longer starts afresh.
NEAR_DAYS: Final = 62


def decimals_near(
    conn: Connection, usage_point_ids: Ints, channel: int, days: tuple[int, int]
) -> dict[int, int]:
    """
    Return the decimals of the latest stored curve of each point around some days; not filtered by actor.

    days     first and past-the-end day number; NEAR_DAYS before and behind are looked at as well
    returns  by usage point; those without a curve are not in it
    """
    points = np.unique(usage_point_ids)
    return latest_decimals(conn, points, channel, days[0] - NEAR_DAYS, days[1] + NEAR_DAYS)


def multipliers_at(conn: Connection, usage_point_ids: Ints, instants: Times) -> Ints:
    """Return what multiplied each value, int64 (value,): 1 where no meter hung; not filtered by actor."""
    multipliers = np.ones(len(usage_point_ids), dtype=np.int64)
    if not len(usage_point_ids):
        return multipliers
    points, moments = np.unique(usage_point_ids), microseconds(instants)
    span = aware(instants.min()), aware(instants.max() + np.timedelta64(1, "us"))
    hung = installations_between(conn, points, *span)
    for entry in np.flatnonzero(hung.multiplier != 1).tolist():
        here = usage_point_ids == points[hung.row[entry]]
        here &= (moments >= hung.valid_from[entry]) & (moments < hung.valid_to[entry])
        multipliers[here] = hung.multiplier[entry]
    return multipliers
