"""
Finds the gaps that lie between freezes more than a day apart, and the days that hold each whole.

Such a gap is closed over just these days, whatever span was asked for: its energy is exact, and how a span is
cut into steps or runs does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import numpy as np

from mingdu.core.clock import day_of
from mingdu.core.day_block import NOT_READ
from mingdu.core.estimation import Fills
from mingdu.core.types import Flags, Ints
from mingdu.metering.store.columns import Connection
from mingdu.metering.zone import intervals_of, midnight

from .block import BucketDays
from .freezes import are_read
from .steps import LONGEST_GAP_DAYS, Step, step_between

# No day has this number.
_NONE = np.int64(1 << 40)


@dataclass(frozen=True)
class GapSpan:
    """
    The days between two freezes, and the points that have a gap there and no freeze between.

    ids  int64 (point,)  rising
    """

    days: Step
    ids: Ints


def gap_spans(conn: Connection, fetched: BucketDays, fills: Fills) -> list[GapSpan]:
    """
    Return the spans of the block's gaps whose day has no freeze at one of its ends.

    Gaps without a freeze on both sides, or with more than LONGEST_GAP_DAYS between the two, are not among
    them: nothing says their energy. Neither are those across a change of the clocks: a block has equal days.
    """
    total = fetched.block.freezes.total
    row, day = fills.row, fills.day
    is_open = (total[row, day] == NOT_READ) | (total[row, day + 1] == NOT_READ)
    is_open &= fetched.active[row, day]
    if not is_open.any():
        return []
    rows, place = np.unique(row[is_open], return_inverse=True)
    ids = fetched.ids[rows]
    start, end = _freezes_beside(conn, ids, place, fetched.block.days.first_day + day[is_open])
    is_known = (start != _NONE) & (end != _NONE) & (end - start <= LONGEST_GAP_DAYS)
    return _by_days(start[is_known], end[is_known], ids[place[is_known]])


def cells_of(spans: list[GapSpan], fetched: BucketDays) -> Flags:
    """Tell which days of the block lie in a span of their point, bool (row, day)."""
    numbers = fetched.block.days.numbers
    cells = np.zeros((len(fetched.ids), len(numbers)), dtype=bool)
    first_day = day_of(fetched.block.days.first_day)
    for span in spans:
        start = (span.days.first - first_day) // timedelta(days=1)
        inside = slice(max(start, 0), max(start + span.days.days, 0))
        cells[np.searchsorted(fetched.ids, span.ids), inside] = True
    return cells


def _freezes_beside(conn: Connection, ids: Ints, place: Ints, day: Ints) -> tuple[Ints, Ints]:
    """
    Return the days that begin with the latest freeze up to each day, and with the first one after it.

    place, day  int64 (entry,)  which of the points, and a day number
    returns     int64 (entry,), int64 (entry,)  day numbers, _NONE where no freeze is near enough to matter
    """
    first = int(day.min()) - LONGEST_GAP_DAYS
    number = np.arange(first, int(day.max()) + LONGEST_GAP_DAYS + 1)
    is_read = are_read(conn, ids, [midnight(day_of(int(each))) for each in number])
    before = np.maximum.accumulate(np.where(is_read, number, -_NONE), axis=1)
    after = np.minimum.accumulate(np.where(is_read, number, _NONE)[:, ::-1], axis=1)[:, ::-1]
    start, end = before[place, day - first], after[place, day - first + 1]
    return np.where(start == -_NONE, _NONE, start), end


def _by_days(start: Ints, end: Ints, ids: Ints) -> list[GapSpan]:
    """Gather the points by their days; there are few different spans, however many the points."""
    keys = np.unique(np.stack([start, end, ids], axis=1), axis=0)
    begins = np.flatnonzero(np.any(np.diff(keys[:, :2], axis=0, prepend=-1) != 0, axis=1))
    found = []
    for begin, past in pairwise([*begins.tolist(), len(keys)]):
        first, end_day = (day_of(int(number)) for number in keys[begin, :2])
        step = step_between(first, end_day, intervals_of)
        if step is not None:
            found.append(GapSpan(step, keys[begin:past, 2]))
    return found
