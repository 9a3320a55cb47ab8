"""Which months the bulk tables are laid out for, and which points, meters and closed days rows belong to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from mingdu.core.clock import day_number
from mingdu.core.instants import microseconds
from mingdu.core.types import Flags, Ints, Times

from .buckets import buckets_of
from .columns import INSTANT, Connection, fetch_row, ints, run

_MONTHS = """
    SELECT min(right(relid::regclass::text, 6)), max(right(relid::regclass::text, 6))
    FROM pg_partition_tree('metering_curve') WHERE isleaf
"""
_POINTS = """
    SELECT string_agg(int8send(id), '' ORDER BY id), string_agg(int8send(unit_id), '' ORDER BY id)
    FROM metering_usagepoint WHERE id = ANY(%s)
"""
_INSTALLED = f"""
    SELECT string_agg(int8send(k.n - 1), ''), string_agg(int8send(i.meter_id), ''),
           string_agg(int8send(m.digits), '')
    FROM unnest(%s, %s, %s) WITH ORDINALITY AS k(usage_point_id, meter_id, read_at, n)
    JOIN metering_installation i ON i.usage_point_id = k.usage_point_id
    JOIN metering_meter m ON m.id = i.meter_id
    WHERE i.valid_from <= {INSTANT.format("k.read_at")}
      AND CASE WHEN k.meter_id = 0
          THEN i.valid_to IS NULL OR {INSTANT.format("k.read_at")} < i.valid_to
          ELSE i.meter_id = k.meter_id AND (i.valid_to IS NULL OR {INSTANT.format("k.read_at")} <= i.valid_to)
          END
"""
_CLOSED = """
    SELECT string_agg(int8send((day - date '1970-01-01')::bigint), ''), string_agg(int8send(bucket), '')
    FROM metering_dayclosing
    WHERE bucket = ANY(%s) AND day BETWEEN date '1970-01-01' + %s::int AND date '1970-01-01' + %s::int
"""


@dataclass(frozen=True)
class Months:
    """The span of months that have partitions, as day numbers; `past_last` is outside."""

    first: int
    past_last: int

    def hold(self, days: Ints) -> Flags:
        """Tell which days have a place, bool (row,)."""
        held: Flags = (days >= self.first) & (days < self.past_last)
        return held


def laid_out_months(conn: Connection) -> Months:
    """Return the months that can be written."""
    first, latest = fetch_row(conn, _MONTHS, ())
    after = _month(latest) + np.timedelta64(1, "M")
    return Months(_first_day(_month(first)), _first_day(after))


def lay_out_months(conn: Connection, first_month: date, months: int) -> None:
    """Make partitions; months that have theirs stay as they are."""
    run(conn, "SELECT metering_make_partitions(%s, %s)", (first_month.replace(day=1), months))


@dataclass(frozen=True)
class KnownPoints:
    """Usage points that exist, in rising order of id: id and unit, int64 (point,) each."""

    ids: Ints
    unit_ids: Ints

    def hold(self, usage_point_ids: Ints) -> Flags:
        """Tell which ids are among them, bool (row,)."""
        return np.isin(usage_point_ids, self.ids)

    def units_of(self, usage_point_ids: Ints) -> Ints:
        """Return the unit of each known point, int64 (row,)."""
        units: Ints = self.unit_ids[np.searchsorted(self.ids, usage_point_ids)]
        return units

    def within(self, unit_ids: frozenset[int] | None) -> KnownPoints:
        """Return those of some units; None keeps all."""
        if unit_ids is None:
            return self
        seen = np.isin(self.unit_ids, list(unit_ids))
        return KnownPoints(self.ids[seen], self.unit_ids[seen])


def known_points(conn: Connection, usage_point_ids: Ints) -> KnownPoints:
    """Return which of these points exist."""
    ids, units = fetch_row(conn, _POINTS, (np.unique(usage_point_ids),))
    return KnownPoints(ints(ids), ints(units))


def installed_meters(
    conn: Connection, usage_point_ids: Ints, meter_ids: Ints, read_at: Times
) -> tuple[Ints, Ints]:
    """
    Return the meter of each reading and the digits it shows; 0 where none was installed then.

    meter_ids   int64 (row,)  0: the one installed at that time; else this one, its last instant included
    returns     int64 (row,) meter, int64 (row,) digits
    """
    meters, digits = np.zeros((2, len(usage_point_ids)), dtype=np.int64)
    if len(usage_point_ids):
        parameters = usage_point_ids, meter_ids, microseconds(read_at)
        place, found, shown = map(ints, fetch_row(conn, _INSTALLED, parameters))
        meters[place], digits[place] = found, shown
    return meters, digits


def closed_days(conn: Connection, usage_point_ids: Ints, days: Ints) -> Flags:
    """Tell which rows lie on a day that is closed for their bucket, bool (row,)."""
    if not len(days):
        return np.zeros(0, dtype=bool)
    buckets = buckets_of(usage_point_ids)
    row = fetch_row(conn, _CLOSED, (np.unique(buckets), int(days.min()), int(days.max())))
    day, bucket = ints(row[0]), ints(row[1])
    # Day numbers stay far below this, so one number holds both.
    wide = np.int64(1 << 24)
    closed: Flags = np.isin(buckets * wide + days, bucket * wide + day)
    return closed


def _month(text: str) -> np.datetime64:
    return np.datetime64(f"{text[:4]}-{text[4:]}", "M")


def _first_day(month: np.datetime64) -> int:
    return day_number(date.fromisoformat(str(month.astype("datetime64[D]"))))
