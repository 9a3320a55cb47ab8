"""Fills of gaps: worked cases, exact energy, a twin in fractions, largest remainders."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from day_blocks import THRESHOLDS, block_of, column, curve, with_facts
from mingdu.core.day_block import NOT_KNOWN, NOT_READ, DayBlock
from mingdu.core.estimation import Anchor, Filled, ShareTooLarge, fill_gaps, share_out
from mingdu.core.quality import ESTIMATED, Quality
from tables import worked_cases

CASES = worked_cases("estimation")


def block_of_case(case: dict[str, str]) -> DayBlock:
    """Hours of a home; like days hold for working days, which all days of these cases are."""
    block = block_of(*curve(case["curve"]))
    facts: dict[str, Any] = {}
    for word in case["facts"].split():
        name, _, number = word.partition("=")
        facts[name] = column(int(number))
    if case["total"]:
        facts["total"] = np.array(
            [[NOT_READ if text == "-" else int(text) for text in case["total"].split()]]
        )
    like_day = block.history.like_day.copy()
    if case["like_day"]:
        like_day[:, 0] = curve(case["like_day"])[0][0]
    class_shape = block.history.class_shape.copy()
    if case["class_shape"]:
        class_shape[:, 0] = curve(case["class_shape"])[0][0]
    return with_facts(block, like_day=like_day, class_shape=class_shape, **facts)


def share_twin(energy: int, weights: list[int]) -> list[int]:
    """Exact shares in fractions, cut down, then one digit each in the order of what was cut off."""
    weights = weights if any(weights) else [1] * len(weights)
    exact = [Fraction(energy * weight, sum(weights)) for weight in weights]
    shares = [int(share) for share in exact]
    order = sorted(range(len(weights)), key=lambda place: (shares[place] - exact[place], place))
    for place in order[: energy - sum(shares)]:
        shares[place] += 1
    return shares


def fill_twin(block: DayBlock, row: int) -> tuple[list[int], list[int]]:
    """Fill one row; returns values and quality of all its days, end to end."""
    points = block.values.shape[2]
    values, quality = block.values[row].ravel().tolist(), block.quality[row].ravel().tolist()
    missing = [k for k in range(len(values)) if quality[k] == Quality.MISSING]
    filled = list(values)
    for k in missing:
        filled[k], quality[k] = shape_twin(block, row, k, set(missing))
    freezes = [int(total) for total in block.freezes.total[row]]
    read = [day for day in range(len(freezes)) if freezes[day] != NOT_READ]
    for start, end in pairwise(read):
        used = freezes[end] - freezes[start]
        limit = int(block.points.capacity_w[row]) * 24 * (end - start) // int(block.points.factor_wh[row])
        if used < 0 and used + 10**8 <= limit:
            used += 10**8
        gaps = [k for k in missing if start * points <= k < end * points]
        if gaps and 0 <= used <= limit:
            need = max(used - sum(values[start * points : end * points]), 0)
            for k, share in zip(gaps, share_twin(need, [filled[k] for k in gaps]), strict=True):
                filled[k] = share
    return filled, quality


def shape_twin(block: DayBlock, row: int, k: int, missing: set[int]) -> tuple[int, int]:
    """One missing interval's own estimate and its method, looking left and right for the ends of its gap."""
    values, points, history = block.values[row].ravel().tolist(), block.values.shape[2], block.history
    first = next(place for place in range(k, -1, -1) if place - 1 not in missing)
    last = next(place for place in range(k, len(values)) if place + 1 not in missing)
    hours = last - first + 1 + (int(history.gap_run[row]) if first == 0 else 0)
    neighbours = [values[place] for place in (first - 1, last + 1) if 0 <= place < len(values)]
    if hours <= 2 and neighbours:
        line = Fraction(neighbours[0] * (last + 1 - k) + neighbours[-1] * (k - first + 1), last - first + 2)
        return max(math.floor(line), 0), Quality.ESTIMATED_LINEAR
    is_rest = block.days.is_rest
    likes = {
        j: int(history.like_day[row, int(is_rest[j // points]), j % points]) for j in range(first, last + 1)
    }
    if hours <= 7 * 24 and min(likes.values()) >= 0:
        return likes[k], Quality.ESTIMATED_LIKE_DAYS
    known = int(history.used_intervals[row] + history.zero_run[row]) + len(values) - len(missing)
    mean = max(int(history.used_digits[row]) + sum(values), 0) // max(known, 1)
    shares = {
        j: int(history.class_shape[row, int(is_rest[j // points]), j % points])
        for j in range(first, last + 1)
    }
    if min(shares.values()) >= 0:
        level = mean if known else max(int(history.class_mean_wh[row]), 0) // int(block.points.factor_wh[row])
        return math.floor(Fraction(level * shares[k] * points, 10**6)), Quality.ESTIMATED_PROFILE
    return mean, Quality.ESTIMATED_FLAT


@st.composite
def blocks(draw: st.DrawFn) -> DayBlock:
    rows, days = 2, 3
    shape = (rows, days, 24)
    values = draw(arrays(np.int64, shape, elements=st.integers(-3, 30), fill=st.just(4)))
    missing = draw(arrays(np.bool_, shape, elements=st.booleans(), fill=st.booleans()))
    quality = np.where(missing, np.uint8(Quality.MISSING), np.uint8(Quality.MEASURED))
    small = arrays(np.int64, rows, elements=st.integers(0, 200))
    block = block_of(np.where(missing, 0, values), quality)
    block.days.is_rest[:] = draw(arrays(np.bool_, days))
    freeze = st.one_of(st.integers(0, 2000), st.sampled_from((NOT_READ, NOT_READ, 99_999_900, 99_999_400)))
    like = st.sampled_from((NOT_KNOWN, 0, 1, 7, 30))
    share = st.sampled_from((NOT_KNOWN, 0, 41_666, 90_000))
    return with_facts(
        block,
        gap_run=draw(small),
        zero_run=draw(small),
        used_digits=draw(small),
        used_intervals=draw(small),
        like_day=draw(arrays(np.int64, (rows, 2, 24), elements=like, fill=st.sampled_from((NOT_KNOWN, 5)))),
        class_shape=draw(
            arrays(np.int64, (rows, 2, 24), elements=share, fill=st.sampled_from((NOT_KNOWN, 41_000)))
        ),
        class_mean_wh=draw(arrays(np.int64, rows, elements=st.sampled_from((NOT_KNOWN, 0, 155)))),
        total=draw(arrays(np.int64, (rows, days + 1), elements=freeze, fill=st.nothing())),
    )


def methods_of(filled: Filled) -> set[str]:
    return {Quality(method).name.removeprefix("ESTIMATED_") for method in filled.fills.method}


@pytest.mark.parametrize("case", CASES, ids=[case["source"] for case in CASES])
def test_fills_the_worked_case(case: dict[str, str]) -> None:
    filled = fill_gaps(block_of_case(case), THRESHOLDS)
    assert filled.values.tolist() == curve(case["filled"])[0].tolist()
    assert methods_of(filled) == {case["methods"]}
    assert {Anchor(anchor).name for anchor in filled.fills.anchor} == {case["anchor"]}


@settings(max_examples=120, deadline=None)
@given(blocks())
def test_agrees_with_the_twin(block: DayBlock) -> None:
    filled = fill_gaps(block, THRESHOLDS)
    for row in range(2):
        values, quality = fill_twin(block, row)
        assert filled.values[row].ravel().tolist() == values
        assert filled.quality[row].ravel().tolist() == quality


@settings(max_examples=120, deadline=None)
@given(blocks())
def test_fills_are_exact_never_negative_and_leave_readings_alone(block: DayBlock) -> None:
    filled = fill_gaps(block, THRESHOLDS)
    missing = block.missing
    assert np.array_equal(filled.values[~missing], block.values[~missing])
    assert np.array_equal(filled.quality[~missing], block.quality[~missing])
    assert (filled.values[missing] >= 0).all()
    assert np.isin(filled.quality[missing], ESTIMATED).all()
    fills = filled.fills
    for k in range(len(fills)):
        inside = filled.values[fills.row[k], fills.day[k], fills.first[k] : fills.last[k] + 1]
        assert fills.energy_digits[k] == inside.sum()
        start, end = (block.freezes.total[fills.row[k], fills.day[k] + side] for side in (0, 1))
        if fills.anchor[k] == Anchor.REGISTERS and NOT_READ not in (start, end):
            assert filled.values[fills.row[k], fills.day[k]].sum() == (end - start) % 10**8


@given(
    energies=st.lists(st.integers(0, 10**9), min_size=1, max_size=4),
    weights=st.lists(st.lists(st.integers(0, 10**6), min_size=1, max_size=8), min_size=4, max_size=4),
)
def test_shares_sum_exactly_and_agree_with_the_twin(energies: list[int], weights: list[list[int]]) -> None:
    groups = weights[: len(energies)]
    begin = np.cumsum([0, *(len(group) for group in groups[:-1])])
    shares = share_out(column(*energies), column(*(weight for group in groups for weight in group)), begin)
    pieces = [piece.tolist() for piece in np.split(shares, begin[1:])]
    assert pieces == [share_twin(*pair) for pair in zip(energies, groups, strict=True)]
    assert [sum(piece) for piece in pieces] == energies


@pytest.mark.parametrize("case", CASES, ids=[case["source"] for case in CASES])
def test_says_between_what_the_energy_of_the_worked_case_lies(case: dict[str, str]) -> None:
    fills = fill_gaps(block_of_case(case), THRESHOLDS).fills
    told = [f"{low}-{high}" for low, high in zip(fills.low_digits, fills.high_digits, strict=True)]
    assert " ".join(told) == case["interval"]


@settings(max_examples=80, deadline=None)
@given(blocks())
def test_the_interval_holds_the_fill_and_is_never_below_nothing(block: DayBlock) -> None:
    fills = fill_gaps(block, THRESHOLDS).fills
    assert (fills.low_digits >= 0).all()
    anchored = fills.anchor != Anchor.CONTRADICTED
    assert (fills.low_digits <= fills.energy_digits)[anchored].all()
    assert (fills.high_digits >= fills.energy_digits)[anchored].all()


def test_a_block_without_gaps_is_left_as_it_is() -> None:
    block = block_of(*curve("5x24"))
    filled = fill_gaps(block, THRESHOLDS)
    assert np.array_equal(filled.values, block.values) and len(filled.fills) == 0
    assert len(fill_gaps(block.take(column()), THRESHOLDS).fills) == 0


def test_refuses_shares_that_leave_the_whole_numbers() -> None:
    with pytest.raises(ShareTooLarge):
        share_out(column(2**40), column(2**23), column(0))
