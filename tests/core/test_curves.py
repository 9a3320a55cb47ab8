"""The packed curve: worked bytes, round trip, a twin that works value by value, damaged rows."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mingdu.core.curves import (
    BadCurve,
    BadCurveShape,
    BadQuality,
    CurveOutOfRange,
    MissingHasValue,
    pack_curves,
    unpack_curves,
)
from mingdu.core.quality import Quality
from mingdu.core.types import Bytes, Ints
from tables import worked_cases

CASES = worked_cases("curves_packed")
EDGES = (
    0,
    1,
    -1,
    127,
    128,
    -128,
    -129,
    255,
    256,
    32767,
    32768,
    -32768,
    -32769,
    65535,
    65536,
    2**31 - 1,
    -(2**31),
)


def pack_twin(values: list[int], quality: list[int]) -> tuple[bytes, bytes | None]:
    """Try the formats from the shortest on, then write the runs one interval at a time."""
    for header, code in ((1, "B"), (2, "H"), (0x81, "b"), (0x82, "h"), (4, "I"), (0x84, "i")):
        signed = header & 0x80
        if (min(values) < 0) == bool(signed):
            try:
                packed = struct.pack(f"<B{len(values)}{code}", header, *values)
                break
            except struct.error:
                continue
    runs: list[list[int]] = []
    for mark in quality:
        if runs and runs[-1][0] == mark:
            runs[-1][1] += 1
        else:
            runs.append([mark, 1])
    written = b"".join(struct.pack("<BH", *run) for run in runs)
    return packed if any(values) else b"\0", written if any(quality) else None


@st.composite
def curves(draw: st.DrawFn) -> tuple[Ints, Bytes]:
    shape = draw(st.tuples(st.integers(1, 6), st.sampled_from((1, 24, 25))))
    spread = draw(st.sampled_from((1, 200, 40_000, 2**31 - 1)))
    some = st.one_of(st.integers(-spread, spread), st.integers(0, spread), st.sampled_from(EDGES))
    values = draw(arrays(np.int64, shape, elements=some, fill=st.just(3)))
    quality = draw(arrays(np.uint8, shape, elements=st.sampled_from(list(Quality)), fill=st.just(0)))
    return np.where(quality == Quality.MISSING, 0, values), quality


@pytest.mark.parametrize("case", CASES, ids=[case["source"] for case in CASES])
def test_writes_and_reads_the_worked_bytes(case: dict[str, str]) -> None:
    values = np.array([[int(value) for value in case["values"].split()]], dtype=np.int64)
    quality = np.array([[Quality[mark] for mark in case["quality"].split()]], dtype=np.uint8)
    packed = [bytes.fromhex(case["packed_hex"])]
    runs = [bytes.fromhex(case["quality_hex"]) if case["quality_hex"] else None]
    assert pack_curves(values, quality) == (packed, runs)
    read, marks = unpack_curves(packed, runs, values.shape[1])
    assert read.tolist() == values.tolist()
    assert marks.tolist() == quality.tolist()


@settings(max_examples=150, deadline=None)
@given(curves())
def test_what_is_packed_comes_back_and_the_twin_writes_the_same(curve: tuple[Ints, Bytes]) -> None:
    values, quality = curve
    packed, runs = pack_curves(values, quality)
    read, marks = unpack_curves(packed, runs, values.shape[1])
    assert read.dtype == np.int64 and marks.dtype == np.uint8
    assert np.array_equal(read, values) and np.array_equal(marks, quality)
    twin = [pack_twin(*row) for row in zip(values.tolist(), quality.tolist(), strict=True)]
    assert list(zip(packed, runs, strict=True)) == twin


def test_many_rows_of_mixed_widths_keep_their_places() -> None:
    values = np.array([[edge] * 96 for edge in EDGES] * 3, dtype=np.int64)
    quality = np.zeros(values.shape, dtype=np.uint8)
    quality[::4, 10:20] = Quality.ESTIMATED_LINEAR
    read, marks = unpack_curves(*pack_curves(values, quality), 96)
    assert np.array_equal(read, values) and np.array_equal(marks, quality)


def test_no_rows_are_no_rows() -> None:
    empty = np.zeros((0, 96), dtype=np.int64)
    assert pack_curves(empty, empty.astype(np.uint8)) == ([], [])
    assert unpack_curves([], [], 96)[0].shape == (0, 96)


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1])
def test_refuses_values_that_four_bytes_cannot_hold(value: int) -> None:
    values = np.array([[1, 2], [3, value]], dtype=np.int64)
    with pytest.raises(CurveOutOfRange, match="row 1") as caught:
        pack_curves(values, np.zeros((2, 2), dtype=np.uint8))
    assert caught.value.values == {"row": 1}


def test_refuses_a_missing_interval_with_a_value() -> None:
    values, quality = np.array([[5, 7]], dtype=np.int64), np.array([[0, Quality.MISSING]], dtype=np.uint8)
    with pytest.raises(MissingHasValue):
        pack_curves(values, quality)
    with pytest.raises(MissingHasValue):
        unpack_curves([b"\x01\x05\x07"], [b"\x00\x01\x00\x06\x01\x00"], 2)


@pytest.mark.parametrize(
    ("packed", "why"),
    [
        (b"", "0 bytes"),
        (b"\x01", "header 0x01"),
        (b"\x80", "header 0x80"),
        (b"\x01\x05", "2 bytes"),
        (b"\x02\x05\x07", "header 0x02"),
        (b"\x03" + bytes(6), "7 bytes"),
        (b"\x08" + bytes(16), "17 bytes"),
        (b"\x41\x05\x07", "header 0x41"),
    ],
)
def test_refuses_damaged_values(packed: bytes, why: str) -> None:
    with pytest.raises(BadCurve, match=why):
        unpack_curves([b"\x01\x01\x02", packed], [None, None], 2)


@pytest.mark.parametrize(
    "runs", [b"", b"\x01\x02", b"\x01\x01\x00", b"\x01\x03\x00", b"\x01\x02\x00\x02\x00\x00", b"\x09\x02\x00"]
)
def test_refuses_damaged_quality(runs: bytes) -> None:
    with pytest.raises(BadQuality):
        unpack_curves([b"\x01\x01\x02", b"\x00"], [None, runs], 2)


def test_refuses_an_unknown_mark() -> None:
    with pytest.raises(BadQuality, match="quality 9"):
        pack_curves(np.zeros((1, 2), dtype=np.int64), np.full((1, 2), 9, dtype=np.uint8))


@pytest.mark.parametrize(
    ("values", "quality"), [((2, 3), (2, 4)), ((2, 0), (2, 0)), ((2, 1501), (2, 1501)), ((3,), (3,))]
)
def test_refuses_shapes_that_do_not_belong_together(
    values: tuple[int, ...], quality: tuple[int, ...]
) -> None:
    with pytest.raises(BadCurveShape):
        pack_curves(np.zeros(values, dtype=np.int64), np.zeros(quality, dtype=np.uint8))


@pytest.mark.parametrize(("rows", "points"), [(1, 2), (2, 0), (2, 1501)])
def test_refuses_columns_of_unlike_length(rows: int, points: int) -> None:
    with pytest.raises(BadCurveShape):
        unpack_curves([b"\x00"] * 2, [None] * rows, points)
