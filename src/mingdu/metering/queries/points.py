"""Looking at usage points, their units and codes, and what is installed at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from mingdu.base.actors import Actor
from mingdu.base.database import reading_connection
from mingdu.base.permissions import scope
from mingdu.core.types import Flags, Ints
from mingdu.metering.models import UsagePoint
from mingdu.metering.readings import UnknownUsagePoint
from mingdu.metering.store.buckets import bucket_ids, buckets_of
from mingdu.metering.store.columns import Connection, fetch_row, fetch_rows, ints

_POINTS = """
    SELECT string_agg(int8send(id), '' ORDER BY id), string_agg(int8send(unit_id), '' ORDER BY id),
           string_agg(int8send(coalesce(area_id, 0)), '' ORDER BY id),
           string_agg(int8send(capacity_w), '' ORDER BY id),
           string_agg(int8send((kind = 'area')::int::bigint), '' ORDER BY id),
           string_agg(int8send(period_registers::int::bigint), '' ORDER BY id)
    FROM metering_usagepoint
    WHERE (%s::bigint IS NULL OR id BETWEEN %s AND %s)
"""
# Open ends are sent as the largest bigint.
_INSTALLATIONS = """
    SELECT string_agg(int8send(row), ''), string_agg(int8send(meter_id), ''),
           string_agg(int8send(multiplier), ''), string_agg(int8send(digits), ''),
           string_agg(int8send(terminal_id), ''), string_agg(int8send(valid_from), ''),
           string_agg(int8send(valid_to), '')
    FROM (
        SELECT k.n - 1 AS row, i.meter_id, i.multiplier::bigint, m.digits::bigint,
               coalesce(i.terminal_id, 0) AS terminal_id,
               (extract(epoch FROM i.valid_from) * 1000000)::bigint AS valid_from,
               coalesce((extract(epoch FROM i.valid_to) * 1000000)::bigint, 9223372036854775807) AS valid_to
        FROM unnest(%s) WITH ORDINALITY AS k(usage_point_id, n)
        JOIN metering_installation i ON i.usage_point_id = k.usage_point_id
        JOIN metering_meter m ON m.id = i.meter_id
        WHERE i.valid_from < %s AND (i.valid_to IS NULL OR i.valid_to > %s)
    ) AS found
"""
_CAPACITY = """
    SELECT string_agg(int8send(k.n - 1), ''), string_agg(int8send(p.capacity_w), '')
    FROM unnest(%s) WITH ORDINALITY AS k(usage_point_id, n)
    JOIN metering_usagepoint p ON p.id = k.usage_point_id
"""
STILL_INSTALLED = np.iinfo(np.int64).max


def bucket_of(usage_point_ids: Ints) -> Ints:
    """Return the bucket of each usage point, int64; a bucket holds 2,500 consecutive ids."""
    return buckets_of(usage_point_ids)


def point_buckets() -> list[int]:
    """Return the buckets in which usage points exist, in rising order; all units."""
    return [int(bucket) for bucket in np.unique(buckets_of(points(reading_connection()).ids))]


@dataclass(frozen=True)
class Points:
    """
    Usage points in rising order of id; int64 (point,) each.

    area_ids            0 where the point is in no area
    capacity_w          contract capacity [W]
    is_area             bool (point,)  the area's check meter, not a customer
    has_periods         bool (point,)  the period registers are billed
    """

    ids: Ints
    unit_ids: Ints
    area_ids: Ints
    capacity_w: Ints
    is_area: Flags
    has_periods: Flags

    def take(self, rows: Ints | Flags) -> Points:
        """Return the chosen points."""
        return Points(
            self.ids[rows], self.unit_ids[rows], self.area_ids[rows], self.capacity_w[rows],
            self.is_area[rows], self.has_periods[rows],
        )  # fmt: skip


def points(conn: Connection, bucket: int | None = None) -> Points:
    """Return the usage points of one bucket, or all; for other subjects' mass work, not filtered by actor."""
    ids = bucket_ids(bucket) if bucket is not None else range(0)
    bounds = (ids[0], ids[0], ids[-1]) if ids else (None, None, None)
    found, units, areas, capacity_w, is_area, has_periods = map(ints, fetch_row(conn, _POINTS, bounds))
    return Points(found, units, areas, capacity_w, is_area > 0, has_periods > 0)


