"""New, exchanged and swapped meters: worked cases and plain twins."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from day_blocks import THRESHOLDS, block_of, column, spoken, with_facts
from mingdu.core.day_block import DAYS_BEFORE, NOT_KNOWN, NOT_READ, DayBlock
from mingdu.core.validation_meters import NewMeters, swapped_meters, validate_new_meters
from tables import worked_cases

CASES = worked_cases("validation_meters")
HOME = block_of(np.full((1, 1, 96), 5, dtype=np.int64), np.zeros((1, 1, 96), dtype=np.uint8))


def reading(text: str) -> int:
    return NOT_READ if text == "-" else int(text)


@pytest.mark.parametrize("case", CASES, ids=[case["source"] for case in CASES])
def test_finds_what_the_worked_case_tells(case: dict[str, str]) -> None:
    new = NewMeters(
        row=column(0),
        day=column(0),
        start=column(reading(case["start"])),
        first=column(reading(case["first"])),
        seconds=column(int(case["hours"]) * 3600),
        replaces=column(int(case["end"] != "none")),
        end=column(NOT_READ if case["end"] == "none" else reading(case["end"])),
        digit_count=column(8),
        multiplier=column(int(case["multiplier"])),
        wh_per_digit=column(10),
    )
    assert len(new) == 1
    assert "; ".join(spoken(validate_new_meters(HOME, new, THRESHOLDS))) == case["findings"]


def levels(*rows: tuple[int, list[int]]) -> DayBlock:
    """Points of 28 days at one level [kWh], then days of these [kWh], all intervals alike."""
    days = np.array([days for _, days in rows], dtype=np.int64)
    values = np.repeat(days[:, :, np.newaxis] * 1000 // 240, 24, axis=2)
    block = block_of(values, np.zeros(values.shape, dtype=np.uint8))
    before = np.array([[kwh * 1000] * DAYS_BEFORE for kwh, _ in rows], dtype=np.int64)
    return with_facts(block, daily_wh=before, capacity_w=np.full(len(rows), 8000, dtype=np.int64))


SWAP = ((24, [24, 6, 6, 6]), (6, [6, 24, 24, 24]))


def test_tells_both_points_of_a_pair_that_changed_places() -> None:
    found = swapped_meters(levels(*SWAP), column(7, 7), THRESHOLDS)
    assert found.row.tolist() == [0, 1]
    assert spoken(found) == [
        "SWAPPED_METERS 3 0-23: 250 / 250",
        "SWAPPED_METERS 3 0-23: 4000 / 4000",
    ]


@pytest.mark.parametrize(
    ("rows", "area", "why"),
    [
        (SWAP, (7, 8), "another area"),
        (SWAP, (0, 0), "no area"),
        ((SWAP[0], (6, [6, 48, 48, 48])), (7, 7), "it rose to another level"),
        ((SWAP[0], (6, [6, 6, 6, 6])), (7, 7), "only one of the two changed"),
        ((SWAP[0], (6, [6, 6, 24, 24])), (7, 7), "a day later"),
        (((24, [24, 6, 24, 6]), SWAP[1]), (7, 7), "a day in between was as before"),
        (((24, [24, 20, 20, 20]), (20, [20, 24, 24, 24])), (7, 7), "of like use"),
    ],
)
def test_says_nothing_of_others(rows: Any, area: tuple[int, int], why: str) -> None:
    assert not len(swapped_meters(levels(*rows), column(*area), THRESHOLDS)), why


def test_a_point_that_fits_two_others_is_told_once() -> None:
    found = swapped_meters(levels(*SWAP, SWAP[1]), column(7, 7, 7), THRESHOLDS)
    assert found.row.tolist() == [0, 1, 2]


class Levels:
    """What one row used before and after a day, and on the eve of the change."""

    def __init__(self, energy: list[int], end: int) -> None:
        known = [wh for wh in energy[end - 1 - DAYS_BEFORE : end - 3] if wh != NOT_KNOWN]
        self.latest, self.eve = energy[end - 3 : end], energy[end - 4]
        self.is_known = len(known) >= 7 and min(self.latest) >= 0 and self.eve >= 0
        self.old, self.new = sum(known) // max(len(known), 1), sum(self.latest) // 3
        self.middle = (self.old + self.new) // 2

    def rises(self) -> bool:
        return self.new >= self.old * 1800 // 1000 and min(self.latest) > self.middle > self.eve

    def falls(self) -> bool:
        return self.old >= self.new * 1800 // 1000 and max(self.latest) < self.middle < self.eve


def fit(up: Levels, down: Levels) -> bool:
    """Whether the first uses now what the second used, and the other way round."""
    near = abs(up.new - down.old) <= down.old * 150 // 1000 and abs(up.old - down.new) <= up.old * 150 // 1000
    return up.is_known and down.is_known and up.rises() and down.falls() and near


def twin(block: DayBlock, area: list[int]) -> set[tuple[int, int]]:
    """Rows and days of swaps, each pair looked at alone."""
    hits = set()
    rows = range(len(area))
    energy = [
        [*block.history.daily_wh[row].tolist(), *(block.values[row].sum(axis=1) * 10).tolist()]
        for row in rows
    ]
    pairs = [(up, down) for up in rows for down in rows if area[up] == area[down] != 0]
    for day in range(block.values.shape[1]):
        levels = [Levels(energy[row], DAYS_BEFORE + day + 1) for row in rows]
        swapped = [pair for pair in pairs if fit(levels[pair[0]], levels[pair[1]])]
        hits |= {(row, day) for pair in swapped for row in pair}
    return hits


@settings(max_examples=100, deadline=None)
@given(
    arrays(np.int64, (3, 4), elements=st.sampled_from((6, 7, 24, 25, 12))),
    st.lists(st.sampled_from((6, 24)), min_size=3, max_size=3),
    st.lists(st.sampled_from((0, 1, 1, 2)), min_size=3, max_size=3),
)
def test_agrees_with_the_twin(days: Any, before: list[int], area: list[int]) -> None:
    block = levels(*zip(before, days.tolist(), strict=True))
    found = swapped_meters(block, column(*area), THRESHOLDS)
    assert set(zip(found.row.tolist(), (found.day - block.days.first_day).tolist(), strict=True)) == twin(
        block, area
    )
