"""Whole rows of curves: out of the table, into a file, out of the file, back into the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np

from mingdu.base.database import cursor
from mingdu.core import copy_rows
from mingdu.core.curves import pack_curves, unpack_curves
from mingdu.core.registers import CHANNEL_SCALE, Channel
from mingdu.core.types import Bytes, Ints
from mingdu.metering.store.buckets import bucket_ids
from mingdu.metering.store.columns import Connection, copy_in, cut, fetch_row, ints, small_ints
from mingdu.metering.store.sealed_curves import curves_of
from mingdu.metering.store.sealed_files import arrow
from mingdu.metering.store.sealed_parts import next_month
from mingdu.metering.zone import day_minutes

from .rows import Names, hash_numbers

# The key first; rows are sorted by it.
NUMBERS: Final = (
    "usage_point_id", "day", "version", "channel", "source", "evidence_id", "recorded_at", "minutes",
    "decimals",
)  # fmt: skip
_KEY_LENGTH = 3
_ROWS = """
    SELECT string_agg(int8send(usage_point_id), ''),
           string_agg(int8send((day - date '1970-01-01')::bigint), ''),
           string_agg(int2send(version), ''), string_agg(int2send(channel), ''),
           string_agg(int2send(source), ''), string_agg(int8send(evidence_id), ''),
           string_agg(int8send((extract(epoch FROM recorded_at) * 1000000)::bigint), ''),
           string_agg(int2send(interval_minutes), ''), string_agg(int2send(decimals), ''),
           string_agg(digits, ''), string_agg(int8send(length(digits)), ''),
           string_agg(quality, ''), string_agg(int8send(coalesce(length(quality), -1)), '')
    FROM metering_curve
    WHERE day >= %s AND day < %s AND usage_point_id BETWEEN %s AND %s AND channel = %s
"""
_CHANNELS = """
    SELECT array_agg(DISTINCT channel) FROM metering_curve
    WHERE day >= %s AND day < %s AND usage_point_id BETWEEN %s AND %s
"""
_DELETE = "DELETE FROM metering_curve WHERE day >= %s AND day < %s AND usage_point_id BETWEEN %s AND %s"
_TABLE = (
    "metering_curve (day, usage_point_id, channel, version, source, evidence_id, recorded_at, digits,"
    " quality, interval_minutes, decimals)"
)
_WIDE = {"usage_point_id", "day", "evidence_id", "recorded_at"}


@dataclass(frozen=True)
class CurveRows:
    """
    Rows of one channel.

    numbers          int64 (row,) each, by the names of NUMBERS; recorded_at in microseconds since 1970
    digits, quality  packed, as the table holds them
    """

    numbers: Mapping[str, Ints]
    digits: Sequence[bytes]
    quality: Sequence[bytes | None]

    def __len__(self) -> int:
        return len(self.digits)

    @property
    def readings(self) -> int:
        """Count the intervals of the rows."""
        return int(self.points.sum())

    @property
    def points(self) -> Ints:
        """Return how many intervals each row has, int64 (row,)."""
        points: Ints = day_minutes(self.numbers["day"]) // self.numbers["minutes"]
        return points

    def digest(self) -> bytes:
        """Hash the rows as the table holds them."""
        lengths = np.fromiter(map(len, self.digits), dtype=np.int64, count=len(self))
        marks = (-1 if runs is None else len(runs) for runs in self.quality)
        mark_lengths = np.fromiter(marks, dtype=np.int64, count=len(self))
        digest = hash_numbers({**self.numbers, "digits": lengths, "quality": mark_lengths})
        digest.update(b"".join(self.digits))
        digest.update(b"".join(runs or b"" for runs in self.quality))
        return bytes(digest.digest())

    def joined(self, other: CurveRows) -> CurveRows:
        """Return the rows of both, sorted."""
        numbers = {name: np.concatenate([self.numbers[name], other.numbers[name]]) for name in NUMBERS}
        return _sorted(numbers, [*self.digits, *other.digits], [*self.quality, *other.quality])

    def table(self, names: Names) -> Any:
        """Return the rows as an Arrow table; values and quality are lists, one element an interval."""
        pa, numbers = arrow(), self.numbers
        begins = np.concatenate([[0], np.cumsum(self.points)])
        values, marks = self._unpacked(begins)
        marked = np.array([runs is not None for runs in self.quality], dtype=bool)
        mark_begins = np.concatenate([[0], np.cumsum(np.where(marked, self.points, 0))])
        kept = marks[np.repeat(marked, self.points)]
        channels = [_channel_name(number) for number in numbers["channel"].tolist()]
        return pa.table(
            {
                "usage_point": pa.array([names.points[each] for each in numbers["usage_point_id"].tolist()]),
                "usage_point_id": pa.array(numbers["usage_point_id"]),
                "day": pa.array(numbers["day"].astype(np.int32)).cast(pa.date32()),
                "channel": pa.array([name for name, _ in channels]),
                "channel_id": pa.array(numbers["channel"].astype(np.int16)),
                "unit": pa.array([unit for _, unit in channels]),
                "decimals": pa.array(numbers["decimals"].astype(np.int16)),
                "interval_minutes": pa.array(numbers["minutes"].astype(np.int16)),
                "version": pa.array(numbers["version"].astype(np.int16)),
                "source": pa.array(numbers["source"].astype(np.int16)),
                "evidence_id": pa.array(numbers["evidence_id"]),
                "recorded_at": pa.array(numbers["recorded_at"]).cast(pa.timestamp("us", "UTC")),
                "values": pa.ListArray.from_arrays(pa.array(begins.astype(np.int32)), pa.array(values)),
                "quality": pa.ListArray.from_arrays(
                    pa.array(mark_begins.astype(np.int32)), pa.array(kept), mask=pa.array(~marked)
                ),
            }
        )

    def _unpacked(self, begins: Ints) -> tuple[Ints, Bytes]:
        """Return all values, int32 (value,), and all marks, uint8 (value,), row after row."""
        values, marks = np.zeros(begins[-1], dtype=np.int32), np.zeros(begins[-1], dtype=np.uint8)
        for points in np.unique(self.points).tolist():
            rows = np.flatnonzero(self.points == points)
            chosen = rows.tolist()
            unpacked = unpack_curves(
                [self.digits[row] for row in chosen], [self.quality[row] for row in chosen], points
            )
            places = begins[rows][:, np.newaxis] + np.arange(points)
            values[places], marks[places] = unpacked
        return values, marks


def hot_curves(conn: Connection, bucket: int, month: date) -> dict[int, CurveRows]:
    """Return the table's rows of a bucket's month, by channel."""
    span = _span(bucket, month)
    channels = fetch_row(conn, _CHANNELS, span)[0] or []
    return {channel: _fetched(fetch_row(conn, _ROWS, (*span, channel))) for channel in channels}


def remove_curves(conn: Connection, bucket: int, month: date) -> int:
    """Take a bucket's month out of the table; returns how many rows went."""
    with cursor(conn) as opened:
        return opened.execute(_DELETE, _span(bucket, month), prepare=False).rowcount


