"""Shifted curves: late, early, not shifted at all, and what cannot be told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from day_blocks import THRESHOLDS, block_of, spoken, thresholds_of, with_facts
from mingdu.core.day_block import NOT_KNOWN, NOT_READ, DayBlock
from mingdu.core.findings import Limit
from mingdu.core.validation_shifts import shifted_intervals

HOURS = 24
BEFORE = 3
LONGEST = 4


def shifted(true: Any, moved: int, days: int = 2) -> tuple[DayBlock, Any]:
    """A home whose curve is stored `moved` hours late, and its totals before the block."""
    end = (BEFORE + days) * HOURS
    stored = true[HOURS - moved : HOURS - moved + end].reshape(1, BEFORE + days, HOURS)
    counted = true[HOURS : HOURS + end].reshape(-1, HOURS).sum(axis=1)
    totals = 1000 + np.concatenate([[0], np.cumsum(counted)])[np.newaxis]
    curves = stored[:, BEFORE:]
    block = with_facts(
        block_of(curves, np.zeros(curves.shape, dtype=np.uint8)),
        total=totals[:, BEFORE:], recent=stored[:, :BEFORE],
    )  # fmt: skip
    return block, totals[:, :BEFORE]


def found(block: DayBlock, before: Any, suspect: Any = True) -> list[str]:
    flags = np.broadcast_to(np.asarray(suspect), block.values.shape[:2])
    return spoken(shifted_intervals(block, before, flags, THRESHOLDS))


def uneven(seed: int) -> Any:
    """Seven days of hours that are all different from those beside them by much."""
    return np.random.default_rng(seed).integers(20, 4000, 7 * HOURS, dtype=np.int64)


@pytest.mark.parametrize(("moved", "minutes"), [(1, 60), (-1, -60), (3, 180), (-4, -240)])
def test_tells_by_how_much_a_curve_is_late_or_early(moved: int, minutes: int) -> None:
    said = found(*shifted(uneven(1), moved))
    assert said == [f"SHIFTED_INTERVALS {day} 0-23: {minutes} / 0" for day in range(2)]


def test_says_nothing_of_a_curve_that_stands_right() -> None:
    assert found(*shifted(uneven(2), 0)) == []


def test_says_nothing_of_a_day_that_was_not_suspect() -> None:
    said = found(*shifted(uneven(3), 2), suspect=[[False, True]])
    assert said == ["SHIFTED_INTERVALS 1 0-23: 120 / 0"]


def test_says_nothing_beyond_the_longest_shift() -> None:
    assert found(*shifted(uneven(4), LONGEST + 1)) == []
    block, before = shifted(uneven(4), 2)
    short = thresholds_of({Limit.SHIFT_INTERVALS: 1})
    assert not len(shifted_intervals(block, before, np.ones((1, 2), dtype=bool), short))


def test_says_nothing_where_a_midnight_or_an_interval_was_not_read() -> None:
    block, before = shifted(uneven(5), 2, days=1)
    unread = before.copy()
    unread[0, 1] = NOT_READ
    assert found(block, unread) == []
    recent = block.history.recent.copy()
    recent[0, 2, 7] = NOT_KNOWN
    assert found(with_facts(block, recent=recent), before) == []


def test_says_nothing_of_a_spike_that_the_registers_do_not_know() -> None:
    block, before = shifted(np.full(7 * HOURS, 30, dtype=np.int64), 0, days=1)
    values = block.values.copy()
    values[0, 0, 20] = 3000
    assert (
        found(DayBlock(values, block.quality, block.days, block.points, block.freezes, block.history), before)
        == []
    )


def fitting_spans(true: list[int], stored: list[int], first: int, by: int) -> int:
    """How many of three days between midnights hold what was counted, read so many hours later."""
    fitting = 0
    for span in range(first, first + 3):
        begin = span * HOURS + by
        counted, held = sum(true[(span + 1) * HOURS : (span + 2) * HOURS]), sum(stored[begin : begin + HOURS])
        fitting += abs(counted - held) <= 2
    return fitting


def twin(true: list[int], moved: int) -> int:
    """The least shift by which all three days fit that do not fit as they stand, tried one by one."""
    stored = true[HOURS - moved :]
    for trial in (1, -1, 2, -2, 3, -3, 4, -4):
        first = 0 if trial > 0 else 1
        unmoved = fitting_spans(true, stored, first, 0)
        if fitting_spans(true, stored, first, trial) == 3 and unmoved <= 1:
            return trial * 60
    return 0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(-LONGEST - 1, LONGEST + 1), st.sampled_from((3, 30, 4000)))
def test_agrees_with_the_twin(seed: int, moved: int, most: int) -> None:
    true = np.random.default_rng(seed).integers(0, most, 7 * HOURS, dtype=np.int64)
    block, before = shifted(true, moved, days=1)
    minutes = twin(true.tolist(), moved)
    assert found(block, before) == ([f"SHIFTED_INTERVALS 0 0-23: {minutes} / 0"] if minutes else [])
