"""Rules on whole days: worked cases, a twin in plain Python, days closed one by one or together."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from day_blocks import LIMITS, THRESHOLDS, block_of, column, curve, spoken, thresholds_of, with_facts
from mingdu.core.day_block import DAYS_BEFORE, LARGEST_DAY_WH, NOT_KNOWN, DayBlock
from mingdu.core.findings import OFF, Limit, Rule
from mingdu.core.history import advance_history, day_energy_wh
from mingdu.core.quality import Quality
from mingdu.core.validation import validate_days
from tables import worked_cases

CASES = worked_cases("validation_days")
OF_DAYS = (
    Rule.DROP,
    Rule.ZERO_AFTER_USE,
    Rule.USE_AFTER_ZERO,
    Rule.MULTIPLIER_SUSPICION,
    Rule.DUPLICATE_INTERVALS,
    Rule.PROVISIONAL_TOO_OFTEN,
    Rule.USE_WHILE_SUSPENDED,
)
RATIOS = (2, 5, 10, 20, 30, 40)
LEVEL_DAYS = 3


def before_of(text: str) -> Any:
    """Read "2400x20 -x2 0x6": day energies or counts before the block; what is not given is not known."""
    values = [
        NOT_KNOWN if value == "-" else int(value)
        for value, _, times in (part.partition("x") for part in text.split())
        for _ in range(int(times or 1))
    ]
    return np.array([[NOT_KNOWN] * (DAYS_BEFORE - len(values)) + values], dtype=np.int64)


def block_of_case(case: dict[str, str]) -> DayBlock:
    block = block_of(*curve(case["curve"]))
    facts: dict[str, Any] = {
        "daily_wh": before_of(case["daily_wh"]),
        "daily_read": before_of(case["daily_read"]),
    }
    for word in case["facts"].split():
        name, _, number = word.partition("=")
        facts[name] = column(int(number))
    if case["yesterday"]:
        recent = block.history.recent.copy()
        recent[:, -1] = curve(case["yesterday"])[0][:, 0]
        facts["recent"] = recent
    return with_facts(block, **facts)


def of_days(block: DayBlock) -> list[tuple[int, str]]:
    findings = validate_days(block, THRESHOLDS)
    texts = zip(spoken(findings), findings.row.tolist(), findings.rule.tolist(), strict=True)
    return [(row, text) for text, row, rule in texts if rule in OF_DAYS]


class Twin:
    """One row's days, walked one after the other with plain lists."""

    def __init__(self, block: DayBlock, row: int) -> None:
        self.factor = int(block.points.wh_per_digit[row] * block.points.multiplier[row])
        self.capacity = int(block.points.capacity_w[row])
        self.multiplier, self.is_off = int(block.points.multiplier[row]), bool(block.points.is_off[row])
        self.days = [
            [None if mark == Quality.MISSING else int(value) for value, mark in zip(*day, strict=True)]
            for day in zip(block.values[row], block.quality[row], strict=True)
        ]
        self.energy: list[int | None] = [
            None if value == NOT_KNOWN else int(value) for value in block.history.daily_wh[row]
        ]
        self.read: list[int | None] = [
            None if value == NOT_KNOWN else int(value) for value in block.history.daily_read[row]
        ]
        self.yesterday = [None if v == NOT_KNOWN else int(v) for v in block.history.recent[row, -1]]

    def say(self) -> list[str]:
        said = []
        for day, curve_of_day in enumerate(self.days):
            is_whole = all(value is not None and value >= 0 for value in curve_of_day)
            used = sum(value for value in curve_of_day if value is not None) * self.factor
            self.energy.append(used if is_whole else None)
            self.read.append(sum(value is not None for value in curve_of_day))
            found = [*self.of_energy(), *self.of_reads(len(curve_of_day)), *self.of_curve(curve_of_day)]
            said += [
                f"{rule.name} {day} {first}-{last}: {figure} / {limit}"
                for rule, first, last, figure, limit in sorted(found)
            ]
            self.yesterday = [value if value is None or value >= 0 else None for value in curve_of_day]
        return said

    def of_energy(self) -> list[tuple[Rule, int, int, int, int]]:
        today, last = self.energy[-1], len(self.days[0]) - 1
        before = [value for value in self.energy[-DAYS_BEFORE - 1 : -1] if value is not None]
        found: list[tuple[Rule, int, int, int, int]] = []
        if today is None:
            return found
        mean = sum(before) // len(before) if before else 0
        enough = len(before) >= 7
        lowest = min([mean * LIMITS[Limit.DROP_MEAN_SHARE] // 1000, *before])
        if enough and 0 < today < lowest and mean >= 1000:
            found.append((Rule.DROP, 0, last, today, lowest))
        if enough and today == 0 and min(before) > 0 and mean >= 1000:
            found.append((Rule.ZERO_AFTER_USE, 0, last, mean, 1000))
        if enough and today >= 500 and max(before) == 0:
            found.append((Rule.USE_AFTER_ZERO, 0, last, today, 500))
        if self.is_off and today >= 200:
            found.append((Rule.USE_WHILE_SUSPENDED, 0, last, today, 200))
        return found + [(Rule.MULTIPLIER_SUSPICION, 0, last, *hit) for hit in self.new_level()]

    def new_level(self) -> list[tuple[int, int]]:
        latest, eve = self.energy[-LEVEL_DAYS:], self.energy[-LEVEL_DAYS - 1]
        old = [value for value in self.energy[-DAYS_BEFORE - 1 : -LEVEL_DAYS] if value is not None]
        if None in latest or eve is None or len(old) < 7 or (self.multiplier == 1 and self.capacity < 50_000):
            return []
        new = [value for value in latest if value is not None]
        mean, after = sum(old) // len(old), sum(new) // LEVEL_DAYS
        rises, falls = min(new) > max(old), min(new) > 0 and max(new) < min(old)
        middle = (mean + after) // 2
        if not ((rises and eve < middle) or (falls and eve > middle)) or mean == 0:
            return []
        times = Fraction(max(mean, after) * 1000 // max(min(mean, after), 1))
        usual = min(RATIOS, key=lambda ratio: (abs(times - ratio * 1000), -ratio))
        if abs(times - usual * 1000) > usual * 1000 * 100 // 1000:
            return []
        return [(after * 1000 // mean, usual * 1000 if rises else 1000 // usual)]

    def of_reads(self, intervals: int) -> list[tuple[Rule, int, int, int, int]]:
        window = self.read[-DAYS_BEFORE - 1 :]
        unread = [read is not None and 2 * read < intervals for read in window]
        if not unread[-1] or sum(unread) != LIMITS[Limit.PROVISIONAL_DAYS]:
            return []
        return [(Rule.PROVISIONAL_TOO_OFTEN, 0, intervals - 1, sum(unread), sum(unread))]

    def of_curve(self, today: list[int | None]) -> list[tuple[Rule, int, int, int, int]]:
        same = [v is not None and v >= 0 and v == w for v, w in zip(today, self.yesterday, strict=True)]
        found, start = [], None
        for point, is_same in enumerate([*same, False]):
            if is_same and start is None:
                start = point
            if not is_same and start is not None:
                run = today[start:point]
                changes = sum(one != other for one, other in pairwise(run))
                if len(run) >= 12 and changes >= 6:
                    found.append((Rule.DUPLICATE_INTERVALS, start, point - 1, len(run), 12))
                start = None
        return found


@st.composite
def blocks(draw: st.DrawFn) -> DayBlock:
    shape = (2, 4, 24)
    base = draw(st.sampled_from((0, 1, 7, 40)))
    values = np.full(shape, base, dtype=np.int64) + np.arange(24) % draw(st.sampled_from((1, 3)))
    level = draw(arrays(np.int64, (2, 4), elements=st.sampled_from((0, 1, 1, 2, 10, 20))))
    values = values * level[:, :, np.newaxis]
    values += draw(arrays(np.int64, shape, elements=st.sampled_from((0, 1, -9)), fill=st.just(0)))
    missing = draw(arrays(np.bool_, shape, elements=st.booleans(), fill=st.just(False)))
    missing |= draw(arrays(np.bool_, (2, 4), elements=st.booleans()))[:, :, np.newaxis] & (np.arange(24) < 13)
    quality = np.where(missing, np.uint8(Quality.MISSING), np.uint8(Quality.MEASURED))
    usual = draw(st.sampled_from((0, 240, 1680, 3360, 9600)))
    daily = st.sampled_from((usual, usual, usual, usual + 30, NOT_KNOWN))
    counts = st.sampled_from((24, 24, 24, 24, 11, NOT_KNOWN))
    block = with_facts(
        block_of(np.where(missing, 0, values), quality),
        multiplier=draw(arrays(np.int64, 2, elements=st.sampled_from((1, 10)))),
        capacity_w=draw(arrays(np.int64, 2, elements=st.sampled_from((8000, 90_000)))),
        is_off=draw(arrays(np.int64, 2, elements=st.integers(0, 1))),
        daily_wh=draw(arrays(np.int64, (2, DAYS_BEFORE), elements=daily, fill=st.just(usual))),
        daily_read=draw(arrays(np.int64, (2, DAYS_BEFORE), elements=counts, fill=st.just(24))),
    )
    recent = block.history.recent.copy()
    recent[:, -1] = np.where(draw(st.booleans()), block.values[:, 0], NOT_KNOWN)
    return with_facts(block, recent=recent)


@pytest.mark.parametrize("case", CASES, ids=[case["source"] for case in CASES])
def test_finds_what_the_worked_case_tells(case: dict[str, str]) -> None:
    assert "; ".join(text for _, text in of_days(block_of_case(case))) == case["findings"]


@settings(max_examples=150, deadline=None)
@given(blocks())
def test_agrees_with_the_twin(block: DayBlock) -> None:
    said = of_days(block)
    for row in range(2):
        assert [text for of, text in said if of == row] == Twin(block, row).say()


def test_a_rule_that_is_off_for_a_point_says_nothing_of_it() -> None:
    block = with_facts(block_of(*curve("0x96")), daily_wh=before_of("2400x20"))
    assert [text for _, text in of_days(block)] == ["ZERO_AFTER_USE 0 0-95: 2400 / 1000"]
    off = thresholds_of(severities={Rule.ZERO_AFTER_USE: OFF})
    assert Rule.ZERO_AFTER_USE not in validate_days(block, off).rule


def test_a_day_beyond_all_reason_counts_as_not_known() -> None:
    block = with_facts(block_of(*curve("5x96")), multiplier=column(2**26))
    assert day_energy_wh(block).tolist() == [[5 * 96 * 10 * 2**26]]
    more = with_facts(block_of(*curve("5000x96")), multiplier=column(2**26))
    assert LARGEST_DAY_WH < 5000 * 96 * 10 * 2**26
    assert day_energy_wh(more).tolist() == [[NOT_KNOWN]]


def test_the_days_of_a_block_become_the_history_of_the_next() -> None:
    block = with_facts(block_of(*curve("5x24 | 7x20 -x4 | 1x24 | -1x24")), daily_wh=before_of("9x28"))
    history = advance_history(block, THRESHOLDS)
    assert history.daily_wh[0, -5:].tolist() == [9, 1200, NOT_KNOWN, 240, NOT_KNOWN]
    assert history.daily_read[0, -5:].tolist() == [NOT_KNOWN, 24, 20, 24, 24]
    assert history.recent[0, 0].tolist() == [7] * 20 + [NOT_KNOWN] * 4
    assert history.recent[0, 2].tolist() == [NOT_KNOWN] * 24
