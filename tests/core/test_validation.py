"""The seven rules: worked cases, a twin that walks each curve, days closed one by one or together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from day_blocks import (
    FIRST_DAY,
    LIMITS,
    THRESHOLDS,
    block_of,
    column,
    curve,
    same_columns,
    spoken,
    thresholds_of,
    with_facts,
)
from mingdu.core.day_block import NOT_READ, BlockDays, DayBlock, Freezes
from mingdu.core.findings import Limit, Rule, Severity, join_findings
from mingdu.core.history import advance_history
from mingdu.core.quality import Quality
from mingdu.core.registers import PERIOD_REGISTERS, Register
from mingdu.core.validation import validate_days
from tables import worked_cases

CASES = worked_cases("validation")
STUCK_HOURS, STUCK_MEAN_WH, GAP_INTERVALS = 10, 15, 2
SHORT = thresholds_of(
    {
        Limit.STUCK_HOURS: STUCK_HOURS,
        Limit.STUCK_MEAN_WH: STUCK_MEAN_WH,
        Limit.GAP_INTERVALS: GAP_INTERVALS,
    }
)
# The rules that the twin below knows; those on whole days have a twin of their own.
OF_INTERVALS = (Rule.GAP, Rule.SPIKE, Rule.NEGATIVE, Rule.STUCK, Rule.OVER_CAPACITY)


def block_of_case(case: dict[str, str]) -> DayBlock:
    block = block_of(*curve(case["curve"]))
    facts: dict[str, Any] = {}
    for word in case["facts"].split():
        name, _, number = word.partition("=")
        facts[name] = column(int(number))
    if "p99" in facts:
        facts["like_hour_p99"] = np.repeat(facts["p99"], 24)[np.newaxis]
    if case["total"]:
        facts["total"] = np.array([[reading(text) for text in case["total"].split()]])
    periods = block.freezes.periods.copy()
    words = case["periods"].split()
    for name, ends in zip(words[::2], words[1::2], strict=True):
        periods[0, :2, PERIOD_REGISTERS.index(Register[name])] = [reading(text) for text in ends.split(">")]
    return with_facts(block, periods=periods, **facts)


def reading(text: str) -> int:
    return NOT_READ if text == "-" else int(text)


class Pieces:
    """Findings of one row as they come up, in the words of `spoken`; a piece ends with its run or its day."""

    def __init__(self) -> None:
        self.open: dict[Rule, list[int]] = {}
        self.said: list[tuple[int, int, int, str]] = []

    def look(self, rule: Rule, at: tuple[int, int], run: int, figures: tuple[int, int]) -> None:
        """See one interval: `run` intervals of the rule end here, or none."""
        (day, point), (measured, limit) = at, figures
        if not run:
            self.close(rule, day)
            return
        first, _, before, limit_before, _ = self.open.get(rule, [point, point, measured, limit, run])
        worst = {Rule.GAP: measured, Rule.STUCK: measured, Rule.NEGATIVE: min(before, measured)}
        lowest = min(limit, limit_before)
        self.open[rule] = [first, point, worst.get(rule, max(before, measured)), lowest, run]

    def close(self, rule: Rule, day: int) -> None:
        needed = {Rule.GAP: GAP_INTERVALS, Rule.OVER_CAPACITY: LIMITS[Limit.OVER_CAPACITY_INTERVALS]}
        first, last, measured, limit, run = self.open.pop(rule, [0, 0, 0, 0, -1])
        if run >= needed.get(rule, 0):
            self.said.append((day, rule, first, f"{rule.name} {day} {first}-{last}: {measured} / {limit}"))


def interval_twin(block: DayBlock, row: int) -> list[str]:
    """Findings of one row's curve, walking interval by interval with running counts."""
    factor = int(block.points.wh_per_digit[row] * block.points.multiplier[row])
    capacity_wh = int(block.points.capacity_w[row]) * block.days.interval_minutes // 60
    needed = STUCK_HOURS * 60 // block.days.interval_minutes
    history = block.history
    gap, over, zeros = int(history.gap_run[row]), int(history.over_run[row]), int(history.zero_run[row])
    digits, count = int(history.used_digits[row]), int(history.used_intervals[row])
    pieces = Pieces()
    for at in np.ndindex(block.values.shape[1:]):
        value, missing = int(block.values[row][at]), bool(block.quality[row][at] == Quality.MISSING)
        p99 = int(history.like_hour_p99[row, block.days.hour[at[1]]])
        spike = min(capacity_wh * 12 // 10 // factor, 8 * p99 if p99 else capacity_wh)
        gap = gap + 1 if missing else 0
        over = over + 1 if value * factor * 10 > 11 * capacity_wh else 0
        count, zeros = (count + zeros + 1, 0) if value else (count, zeros + (not missing))
        digits += value
        is_stuck = not value and not missing and zeros >= needed and digits * factor > STUCK_MEAN_WH * count
        pieces.look(Rule.GAP, at, gap, (gap, GAP_INTERVALS))
        pieces.look(Rule.SPIKE, at, value > spike, (value * factor, spike * factor))
        pieces.look(Rule.NEGATIVE, at, value < 0, (value * factor, 0))
        pieces.look(Rule.STUCK, at, is_stuck, (zeros, needed))
        pieces.look(Rule.OVER_CAPACITY, at, over, (value * factor, capacity_wh * 11 // 10))
        for rule in Rule:
            if at[1] == block.values.shape[2] - 1:
                pieces.close(rule, at[0])
    return [text for *_, text in sorted(pieces.said)]


@st.composite
def blocks(draw: st.DrawFn, days: int = 3) -> DayBlock:
    shape = (2, days, 24)
    values = draw(
        arrays(np.int64, shape, elements=st.sampled_from((0, 0, 0, 3, 41, 960, 2000, -2)), fill=st.just(0))
    )
    missing = draw(arrays(np.bool_, shape, elements=st.booleans(), fill=st.just(False)))
    quality = np.where(missing, np.uint8(Quality.MISSING), np.uint8(Quality.MEASURED))
    small = arrays(np.int64, 2, elements=st.integers(0, 12))
    return with_facts(
        block_of(np.where(missing, 0, values), quality),
        gap_run=draw(small),
        over_run=draw(small),
        zero_run=draw(small),
        used_digits=draw(small),
        used_intervals=draw(small),
        like_hour_p99=draw(
            arrays(np.int64, (2, 24), elements=st.sampled_from((0, 5, 5000)), fill=st.just(0))
        ),
        total=draw(arrays(np.int64, (2, days + 1), elements=st.sampled_from((NOT_READ, 5, 9, 99_999_990)))),
        daily_wh=draw(
            arrays(np.int64, (2, 28), elements=st.sampled_from((0, 30, 480, -1)), fill=st.just(9600))
        ),
        daily_read=draw(arrays(np.int64, (2, 28), elements=st.sampled_from((24, 3, -1)), fill=st.just(24))),
        export=draw(arrays(np.int64, (2, days + 1), elements=st.sampled_from((NOT_READ, 5, 9, 90)))),
        demand=draw(arrays(np.int64, (2, days + 1), elements=st.sampled_from((NOT_READ, 5, 9, 90_000)))),
        demand_time=draw(arrays(np.int64, (2, days + 1), elements=st.sampled_from((5, 2000, 9999)))),
        periods=draw(
            arrays(np.int64, (2, days + 1, 5), elements=st.sampled_from((NOT_READ, 0, 4)), fill=st.just(0))
        ),
    )


def freezes_of(block: DayBlock, day: int) -> Freezes:
    """The freezes at both ends of a day; the time of a demand is counted from its own first midnight."""
    ends = {name: column[:, day : day + 2] for name, column in vars(block.freezes).items()}
    ends["demand_time"] = ends["demand_time"] - day * 24 * 60
    return Freezes(**ends)


@pytest.mark.parametrize("case", CASES, ids=[case["source"] for case in CASES])
def test_finds_what_the_worked_case_tells(case: dict[str, str]) -> None:
    findings = validate_days(block_of_case(case), THRESHOLDS)
    assert "; ".join(spoken(findings)) == case["findings"]


@settings(max_examples=80, deadline=None)
@given(blocks())
def test_agrees_with_the_twin(block: DayBlock) -> None:
    findings = validate_days(with_facts(block, total=np.full((2, 4), NOT_READ)), SHORT)
    for row in range(2):
        said = [
            text
            for text, of, rule in zip(spoken(findings), findings.row, findings.rule, strict=True)
            if of == row and rule in OF_INTERVALS
        ]
        assert said == interval_twin(block, row)


@settings(max_examples=60, deadline=None)
@given(blocks())
def test_days_closed_one_by_one_give_what_days_closed_together_give(block: DayBlock) -> None:
    parts, history = [], block.history
    for day in range(3):
        one = DayBlock(
            values=block.values[:, day : day + 1],
            quality=block.quality[:, day : day + 1],
            days=BlockDays(FIRST_DAY + day, block.days.is_rest[day : day + 1], block.days.hour, 60),
            points=block.points,
            freezes=freezes_of(block, day),
            history=history,
        )
        parts.append(validate_days(one, SHORT))
        history = advance_history(one, SHORT)
    assert same_columns(join_findings(parts), validate_days(block, SHORT))
    assert same_columns(history, advance_history(block, SHORT))


@given(blocks(days=1))
def test_severity_is_that_of_the_rule_and_columns_have_their_types(block: DayBlock) -> None:
    findings = validate_days(block, THRESHOLDS)
    expected = np.where(findings.rule == Rule.ROLL_OVER, Severity.HOLD, Severity.TASK)
    assert findings.severity.tolist() == expected.tolist()
    assert {findings.rule.dtype, findings.severity.dtype} == {np.dtype(np.uint8)}
    whole = (findings.row, findings.day, findings.first, findings.last, findings.measured, findings.threshold)
    assert {one.dtype for one in whole} == {np.dtype(np.int64)}


def test_scale_and_multiplier_turn_digits_into_energy() -> None:
    values, quality = curve("5x40 241x1 5x55")
    block = with_facts(block_of(values, quality), multiplier=column(100), capacity_w=column(800_000))
    assert spoken(validate_days(block, THRESHOLDS)) == ["SPIKE 0 40-40: 241000 / 240000"]


def test_no_rows_give_no_findings() -> None:
    block = block_of(*curve("5x96")).take(column())
    assert len(validate_days(block, THRESHOLDS)) == 0
