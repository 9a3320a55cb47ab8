"""Curves out of sealed files, as the table's are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from mingdu.core.instants import instant64
from mingdu.core.quality import ESTIMATED, Quality
from mingdu.core.types import AnyColumn, Bytes, Flags, Ints
from mingdu.metering.readings import CurveColumns

from .latest import latest_places
from .matching import joint_keys, match_rows
from .sealed_files import read_groups
from .sealed_parts import SealedPart
from .stored_curves import Days, StoredCurves

KEY_COLUMNS = (
    "usage_point_id", "day", "channel_id", "version", "recorded_at", "interval_minutes", "decimals", "source",
    "evidence_id",
)  # fmt: skip
VALUE_COLUMNS = ("values", "quality")
_NOT_READ = (*ESTIMATED, Quality.MISSING)
_NO_VALUES = np.zeros(0, dtype=np.int32)


@dataclass(frozen=True)
class SealedCurves:
    """
    Rows of a sealed file.

    usage_point_id, day, channel, version, minutes, decimals, source, evidence_id  int64 (row,)
    recorded_at  int64 (row,)        microseconds since 1970
    begins       int64 (row + 1,)    where each row's values begin
    digits       int32 (value,)      register digits, 0 where missing
    mark_begins  int64 (row + 1,)    where each row's marks begin; a row without marks is all measured
    marks        uint8 (mark,)       Quality
    """

    usage_point_id: Ints
    day: Ints
    channel: Ints
    version: Ints
    recorded_at: Ints
    minutes: Ints
    decimals: Ints
    source: Ints
    evidence_id: Ints
    begins: Ints
    digits: AnyColumn
    mark_begins: Ints
    marks: Bytes

    def __len__(self) -> int:
        return len(self.day)

    def block(self, rows: Ints, points: int) -> tuple[Ints, Bytes]:
        """Return values and quality of rows that have so many intervals, int64 and uint8 (row, point)."""
        assert (self.begins[rows + 1] - self.begins[rows] == points).all(), "the interval says how many"
        step = np.arange(points)
        values = self.digits[self.begins[rows][:, np.newaxis] + step].astype(np.int64)
        quality = np.zeros((len(rows), points), dtype=np.uint8)
        marked = np.flatnonzero(self.is_marked[rows])
        quality[marked] = self.marks[self.mark_begins[rows[marked]][:, np.newaxis] + step]
        return values, quality

    @property
    def is_marked(self) -> Flags:
        """Tell which rows hold anything but measured values, bool (row,)."""
        marked: Flags = np.diff(self.mark_begins) > 0
        return marked

    def is_guess(self, row: int) -> bool:
        """Tell whether nothing of a row was read."""
        marks = self.marks[self.mark_begins[row] : self.mark_begins[row + 1]]
        return len(marks) > 0 and bool(np.isin(marks, _NOT_READ).all())

    def stored(self, place: Ints, row: Ints, points: int, minutes: Ints) -> StoredCurves:
        """
        Return the latest version of each place.

        place, row  int64 (pair,)   which of the asked, and a row that answers it
        minutes     int64 (asked,)  the interval in which it is asked [min]
        """
        latest = latest_places(self.version[row], place)
        place, row = place[latest], row[latest]
        is_like = self.minutes[row] == minutes[place]
        other = row[~is_like]
        values, quality = self.block(row[is_like], points)
        return StoredCurves(
            place[is_like], self.version[row[is_like]], values, quality, self.decimals[row[is_like]],
            place[~is_like], self.minutes[other], self.version[other],
            np.array([self.is_guess(each) for each in other.tolist()], dtype=bool),
        )  # fmt: skip


def sealed_curves(parts: Sequence[SealedPart], keys: CurveColumns, minutes: Ints) -> Iterator[StoredCurves]:
    """Yield what the files hold for the keys of some curves; `place` is the row of the key."""
    asked = keys.usage_point_id, keys.day, keys.channel
    for part in parts:
        ids = part.holds(keys.usage_point_id)
        rows = read_curves(part, ids, channels=(int(keys.channel.min()), int(keys.channel.max())))
        if rows is not None:
            place, row = match_rows(*joint_keys(asked, (rows.usage_point_id, rows.day, rows.channel)))
            yield rows.stored(place, row, keys.values.shape[1], minutes)


def sealed_days(
    parts: Sequence[SealedPart],
    asked: tuple[Ints, Days, Ints],
    channel: int,
    known_at: datetime | None = None,
) -> Iterator[StoredCurves]:
    """
    Yield what the files hold for some points and days; `place` is row · days + day.

    asked  int64 (point,) ids, the days, int64 (point · day,) the interval in which each is asked [min]
    """
    ids, days, minutes = asked
    for part in parts:
        rows = read_curves(part, part.holds(ids), channels=(channel, channel))
        if rows is None:
            continue
        kept = np.flatnonzero(
            (rows.channel == channel)
            & (rows.day >= days.first)
            & (rows.day < days.first + days.count)
            & is_known(rows.recorded_at, known_at)
        )
        point, row = match_rows(ids, rows.usage_point_id[kept])
        row = kept[row]
        yield rows.stored(point * days.count + rows.day[row] - days.first, row, days.points, minutes)


def read_curves(
    part: SealedPart, ids: Ints, *, channels: tuple[int, int], with_values: bool = True
) -> SealedCurves | None:
    """
    Return the row groups that can hold some points and channels; None: there is none.

    ids  int64 (point,)  rising
    """
    columns = (*KEY_COLUMNS, *VALUE_COLUMNS) if with_values else KEY_COLUMNS
    table = read_groups(part, columns, ids, {"channel_id": channels})
    return None if table is None else curves_of(table, with_values)


def curves_of(table: Any, with_values: bool = True) -> SealedCurves:
    """Take an Arrow table of curves apart."""
    begins = mark_begins = np.zeros(table.num_rows + 1, dtype=np.int64)
    digits, marks = _NO_VALUES, _NO_VALUES.astype(np.uint8)
    if with_values:
        begins, digits = _lists(table.column("values"))
        mark_begins, marks = _lists(table.column("quality"))
    return SealedCurves(
        usage_point_id=whole(table, "usage_point_id"),
        day=whole(table, "day", "int32"),
        channel=whole(table, "channel_id"),
        version=whole(table, "version"),
        recorded_at=whole(table, "recorded_at", "int64"),
        minutes=whole(table, "interval_minutes"),
        decimals=whole(table, "decimals"),
        source=whole(table, "source"),
        evidence_id=whole(table, "evidence_id"),
        begins=begins,
        digits=digits,
        mark_begins=mark_begins,
        marks=marks,
    )


def whole(table: Any, name: str, number: str = "") -> Ints:
    """Return a column as int64; `number` names the Arrow type under which days and instants are numbers."""
    column = table.column(name)
    found = (column.cast(number) if number else column).to_numpy()
    return np.asarray(found).astype(np.int64)


def is_known(recorded_at: Ints, known_at: datetime | None) -> Flags:
    """Tell which rows were recorded until an instant; None: all."""
    if known_at is None:
        return np.ones(len(recorded_at), dtype=bool)
    known: Flags = recorded_at <= instant64(known_at).astype(np.int64)
    return known


def _lists(column: Any) -> tuple[Ints, AnyColumn]:
    """Return where each row's elements begin, and the elements."""
    joined = column.combine_chunks()
    return joined.offsets.to_numpy().astype(np.int64), joined.values.to_numpy()
