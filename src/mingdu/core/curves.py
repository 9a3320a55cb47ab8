"""
The packed curve (负荷曲线): one row a day, one header byte, whole register digits in as few bytes as fit.

Header: the low seven bits are the width of a value, 0, 1, 2 or 4 bytes; the high bit says signed.
Values follow, little-endian. Width 0 means that every value is 0. A missing value is 0 with quality
MISSING. Quality is None when all values are measured, else runs of three bytes: mark, then how many
intervals it holds as an unsigned little-endian 16-bit number. Only the shortest form is written.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mingdu.core.quality import ESTIMATED, Quality
from mingdu.core.types import AnyColumn, Bytes, Flags, Ints
from mingdu.errors import TradeError

SIGNED = 0x80
WIDTHS = (0, 1, 2, 4)
LONGEST_DAY = 25 * 60
DIGITS_MIN, DIGITS_MAX = -(2**31), 2**31 - 1

_RUN = np.dtype([("mark", "u1"), ("intervals", "<u2")])
_WORST_MARK = max(Quality)
_NOT_READ = frozenset({*map(int, ESTIMATED), int(Quality.MISSING)})


class CurveOutOfRange(TradeError):
    """A value that four bytes cannot hold."""

    next_step = "check the channel's scale: a curve holds register digits, not Wh"


class MissingHasValue(TradeError):
    """A missing interval that carries a value; missing is 0."""


class BadCurve(TradeError):
    """Packed bytes whose header or length is impossible."""

    next_step = "the stored row is damaged: read the day again from its evidence"


class BadQuality(TradeError):
    """Quality marks that are unknown, or runs that do not fill the day."""

    next_step = "the stored row is damaged: read the day again from its evidence"


class BadCurveShape(TradeError):
    """Columns whose shapes do not belong together."""


def pack_curves(values: Ints, quality: Bytes) -> tuple[list[bytes], list[bytes | None]]:
    """
    Pack one day of each row.

    values   int64 (row, point)  register digits, 0 where missing
    quality  uint8 (row, point)  Quality
    returns  packed values and packed quality (None: all measured), one a row
    raises   CurveOutOfRange, MissingHasValue, BadQuality, BadCurveShape
    """
    if values.ndim != 2 or values.shape != quality.shape or not 0 < values.shape[1] <= LONGEST_DAY:
        raise BadCurveShape(f"values {values.shape} and quality {quality.shape} must both be (row, point)")
    if not values.shape[0]:
        return [], []
    headers = _headers(values)
    marked = _marked_rows(values, quality)
    packed: list[bytes] = [b""] * len(values)
    for header in np.unique(headers):
        rows = np.flatnonzero(headers == header)
        block = values if len(rows) == len(values) else values[rows]
        for row, packed_row in zip(rows.tolist(), _pack_like_rows(block, int(header)), strict=True):
            packed[row] = packed_row
    return packed, _pack_quality(quality, marked)


def unpack_curves(
    packed: Sequence[bytes], quality: Sequence[bytes | None], points: int
) -> tuple[Ints, Bytes]:
    """
    Unpack one day of each row; all rows have the same number of intervals.

    packed   values as written by `pack_curves`
    quality  runs, or None where all is measured
    points   intervals of the day
    returns  int64 (row, point) register digits; uint8 (row, point) Quality
    raises   BadCurve, BadQuality, BadCurveShape, MissingHasValue
    """
    if len(packed) != len(quality) or not 0 < points <= LONGEST_DAY:
        raise BadCurveShape(f"{len(packed)} curves, {len(quality)} qualities, {points} intervals a day")
    values = np.zeros((len(packed), points), dtype=np.int64)
    lengths = np.fromiter(map(len, packed), dtype=np.int64, count=len(packed))
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        _unpack_like_rows(values, rows, [packed[row] for row in rows.tolist()])
    marks = _unpack_quality(quality, points)
    _marked_rows(values, marks)
    return values, marks


def is_guess(quality: bytes | None) -> bool:
    """Tell whether a packed day holds nothing that was read: estimates and missing intervals alone."""
    return quality is not None and set(quality[:: _RUN.itemsize]) <= _NOT_READ


def _headers(values: Ints) -> Bytes:
    """Shortest header of each row."""
    low, high = values.min(axis=1), values.max(axis=1)
    if low.min() < DIGITS_MIN or high.max() > DIGITS_MAX:
        row = int(np.flatnonzero((low < DIGITS_MIN) | (high > DIGITS_MAX))[0])
        raise CurveOutOfRange(f"row {row} holds {low[row]} to {high[row]} digits", row=row)
    signed: Flags = low < 0
    # A negative value of b bits needs one bit more for its sign; so does the positive one beside it.
    need = np.where(signed, np.maximum(-(low + 1), high) * 2 + 1, high)
    width = np.select([need == 0, need < 1 << 8, need < 1 << 16], [0, 1, 2], 4)
    headers: Bytes = (width + SIGNED * signed).astype(np.uint8)
    return headers


def _marked_rows(values: Ints, quality: Bytes) -> Flags:
    """Rows with any mark but measured, after checking the marks and that missing is 0."""
    marked: Flags = np.any(quality, axis=1, keepdims=True)[:, 0]
    if not marked.any():
        return marked
    some = quality[marked]
    if some.max() > _WORST_MARK:
        raise BadQuality(f"quality {some.max()} is unknown", mark=int(some.max()))
    if values[marked][some == Quality.MISSING].any():
        raise MissingHasValue("a missing interval carries a value")
    return marked


def _dtype(header: int) -> np.dtype[np.integer]:
    """Little-endian type of the values behind a header of width 1, 2 or 4."""
    return np.dtype(f"<{'i' if header & SIGNED else 'u'}{header & ~SIGNED}")


def _pack_like_rows(values: Ints, header: int) -> list[bytes]:
    """Pack rows that share one header."""
    rows, points = values.shape
    width = header & ~SIGNED
    length = 1 + width * points
    buffer = np.empty((rows, length), dtype=np.uint8)
    buffer[:, 0] = header
    if width:
        buffer[:, 1:] = values.astype(_dtype(header)).view(np.uint8)
    joined = buffer.tobytes()
    return [joined[at : at + length] for at in range(0, rows * length, length)]


def _unpack_like_rows(values: Ints, rows: Ints, packed: list[bytes]) -> None:
    """Unpack rows of one length into their places; the length alone fixes the width."""
    length, points = len(packed[0]), values.shape[1]
    width, rest = divmod(length - 1, points)
    if width not in WIDTHS or rest:
        raise BadCurve(f"{length} bytes for {points} intervals", row=int(rows[0]), length=length)
    buffer = np.frombuffer(b"".join(packed), dtype=np.uint8).reshape(len(rows), length)
    headers = buffer[:, 0]
    allowed = (width, width | SIGNED) if width else (0,)
    bad = np.flatnonzero(~np.isin(headers, allowed))
    if bad.size:
        raise BadCurve(
            f"header {headers[bad[0]]:#04x} with {length} bytes", row=int(rows[bad[0]]), length=length
        )
    if width:
        body = np.ascontiguousarray(buffer[:, 1:])
        for header in np.unique(headers):
            _place(values, rows, headers == header, body.view(_dtype(int(header))))


def _place(values: Ints, rows: Ints, like: Flags, body: AnyColumn) -> None:
    """Write the rows flagged `like`; the usual case, every row alike, is written in one go."""
    if len(rows) == len(values) and like.all():
        values[:] = body
    else:
        values[rows[like]] = body[like]


def _pack_quality(quality: Bytes, marked: Flags) -> list[bytes | None]:
    """Write runs for the marked rows, None for the others."""
    packed: list[bytes | None] = [None] * len(quality)
    some = quality[marked]
    begins = np.ones(some.shape, dtype=bool)
    begins[:, 1:] = some[:, 1:] != some[:, :-1]
    at = np.flatnonzero(begins)
    runs = np.empty(len(at), dtype=_RUN)
    runs["mark"] = some.ravel()[at]
    runs["intervals"] = np.diff(at, append=some.size)
    joined = runs.tobytes()
    ends = (np.cumsum(begins.sum(axis=1)) * _RUN.itemsize).tolist()
    begin = 0
    for row, end in zip(np.flatnonzero(marked).tolist(), ends, strict=True):
        packed[row] = joined[begin:end]
        begin = end
    return packed


def _unpack_quality(quality: Sequence[bytes | None], points: int) -> Bytes:
    """Spread runs into one mark an interval."""
    marks = np.zeros((len(quality), points), dtype=np.uint8)
    rows = [row for row, runs in enumerate(quality) if runs is not None]
    if not rows:
        return marks
    joined = [runs for runs in quality if runs is not None]
    lengths = np.fromiter(map(len, joined), dtype=np.int64, count=len(joined))
    if (lengths == 0).any() or (lengths % _RUN.itemsize).any():
        raise BadQuality("quality runs are empty or cut")
    runs = np.frombuffer(b"".join(joined), dtype=_RUN)
    counts = runs["intervals"].astype(np.int64)
    begins = np.cumsum(lengths // _RUN.itemsize) - lengths // _RUN.itemsize
    if (counts == 0).any() or (np.add.reduceat(counts, begins) != points).any():
        raise BadQuality(f"quality runs do not fill {points} intervals", points=points)
    marks[rows] = np.repeat(runs["mark"], counts).reshape(len(rows), points)
    return marks
