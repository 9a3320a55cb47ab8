"""What is known of earlier days: percentile, like days, carried runs, against plain twins."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from day_blocks import THRESHOLDS, block_of, column, curve, with_facts
from mingdu.core.day_block import NOT_KNOWN
from mingdu.core.history import advance_history, class_profile, like_day_profile, like_hour_p99
from mingdu.core.quality import Quality
from tables import worked_cases

CASES = worked_cases("history_p99")
HOUR = np.array([0, 0, 7], dtype=np.int64)
KNOWN = (Quality.MEASURED, Quality.EDITED)


def p99_twin(values: list[int]) -> int:
    """The smallest value that at least 99 % of the steps through the sorted values reach."""
    ordered = sorted(values)
    place = next(place for place in range(len(ordered)) if 100 * place >= 99 * (len(ordered) - 1))
    return max(ordered[place], 0)


@st.composite
def curves(draw: st.DrawFn) -> tuple[Any, Any]:
    shape = (2, draw(st.integers(1, 5)), 3)
    values = draw(arrays(np.int64, shape, elements=st.integers(-5, 50)))
    quality = draw(arrays(np.uint8, shape, elements=st.sampled_from(list(Quality))))
    return values, quality


@pytest.mark.parametrize("case", CASES, ids=[case["source"] for case in CASES])
def test_takes_the_percentile_of_the_worked_case(case: dict[str, str]) -> None:
    values, quality = curve(case["values"])
    p99 = like_hour_p99(values, quality, np.full(values.shape[2], 5))
    assert p99[0].tolist() == [0] * 5 + [int(case["p99"])] + [0] * 18


@settings(max_examples=80, deadline=None)
@given(curves())
def test_percentile_agrees_with_the_twin(day: tuple[Any, Any]) -> None:
    values, quality = day
    p99 = like_hour_p99(values, quality, HOUR)
    for row, hour in np.ndindex(2, 24):
        known = [
            int(values[row, day, point])
            for day, point in np.ndindex(values.shape[1:])
            if HOUR[point] == hour and quality[row, day, point] in KNOWN
        ]
        assert p99[row, hour] == (p99_twin(known) if known else 0)


@settings(max_examples=80, deadline=None)
@given(curves(), st.data())
def test_like_days_agree_with_the_twin(day: tuple[Any, Any], data: st.DataObject) -> None:
    values, quality = day
    is_rest = data.draw(arrays(np.bool_, values.shape[1]))
    profile = like_day_profile(values, quality, is_rest)
    for row, kind, point in np.ndindex(2, 2, 3):
        days = [day for day in range(values.shape[1]) if is_rest[day] == bool(kind)]
        known = [int(values[row, day, point]) for day in days if quality[row, day, point] in KNOWN]
        assert profile[row, kind, point] == (max(sum(known), 0) // len(known) if known else NOT_KNOWN)


def test_history_starts_afresh_at_the_latest_use() -> None:
    block = with_facts(
        block_of(*curve("0x40 7x1 0x50 -x5")),
        zero_run=column(9), used_digits=column(100), used_intervals=column(20),
    )  # fmt: skip
    history = advance_history(block, THRESHOLDS)
    assert history.zero_run.tolist() == [50]
    assert history.used_digits.tolist() == [107]
    assert history.used_intervals.tolist() == [20 + 9 + 41]
    assert history.gap_run.tolist() == [5]


def test_history_without_use_only_lengthens_the_zeros() -> None:
    block = with_facts(
        block_of(*curve("0x90 -x1 0x5")),
        zero_run=column(9), used_digits=column(100), used_intervals=column(20),
    )  # fmt: skip
    history = advance_history(block, THRESHOLDS)
    assert history.zero_run.tolist() == [9 + 95]
    assert history.used_digits.tolist() == [100]
    assert history.used_intervals.tolist() == [20]
    assert history.gap_run.tolist() == [0]


def test_a_run_that_fills_the_block_is_added_to_what_was_before() -> None:
    silent = with_facts(block_of(*curve("-x96")), gap_run=column(10))
    assert advance_history(silent, THRESHOLDS).gap_run.tolist() == [106]
    loud = with_facts(block_of(*curve("500x96")), over_run=column(3))
    assert advance_history(loud, THRESHOLDS).over_run.tolist() == [99]


def class_twin(days: list[list[int]], factors: list[int]) -> tuple[list[int], int]:
    """The mean of each point's shares of its own day, in fractions; none when fewer than five are known."""
    known = [
        (day, factor) for day, factor in zip(days, factors, strict=True) if min(day) >= 0 and sum(day) > 0
    ]
    if len(known) < 5:
        return [NOT_KNOWN] * 3, NOT_KNOWN
    shares = [[value * 10**6 // sum(day) for value in day] for day, _ in known]
    mean = sum(sum(day) * factor // 3 for day, factor in known) // len(known)
    return [sum(column) // len(known) for column in zip(*shares, strict=True)], mean


@settings(max_examples=80, deadline=None)
@given(
    arrays(np.int64, (8, 2, 3), elements=st.sampled_from((NOT_KNOWN, 0, 4, 9, 500)), fill=st.just(6)),
    arrays(np.int64, 8, elements=st.sampled_from((10, 300))),
)
def test_the_profile_of_a_class_agrees_with_the_twin(like_day: Any, factors: Any) -> None:
    profile = class_profile(like_day, factors)
    (work, mean), (rest, _) = (class_twin(like_day[:, kind].tolist(), factors.tolist()) for kind in (0, 1))
    assert profile.shape.tolist() == [work, rest]
    assert profile.mean_wh == mean
