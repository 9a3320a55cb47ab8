"""Closing days: a worked day, closing again, closing some rows, sums."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from day_blocks import THRESHOLDS, block_of, column, curve, same_columns, spoken, with_facts
from mingdu.core.day_block import NOT_READ, DayBlock
from mingdu.core.day_close import ClosedDays, close_days
from mingdu.core.merge import merge_day
from mingdu.core.quality import Quality
from mingdu.core.types import Ints


@st.composite
def blocks(draw: st.DrawFn) -> DayBlock:
    shape = (4, 2, 24)
    values = draw(arrays(np.int64, shape, elements=st.sampled_from((0, 3, 41, 2000, -2)), fill=st.just(6)))
    marks = st.sampled_from((Quality.MISSING, Quality.ESTIMATED_FLAT, Quality.EDITED, Quality.MEASURED))
    quality = draw(arrays(np.uint8, shape, elements=marks, fill=st.just(Quality.MEASURED)))
    freezes = st.sampled_from((NOT_READ, 1000, 1144, 1300, 99_999_990))
    return with_facts(
        block_of(np.where(quality == Quality.MISSING, 0, values), quality),
        total=draw(arrays(np.int64, (4, 3), elements=freezes)),
        like_day=draw(arrays(np.int64, (4, 2, 24), elements=st.integers(-1, 9), fill=st.just(4))),
    )


def same_close(one: ClosedDays, other: ClosedDays) -> bool:
    plain = ("values", "quality", "day_energy_wh")
    return (
        all(np.array_equal(getattr(one, name), getattr(other, name)) for name in plain)
        and same_columns(one.findings, other.findings)
        and same_columns(one.fills, other.fills)
    )


def rows_of(closed: ClosedDays, rows: Ints) -> list[list[int]]:
    """Findings and fills of the rows, the rows counted anew, in plain numbers."""
    lines = []
    for new, row in enumerate(rows):
        for columns in (closed.findings, closed.fills):
            chosen = np.flatnonzero(columns.row == row)
            facts = [getattr(columns, name)[chosen] for name in vars(columns) if name != "row"]
            lines += [[new, *line] for line in np.array(facts, dtype=np.int64).T.tolist()]
    return lines


def test_closes_a_day_with_a_gap_between_two_registers() -> None:
    block = with_facts(block_of(*curve("4x10 -x2 10x12")), total=column(1000, 1180)[np.newaxis])
    closed = close_days(block, THRESHOLDS)
    assert closed.day_energy_wh.tolist() == [[1800]]
    assert closed.values[0, 0, 10:12].tolist() == [9, 11]
    assert set(closed.quality[0, 0, 10:12]) == {Quality.ESTIMATED_LINEAR}
    assert spoken(closed.findings) == ["GAP 0 10-11: 2 / 1"]


@settings(max_examples=50, deadline=None)
@given(blocks())
def test_closing_again_gives_the_same(block: DayBlock) -> None:
    closed = close_days(block, THRESHOLDS)
    assert same_close(closed, close_days(block, THRESHOLDS))
    again = replace(block, values=closed.values, quality=closed.quality)
    assert same_close(closed, close_days(again, THRESHOLDS))
    assert not (closed.quality == Quality.MISSING).any()


@settings(max_examples=50, deadline=None)
@given(blocks(), st.lists(st.integers(0, 3), min_size=1, unique=True))
def test_closing_some_rows_gives_what_closing_all_gives_for_them(block: DayBlock, chosen: list[int]) -> None:
    rows = column(*chosen)
    all_rows, some = close_days(block, THRESHOLDS), close_days(block.take(rows), THRESHOLDS)
    assert np.array_equal(some.values, all_rows.values[rows])
    assert np.array_equal(some.quality, all_rows.quality[rows])
    assert np.array_equal(some.day_energy_wh, all_rows.day_energy_wh[rows])
    assert rows_of(some, column(*range(len(rows)))) == rows_of(all_rows, rows)


def test_a_late_reading_takes_the_place_of_its_estimate_and_the_rest_is_shared_anew() -> None:
    block = with_facts(block_of(*curve("4x10 -x2 10x12")), total=column(1000, 1180)[np.newaxis])
    closed = close_days(block, THRESHOLDS)
    late = curve("-x10 15x1 -x13")
    merge = merge_day(closed.values, closed.quality, *late)
    again = close_days(replace(block, values=merge.values, quality=merge.quality), THRESHOLDS)
    assert again.values[0, 0, 9:13].tolist() == [4, 15, 5, 10]
    assert again.quality[0, 0, 9:13].tolist() == [0, 0, Quality.ESTIMATED_LINEAR, 0]
    assert again.day_energy_wh.tolist() == closed.day_energy_wh.tolist() == [[1800]]


def test_energy_is_digits_times_scale_times_multiplier() -> None:
    block = with_facts(block_of(*curve("5x24 | 7x24")), multiplier=column(3000), capacity_w=column(10**7))
    assert close_days(block, THRESHOLDS).day_energy_wh.tolist() == [[24 * 5 * 30_000, 24 * 7 * 30_000]]
