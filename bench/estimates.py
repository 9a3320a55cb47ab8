"""
How far estimates are from the truth: gaps of many lengths are cut into curves of invented towns and filled.

    python -m bench.estimates

For each method and length it prints how often the true energy lies between the two that are told with a fill,
and the median error. Seeds 900 and up were not used while the rules were made. What it prints is published in
docs/estimates.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Final, NamedTuple

import numpy as np

from mingdu.core.day_block import BlockDays, DayBlock, Freezes, History, PointFacts
from mingdu.core.estimation import Fills, fill_gaps
from mingdu.core.findings import Thresholds
from mingdu.core.history import advance_history, class_profile, like_day_profile
from mingdu.core.quality import Quality
from mingdu.core.types import Flags, Ints
from mingdu.rulebook.validation import PointKind, validation_rules_on
from mingdu.town.model import Town
from mingdu.town.roster import FACTORY

SEEDS: Final = (900, 901, 902)
POINTS: Final = 400
FIRST: Final = date(2026, 11, 2)
BEFORE, DAYS = 28, 14
# Lengths of gaps [quarter hours], and how often one is cut into each point.
LENGTHS: Final = (4, 8, 24, 96, 3 * 96, 10 * 96)
WH: Final = 10
METHODS: Final = {
    Quality.ESTIMATED_LINEAR: "straight line",
    Quality.ESTIMATED_LIKE_DAYS: "own like days",
    Quality.ESTIMATED_PROFILE: "profile of the class",
    Quality.ESTIMATED_FLAT: "flat",
}


class Case(NamedTuple):
    """One fill beside the truth [digits]."""

    method: int
    length: int
    is_known: bool
    true: Ints
    fills: Fills


def main(seeds: tuple[int, ...] = SEEDS) -> None:
    """Cut, fill, compare, print."""
    print("| method | gap | known before | fills | within | median error |\n|---|---|---|---|---|---|")
    cases = [case for seed in seeds for case in cases_of(seed)]
    keys = sorted({(case.method, case.length, not case.is_known) for case in cases})
    for method, length, is_new in keys:
        some = [
            case
            for case in cases
            if (case.method, case.length, not case.is_known) == (method, length, is_new)
        ]
        true, energy, low, high = (
            np.concatenate(columns)
            for columns in zip(
                *((c.true, c.fills.energy_digits, c.fills.low_digits, c.fills.high_digits) for c in some),
                strict=True,
            )
        )
        within = np.count_nonzero((low <= true) & (true <= high))
        error = np.median(np.abs(energy - true) * 100 // np.maximum(true, 1))
        known = "nothing" if is_new else "28 days"
        words = f"{length // 4} h" if length < 96 else f"{length // 96} d"
        share = within * 1000 // len(true)
        print(
            f"| {METHODS[Quality(method)]} | {words} | {known} | {len(true):,} "
            f"| {share // 10}.{share % 10} % | {error:.0f} % |"
        )


def cases_of(seed: int) -> Iterator[Case]:
    """Fill gaps of every length in the curves of one town, with and without a history of the point itself."""
    town = Town(seed, POINTS, FIRST)
    numbers = np.arange(1, POINTS + 1)
    numbers = numbers[numbers != FACTORY]
    digits = town.true_wh(numbers, FIRST, BEFORE + DAYS) // WH
    thresholds = validation_rules_on(FIRST).thresholds([PointKind()])
    chance = np.random.default_rng(seed)
    whole = block_of(digits, thresholds)
    for length in LENGTHS:
        for is_known in (True, False):
            block = whole if is_known else without_history(whole)
            gaps = cut(chance, block.values.shape, length)
            yield from compare(block, gaps, (length, is_known), thresholds)


def compare(block: DayBlock, gaps: Flags, what: tuple[int, bool], thresholds: Thresholds) -> Iterator[Case]:
    """Fill a block with these gaps; days of one gap are told as one fill each."""
    quality = np.where(gaps, np.uint8(Quality.MISSING), np.uint8(Quality.MEASURED))
    values = np.where(gaps, 0, block.values)
    fills = fill_gaps(replace(block, values=values, quality=quality), thresholds).fills
    sums = np.zeros((*block.values.shape[:2], block.values.shape[2] + 1), dtype=np.int64)
    sums[:, :, 1:] = np.cumsum(block.values, axis=2)
    true = sums[fills.row, fills.day, fills.last + 1] - sums[fills.row, fills.day, fills.first]
    for method in np.unique(fills.method).tolist():
        chosen = fills.method == method
        some = Fills(**{name: column[chosen] for name, column in vars(fills).items()})
        yield Case(method, what[0], what[1], true[chosen], some)


def cut(chance: np.random.Generator, shape: tuple[int, ...], length: int) -> Flags:
    """One gap of a length at a random place of each point."""
    rows, intervals = shape[0], shape[1] * shape[2]
    start = chance.integers(96, intervals - length - 96, rows)
    place = np.arange(intervals)
    gaps: Flags = (place >= start[:, np.newaxis]) & (place < start[:, np.newaxis] + length)
    return gaps.reshape(shape)


def block_of(digits: Ints, thresholds: Thresholds) -> DayBlock:
    """The last days of the curves without registers, with the history of the first ones."""
    rows, days, points = digits.shape
    is_rest = np.arange(days) % 7 >= 5
    earlier = _block(digits[:, :BEFORE], is_rest[:BEFORE], History.unknown(rows, points))
    like_day = like_day_profile(earlier.values, earlier.quality, is_rest[:BEFORE])
    profile = class_profile(like_day, earlier.points.factor_wh)
    history = replace(
        advance_history(earlier, thresholds),
        like_day=like_day,
        class_shape=np.repeat(profile.shape[np.newaxis], rows, axis=0),
        class_mean_wh=np.full(rows, profile.mean_wh),
    )
    return _block(digits[:, BEFORE:], is_rest[BEFORE:], history)


def without_history(block: DayBlock) -> DayBlock:
    """The same points as if they were new: of their class alone something is known."""
    unknown = History.unknown(len(block.values), block.values.shape[2])
    known = block.history
    return replace(
        block, history=replace(unknown, class_shape=known.class_shape, class_mean_wh=known.class_mean_wh)
    )


def _block(values: Ints, is_rest: Flags, history: History) -> DayBlock:
    rows, days, points = values.shape
    ones = np.ones(rows, dtype=np.int64)
    facts = PointFacts(ones * 8000, ones * WH, ones, ones * 8, ones * 0, ones * 0)
    hours = np.arange(points) * 24 // points
    measured = np.full(values.shape, Quality.MEASURED, dtype=np.uint8)
    return DayBlock(
        values, measured, BlockDays(0, is_rest, hours, 15), facts, Freezes.unread(rows, days), history
    )


if __name__ == "__main__":
    main()