def ids_of_codes(conn: Connection, codes: Sequence[str]) -> dict[str, int]:
    """Return the ids of those usage point codes that exist; for mass work, not filtered by actor."""
    rows = fetch_rows(conn, "SELECT code, id FROM metering_usagepoint WHERE code = ANY(%s)", (list(codes),))
    return {str(code): int(point) for code, point in rows}


def codes_of_ids(conn: Connection, usage_point_ids: Ints) -> dict[int, str]:
    """Return the codes of usage points; for mass work, not filtered by actor."""
    return dict(
        fetch_rows(conn, "SELECT id, code FROM metering_usagepoint WHERE id = ANY(%s)", (usage_point_ids,))
    )


def usage_point_of(by: Actor, code: str) -> UsagePoint:
    """
    Return one usage point that the actor may see.

    raises  UnknownUsagePoint: none of that code, or one of a foreign unit; the two answer alike
    """
    seen = scope(by, "metering.read").unit_ids
    point = UsagePoint.objects.filter(code=code).first()
    if point is None or (seen is not None and point.unit_id not in seen):
        raise UnknownUsagePoint(f"usage point {code}", usage_point=code)
    return point


@dataclass(frozen=True)
class Installed:
    """
    Installations, one entry each, by point and time.

    row                                        int64 (entry,)  which of the asked points
    meter_id, multiplier, digits, terminal_id  int64 (entry,)  digits of a register; terminal 0: none
    valid_from, valid_to                       int64 (entry,)  microseconds since 1970; STILL_INSTALLED: open
    """

    row: Ints
    meter_id: Ints
    multiplier: Ints
    digits: Ints
    terminal_id: Ints
    valid_from: Ints
    valid_to: Ints

    def __len__(self) -> int:
        return len(self.row)

    def take(self, rows: Ints | Flags) -> Installed:
        """Return the chosen entries."""
        return Installed(
            self.row[rows], self.meter_id[rows], self.multiplier[rows], self.digits[rows],
            self.terminal_id[rows], self.valid_from[rows], self.valid_to[rows],
        )  # fmt: skip


def installations_between(
    conn: Connection, usage_point_ids: Ints, first: datetime, past_last: datetime
) -> Installed:
    """Return what was installed at any time of a half-open span; for mass work, not filtered by actor."""
    row = fetch_row(conn, _INSTALLATIONS, (usage_point_ids, past_last, first))
    entries = Installed(*(ints(column) for column in row))
    return entries.take(np.lexsort((entries.valid_from, entries.row)))


@dataclass(frozen=True)
class Installations:
    """
    What is installed at each asked point at one instant, int64 (point,); 0 where nothing is.

    digits      digits that a register shows; it wraps at 10**digits
    capacity_w  contract capacity of the point [W], whether or not a meter hangs there
    found       bool (point,)  a meter hangs there
    """

    meter_id: Ints
    multiplier: Ints
    digits: Ints
    terminal_id: Ints
    capacity_w: Ints
    found: Flags


def installations(conn: Connection, usage_point_ids: Ints, at: datetime) -> Installations:
    """Return what is installed at an instant, row for row; for mass work, not filtered by actor."""
    entries = installations_between(conn, usage_point_ids, at, at + timedelta(microseconds=1))
    columns = np.zeros((5, len(usage_point_ids)), dtype=np.int64)
    columns[:4, entries.row] = entries.meter_id, entries.multiplier, entries.digits, entries.terminal_id
    place, found_capacity_w = map(ints, fetch_row(conn, _CAPACITY, (usage_point_ids,)))
    columns[4, place] = found_capacity_w
    meter_id, multiplier, digits, terminal_id, capacity_w = columns
    return Installations(meter_id, multiplier, digits, terminal_id, capacity_w, meter_id > 0)