def write_back(conn: Connection, rows: CurveRows) -> None:
    """Write rows into the table as they were."""
    numbers = rows.numbers
    copy_in(
        conn,
        _TABLE,
        [
            copy_rows.date(numbers["day"]),
            copy_rows.int64(numbers["usage_point_id"]),
            copy_rows.int16(numbers["channel"]),
            copy_rows.int16(numbers["version"]),
            copy_rows.int16(numbers["source"]),
            copy_rows.int64(numbers["evidence_id"]),
            copy_rows.timestamptz(numbers["recorded_at"].astype("datetime64[us]")),
            copy_rows.bytea(rows.digits),
            copy_rows.bytea(rows.quality),
            copy_rows.int16(numbers["minutes"]),
            copy_rows.int16(numbers["decimals"]),
        ],
    )


def curve_rows(table: Any) -> CurveRows:
    """Take an Arrow table of one channel back into rows, packed as the table of the database holds them."""
    found = curves_of(table)
    numbers = {
        "usage_point_id": found.usage_point_id, "day": found.day, "version": found.version,
        "channel": found.channel, "source": found.source, "evidence_id": found.evidence_id,
        "recorded_at": found.recorded_at, "minutes": found.minutes, "decimals": found.decimals,
    }  # fmt: skip
    digits: list[bytes] = [b""] * len(found)
    quality: list[bytes | None] = [None] * len(found)
    points = np.diff(found.begins)
    for count in np.unique(points).tolist():
        rows = np.flatnonzero(points == count)
        for row, packed, runs in zip(rows.tolist(), *pack_curves(*found.block(rows, count)), strict=True):
            digits[row], quality[row] = packed, runs
    return CurveRows(numbers, digits, quality)


def _fetched(row: tuple[Any, ...]) -> CurveRows:
    numbers = {
        name: (ints if name in _WIDE else small_ints)(column)
        for name, column in zip(NUMBERS, row[: len(NUMBERS)], strict=True)
    }
    digits, digit_lengths, quality, mark_lengths = row[len(NUMBERS) :]
    lengths = ints(mark_lengths)
    runs = cut(quality, np.maximum(lengths, 0))
    marks = [None if length < 0 else run for run, length in zip(runs, lengths.tolist(), strict=True)]
    return _sorted(numbers, cut(digits, ints(digit_lengths)), marks)


def _sorted(
    numbers: Mapping[str, Ints], digits: Sequence[bytes], quality: Sequence[bytes | None]
) -> CurveRows:
    order = np.lexsort([numbers[name] for name in reversed(NUMBERS[:_KEY_LENGTH])])
    places = order.tolist()
    return CurveRows(
        {name: column[order] for name, column in numbers.items()},
        [digits[place] for place in places],
        [quality[place] for place in places],
    )


def _span(bucket: int, month: date) -> tuple[date, date, int, int]:
    ids = bucket_ids(bucket)
    return month, next_month(month), ids[0], ids[-1]


def _channel_name(number: int) -> tuple[str, str]:
    channel = Channel(number)
    return channel.name, CHANNEL_SCALE[channel].unit
