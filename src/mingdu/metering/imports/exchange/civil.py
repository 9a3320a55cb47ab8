"""Times without a zone to instants: the hours that clocks leave out and those that they show twice."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from mingdu.core.instants import instant64
from mingdu.core.types import Flags, Ints, Times
from mingdu.errors import TradeError


class UnknownZone(TradeError):
    """No zone of this name."""

    next_step = (
        "name it as the zone database does: Europe/London, Asia/Shanghai, or Etc/GMT for no summer time"
    )


def zone_of(name: str) -> ZoneInfo:
    """Return a zone by its name; raises UnknownZone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise UnknownZone(f"zone {name!r}", zone=name) from error


def utc_of(civil: Times, zone: ZoneInfo, latest: np.datetime64) -> tuple[Times, Flags]:
    """
    Read civil times of one channel, in the order of the file.

    civil    datetime64[s] (value,)
    latest   instant of the channel's value before these; NaT: there is none
    returns  datetime64[us] (value,) UTC; bool (value,) True where the clocks leave the time out

    A time that the clocks show twice is the first that comes after the value before it: files whose hour
    comes twice have both, those whose hour comes once have the earlier. One that is not later than the value
    before it under either reading is a repeated stamp, and the earlier as well.
    """
    distinct, place = np.unique(civil, return_inverse=True)
    read = [_both(moment, zone) for moment in distinct.astype("datetime64[s]").tolist()]
    first = np.array([each[0] for each in read], "datetime64[us]")[place]
    second = np.array([each[1] for each in read], "datetime64[us]")[place]
    no_such = np.array([each[2] for each in read], bool)[place]
    twice: Ints = np.flatnonzero((first != second) & ~no_such)
    for at in twice.tolist():
        before = first[at - 1] if at else latest
        if not np.isnat(before) and first[at] <= before < second[at]:
            first[at] = second[at]
    return first, no_such


def _both(civil: datetime, zone: ZoneInfo) -> tuple[np.datetime64, np.datetime64, bool]:
    """Both readings of a civil time, and whether the clocks leave it out."""
    first, second = (civil.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    is_left_out = first.astimezone(zone).replace(tzinfo=None) != civil
    return instant64(first), instant64(second), is_left_out
