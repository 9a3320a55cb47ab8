"""Rules on registers: worked cases against curve, reverse energy and demand; a twin in fractions."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from day_blocks import THRESHOLDS, block_of, column, curve, spoken, with_facts
from mingdu.core.day_block import NO_TIME, NOT_READ, BlockDays, DayBlock
from mingdu.core.findings import Rule, join_findings
from mingdu.core.quality import Quality
from mingdu.core.validation_registers import validate_registers
from tables import worked_cases

CASES = worked_cases("validation_registers")


def readings(text: str) -> Any:
    return np.array([[NOT_READ if word == "-" else int(word) for word in text.split()]], dtype=np.int64)


def block_of_case(case: dict[str, str]) -> DayBlock:
    block = block_of(*curve(case["curve"]))
    facts: dict[str, Any] = {
        name: readings(case[name]) for name in ("total", "export", "demand") if case[name]
    }
    if case["demand_time"]:
        facts["demand_time"] = np.array([[NO_TIME, int(case["demand_time"])]])
    for word in case["facts"].split():
        name, _, number = word.partition("=")
        facts[name] = column(int(number))
    return with_facts(block, **facts)


def said_of(block: DayBlock) -> list[str]:
    return spoken(join_findings(validate_registers(block, THRESHOLDS)))


class Twin:
    """Against the curve, reverse energy, demand and clock of one row, day by day in plain numbers."""

    def __init__(self, block: DayBlock, row: int) -> None:
        self.block, self.row, self.freezes = block, row, block.freezes
        self.multiplier = int(block.points.multiplier[row])
        self.factor, self.day_limit = 10 * self.multiplier, int(block.points.capacity_w[row]) * 24
        self.said: list[tuple[int, Rule, str]] = []

    def say(self) -> list[str]:
        for day in range(self.block.values.shape[1]):
            curve_wh = [int(value) * self.factor for value in self.block.values[self.row, day]]
            is_whole = Quality.MISSING not in self.block.quality[self.row, day]
            if is_whole:
                self.against_curve(day, curve_wh)
            self.reverse(day)
            self.demand(day, [max(wh, 0) for wh in curve_wh], is_whole)
        return [text for *_, text in sorted(self.said)]

    def hit(self, day: int, rule: Rule, figure: int, limit: int) -> None:
        self.said.append((day, rule, f"{rule.name} {day} 0-23: {figure} / {limit}"))

    def against_curve(self, day: int, curve_wh: list[int]) -> None:
        start, end = (int(digits) for digits in self.freezes.total[self.row, day : day + 2])
        if NOT_READ in (start, end):
            return
        used = (end - start) * self.factor
        wrapped = used + 10**8 * self.factor
        used = wrapped if used < 0 and wrapped <= self.day_limit else used
        difference = used - sum(curve_wh)
        if 0 <= used <= self.day_limit and abs(difference) > 2 * self.factor:
            self.hit(day, Rule.REGISTERS_AGAINST_INTERVALS, difference, 2 * self.factor)

    def reverse(self, day: int) -> None:
        start, end = (int(digits) for digits in self.freezes.export[self.row, day : day + 2])
        if NOT_READ not in (start, end) and (end - start) * self.factor > 100:
            self.hit(day, Rule.UNEXPECTED_REVERSE, (end - start) * self.factor, 100)

    def demand(self, day: int, curve_wh: list[int], is_whole: bool) -> None:
        low, high = (int(digits) for digits in self.freezes.demand[self.row, day : day + 2])
        if low < 0 or high < low:
            return
        before = self.block.history.recent[self.row, -1] if day == 0 else self.block.values[self.row, day - 1]
        eve_wh = max(int(before[-1]), 0) * self.factor
        watt = int(Fraction(high * self.multiplier, 10))
        least = max(curve_wh)
        most = max(one + next_one for one, next_one in pairwise([eve_wh, *curve_wh])) * 4
        step = self.factor * 4
        least, most = least - least * 20 // 1000 - step, most + most * 20 // 1000 + step
        if is_whole and watt < least:
            self.hit(day, Rule.DEMAND_AGAINST_INTERVALS, watt, least)
        elif is_whole and high > low and watt > most:
            self.hit(day, Rule.DEMAND_AGAINST_INTERVALS, watt, most)
        time = int(self.freezes.demand_time[self.row, day + 1])
        outside = max(day * 1440 - time, time - (day + 1) * 1440, 0)
        if high > low and time != NO_TIME and outside > 5:
            self.hit(day, Rule.CLOCK_DRIFT, outside, 5)


TWINNED = (
    Rule.REGISTERS_AGAINST_INTERVALS,
    Rule.UNEXPECTED_REVERSE,
    Rule.DEMAND_AGAINST_INTERVALS,
    Rule.CLOCK_DRIFT,
)


@st.composite
def blocks(draw: st.DrawFn) -> DayBlock:
    shape = (2, 2, 24)
    values = draw(arrays(np.int64, shape, elements=st.sampled_from((0, 3, 9, 90, -2)), fill=st.just(5)))
    missing = draw(arrays(np.bool_, (2, 2, 1), elements=st.booleans())) & (np.arange(24) == 3)
    quality = np.where(missing, np.uint8(Quality.MISSING), np.uint8(Quality.MEASURED))
    block = block_of(np.where(missing, 0, values), quality)
    freeze = st.sampled_from((NOT_READ, 1000, 1120, 1121, 1124, 1300, 99_999_900, 30))
    export = st.sampled_from((NOT_READ, 0, 0, 7, 30))
    demand = st.sampled_from((NOT_READ, 0, 400, 3000, 5000, 9000))
    times = st.sampled_from((NO_TIME, -7, -5, 700, 1440, 1445, 1446, 2890))
    recent = block.history.recent.copy()
    recent[:, -1, -1] = draw(st.sampled_from((-1, 0, 80)))
    return with_facts(
        block,
        multiplier=draw(arrays(np.int64, 2, elements=st.sampled_from((1, 20)))),
        capacity_w=column(8000, 200_000),
        total=draw(arrays(np.int64, (2, 3), elements=freeze, fill=st.nothing())),
        export=np.sort(draw(arrays(np.int64, (2, 3), elements=export, fill=st.nothing())), axis=1),
        demand=draw(arrays(np.int64, (2, 3), elements=demand, fill=st.nothing())),
        demand_time=draw(arrays(np.int64, (2, 3), elements=times, fill=st.nothing())),
        recent=recent,
    )


@pytest.mark.parametrize("case", CASES, ids=[case["source"] for case in CASES])
def test_finds_what_the_worked_case_tells(case: dict[str, str]) -> None:
    assert "; ".join(said_of(block_of_case(case))) == case["findings"]


@settings(max_examples=150, deadline=None)
@given(blocks())
def test_agrees_with_the_twin(block: DayBlock) -> None:
    findings = join_findings(validate_registers(block, THRESHOLDS))
    for row in range(2):
        said = [
            text
            for text, of, rule in zip(spoken(findings), findings.row, findings.rule, strict=True)
            if of == row and rule in TWINNED
        ]
        assert said == Twin(block, row).say()


def test_a_finer_curve_is_not_blamed_for_the_cut_digits_of_its_registers() -> None:
    """Registers end at 10 Wh; the curve knows single ones, so that 20 of its digits may be cut off."""
    block = block_of(*curve("5x96"))
    finer = with_facts(block, wh_per_digit=column(1), total=np.array([[1000, 1500]]))
    assert said_of(finer) == []
    assert said_of(with_facts(finer, total=np.array([[1000, 1510]]))) == [
        "REGISTERS_AGAINST_INTERVALS 0 0-95: 30 / 20"
    ]


def test_short_intervals_may_lie_above_the_highest_quarter_of_an_hour() -> None:
    """A minute of 6 kW is 0.4 kW over a quarter of an hour; a demand of 3 kW is more than it can be."""
    values, quality = curve("0x700 10x1 0x739")
    block = block_of(values, quality)
    block = DayBlock(
        block.values, block.quality, BlockDays(20_788, np.zeros(1, dtype=bool), np.arange(1440) // 60, 1),
        block.points, block.freezes, block.history,
    )  # fmt: skip
    quiet = with_facts(block, demand=np.array([[0, 4000]]))
    assert said_of(quiet) == []
    loud = with_facts(block, demand=np.array([[0, 100_000]]))
    assert [text.split()[0] for text in said_of(loud)] == ["DEMAND_AGAINST_INTERVALS"]
