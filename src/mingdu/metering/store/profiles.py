"""In which interval and with how many decimals a point's energy curves are stored (负荷曲线方案)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from mingdu.core.registers import Channel
from mingdu.core.types import Flags, Ints

from .columns import Connection, fetch_row, ints, small_ints
from .sealed_curves import read_curves
from .sealed_parts import SEALED, Part, SealedPart, parts_of, wanted_days


class Profile(NamedTuple):
    """Interval [min] and digits behind the point of a kilowatt-hour."""

    minutes: int
    decimals: int

    @property
    def wh_per_digit(self) -> int:
        """Energy of one digit [Wh]."""
        return wh_per_digit(self.decimals)


def wh_per_digit(decimals: int) -> int:
    """Return the energy of one digit of an energy curve [Wh]."""
    return int(10 ** (MOST_DECIMALS - decimals))


# 0.001 kWh is one Wh; coarser than 0.01 kWh is brought to that when it comes in.
LEAST_DECIMALS, MOST_DECIMALS = 2, 3
USUAL: Final = Profile(15, LEAST_DECIMALS)

_DAY = "(date '1970-01-01' + %s::int)"
_PACKED = f"""
    SELECT {SEALED}, string_agg(int8send(usage_point_id), ''),
           string_agg(int8send((day - date '1970-01-01')::bigint), ''),
           string_agg(int2send(interval_minutes), ''), string_agg(int2send(decimals), '')
    FROM metering_curve
"""
# The first condition is that of the index of unusual rows.
_UNUSUAL = f"""{_PACKED}
    WHERE channel <= 2 AND (interval_minutes <> 15 OR decimals <> 2)
      AND channel = %s AND usage_point_id = ANY(%s) AND day >= {_DAY} AND day < {_DAY}"""
_ALL = f"""{_PACKED}
    WHERE channel = %s AND usage_point_id = ANY(%s) AND day >= {_DAY} AND day < {_DAY}"""

_LATEST = f"""
    SELECT {SEALED}, string_agg(int8send(usage_point_id), ''),
           string_agg(int8send((day - date '1970-01-01')::bigint), ''), string_agg(int2send(version), ''),
           string_agg(int2send(decimals), '')
    FROM (
        SELECT DISTINCT ON (usage_point_id) usage_point_id, day, version, decimals FROM metering_curve
        WHERE channel = %s AND usage_point_id = ANY(%s) AND day >= {_DAY} AND day < {_DAY}
        ORDER BY usage_point_id, day DESC, version DESC
    ) AS latest
