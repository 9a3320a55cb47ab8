"""Keeps what was filled in, with its method and how far it may be wrong."""

from __future__ import annotations

import numpy as np

from mingdu.core.estimation import Fills
from mingdu.core.types import Flags
from mingdu.metering.store.columns import Connection, fetch_rows, run

from .block import BucketDays

_STORED = """
    SELECT id, usage_point_id, day - date '1970-01-01', first_interval, latest_interval, interval_minutes,
           method, anchor, energy_wh, low_wh, high_wh
    FROM metering_estimate
    WHERE usage_point_id BETWEEN %s AND %s
      AND day >= date '1970-01-01' + %s::int AND day <= date '1970-01-01' + %s::int
"""
_DELETE = "DELETE FROM metering_estimate WHERE id = ANY(%s)"
_INSERT = """
    INSERT INTO metering_estimate (usage_point_id, day, first_interval, latest_interval, interval_minutes,
                                   method, anchor, energy_wh, low_wh, high_wh)
    SELECT point, date '1970-01-01' + day::int, first, latest, minutes, method, anchor, energy, low, high
    FROM unnest(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        AS k(point, day, first, latest, minutes, method, anchor, energy, low, high)
"""


def write_estimates(conn: Connection, fetched: BucketDays, fills: Fills) -> None:
    """Bring the estimates of a block's active days to what was filled in; what is as stored stays."""
    days = fetched.block.days.numbers
    span = int(fetched.ids[0]), int(fetched.ids[-1]), int(days[0]), int(days[-1])
    made = set(_rows(fetched, fills))
    stored = {tuple(row[1:]): int(row[0]) for row in fetch_rows(conn, _STORED, span)}
    gone = [pk for row, pk in stored.items() if row not in made and _is_active(fetched, row)]
    if gone:
        run(conn, _DELETE, (np.array(gone, dtype=np.int64),))
    new = sorted(made - stored.keys())
    if new:
        run(conn, _INSERT, tuple(np.array(column, dtype=np.int64) for column in zip(*new, strict=True)))


def _rows(fetched: BucketDays, fills: Fills) -> list[tuple[int, ...]]:
    chosen: Flags = fetched.active[fills.row, fills.day]
    row, day = fills.row[chosen], fills.day[chosen]
    factor = fetched.block.points.factor_wh[row]
    columns = (
        fetched.ids[row], day + fetched.block.days.first_day, fills.first[chosen], fills.last[chosen],
        np.full(len(row), fetched.profile.minutes), fills.method[chosen], fills.anchor[chosen],
        fills.energy_digits[chosen] * factor, fills.low_digits[chosen] * factor,
        fills.high_digits[chosen] * factor,
    )  # fmt: skip
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _is_active(fetched: BucketDays, row: tuple[int, ...]) -> bool:
    """Tell whether a stored estimate is of this block: another profile's, or an open day's, is not."""
    place = int(np.searchsorted(fetched.ids, row[0]))
    is_here = place < len(fetched.ids) and int(fetched.ids[place]) == row[0]
    return is_here and bool(fetched.active[place, row[1] - fetched.block.days.first_day])