"""


@dataclass(frozen=True)
class Profiles:
    """
    The profiles of some points in some days.

    ids                          int64 (point,)
    point, day                   int64 (row,)    stored days of the points that have any unusual one
    minutes, decimals            int64 (row,)    their profiles
    main_minutes, main_decimals  int64 (point,)  of the latest day that is stored
    """

    ids: Ints
    point: Ints
    day: Ints
    minutes: Ints
    decimals: Ints
    main_minutes: Ints
    main_decimals: Ints

    @property
    def distinct(self) -> list[Profile]:
        """Return every profile that occurs."""
        main = np.stack([self.main_minutes, self.main_decimals], axis=1)
        stored = np.stack([self.minutes, self.decimals], axis=1)
        return [Profile(*pair) for pair in np.unique(np.concatenate([main, stored]), axis=0).tolist()]

    def cells(self, profile: Profile, days: Ints) -> Flags:
        """
        Tell which days of the points belong to a profile: stored in it, or not stored and it is the main one.

        days     int64 (day,)  consecutive day numbers
        returns  bool (point, day)
        """
        is_main = (self.main_minutes == profile.minutes) & (self.main_decimals == profile.decimals)
        cells = np.repeat(is_main[:, np.newaxis], len(days), axis=1)
        inside = (self.day >= days[0]) & (self.day <= days[-1])
        row = np.searchsorted(self.ids, self.point[inside])
        is_own = (self.minutes[inside] == profile.minutes) & (self.decimals[inside] == profile.decimals)
        cells[row, self.day[inside] - days[0]] = is_own
        return cells


def profiles_between(
    conn: Connection, ids: Ints, first_day: int, past_day: int, channel: Channel = Channel.IMPORT
) -> Profiles:
    """
    Return the profiles of points in the days first_day ≤ day < past_day (day numbers).

    ids      int64 (point,)  sorted
    """
    asked = *wanted_days((first_day, past_day - 1), ids), int(channel)
    parts, unusual = _stored(conn, _UNUSUAL, (*asked, ids, first_day, past_day))
    sealed = _sealed(parts, ids, int(channel), (first_day, past_day))
    few = np.unique(np.concatenate([unusual[0], sealed[0][_is_unusual(sealed)]]))
    stored = _NOTHING
    if len(few):
        stored = np.concatenate(
            [_stored(conn, _ALL, (*asked, few, first_day, past_day))[1], sealed[:, np.isin(sealed[0], few)]],
            axis=1,
        )
    point, day, minutes, decimals = stored
    main = np.tile(np.array(USUAL, dtype=np.int64)[:, np.newaxis], len(ids))
    # Written last, the latest day of each point stands.
    order = np.argsort(day, kind="stable")
    main[:, np.searchsorted(ids, point[order])] = minutes[order], decimals[order]
    return Profiles(ids, point, day, minutes, decimals, main[0], main[1])


def latest_decimals(
    conn: Connection, ids: Ints, channel: int, first_day: int, past_day: int
) -> dict[int, int]:
    """
    Return the decimals of the latest stored curve of each point in the days first_day ≤ day < past_day.

    ids      int64 (point,)  sorted
    returns  by usage point; those without a curve are not in it
    """
    asked = *wanted_days((first_day, past_day - 1), ids), channel, ids, first_day, past_day
    sealed, point, day, version, decimals = fetch_row(conn, _LATEST, asked)
    found = [np.stack([ints(point), ints(day), small_ints(version), small_ints(decimals)])]
    for part in parts_of(Part.CURVES, sealed):
        rows = read_curves(part, part.holds(ids), channels=(channel, channel), with_values=False)
        if rows is not None:
            inside = (rows.channel == channel) & np.isin(rows.usage_point_id, ids)
            inside &= (rows.day >= first_day) & (rows.day < past_day)
            found.append(np.stack([rows.usage_point_id, rows.day, rows.version, rows.decimals])[:, inside])
    point, day, version, decimals = np.concatenate(found, axis=1)
    order = np.lexsort((version, day))
    # Written last, the latest stands.
    return dict(zip(point[order].tolist(), decimals[order].tolist(), strict=True))


_NOTHING = np.zeros((4, 0), dtype=np.int64)


def _stored(
    conn: Connection, statement: str, parameters: tuple[object, ...]
) -> tuple[list[SealedPart], Ints]:
    """Return the files that hold more, and point, day, minutes and decimals of the rows, int64 (4, row)."""
    sealed, point, day, minutes, decimals = fetch_row(conn, statement, parameters)
    columns = ints(point), ints(day), small_ints(minutes), small_ints(decimals)
    return parts_of(Part.CURVES, sealed), np.stack(columns)


def _sealed(parts: list[SealedPart], ids: Ints, channel: int, span: tuple[int, int]) -> Ints:
    """Return the same of the rows in the files."""
    found = [_NOTHING]
    for part in parts:
        rows = read_curves(part, part.holds(ids), channels=(channel, channel), with_values=False)
        if rows is None:
            continue
        asked = (rows.channel == channel) & np.isin(rows.usage_point_id, ids)
        asked &= (rows.day >= span[0]) & (rows.day < span[1])
        found.append(np.stack([rows.usage_point_id, rows.day, rows.minutes, rows.decimals])[:, asked])
    return np.concatenate(found, axis=1)


def _is_unusual(stored: Ints) -> Flags:
    unusual: Flags = (stored[2] != USUAL.minutes) | (stored[3] != USUAL.decimals)
    return unusual
