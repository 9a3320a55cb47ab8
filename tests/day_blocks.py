"""Blocks of days for tests: written as a clerk writes them, or of plain defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np

from mingdu.core.day_block import BlockDays, DayBlock, Freezes, History, PointFacts
from mingdu.core.findings import Findings, Limit, Rule, Severity, Thresholds
from mingdu.core.quality import Quality
from mingdu.core.types import Bytes, Ints

# Every rule is on. Rules on whole days have limits that the cases of single intervals do not meet by chance.
LIMITS = {
    Limit.GAP_INTERVALS: 1,
    Limit.SPIKE_CAPACITY_TIMES: 1200,
    Limit.SPIKE_LIKE_HOURS_TIMES: 8000,
    Limit.STUCK_HOURS: 48,
    Limit.STUCK_MEAN_WH: 20,
    Limit.OVER_CAPACITY_TIMES: 1100,
    Limit.OVER_CAPACITY_INTERVALS: 2,
    Limit.PERIOD_DIGITS: 1,
    Limit.DROP_MEAN_SHARE: 100,
    Limit.DROP_MEAN_WH: 1000,
    Limit.DROP_DAYS: 7,
    Limit.ZERO_MEAN_WH: 1000,
    Limit.ZERO_DAYS: 7,
    Limit.USE_WH: 500,
    Limit.USE_ZERO_DAYS: 7,
    Limit.INTERVALS_DIGITS: 2,
    Limit.INTERVALS_SHARE: 0,
    Limit.REVERSE_WH: 100,
    Limit.VOLTAGE_NOMINAL_DV: 2200,
    Limit.VOLTAGE_LOW_SHARE: 900,
    Limit.VOLTAGE_HIGH_SHARE: 1070,
    Limit.VOLTAGE_INTERVALS: 2,
    Limit.CURRENT_CAPACITY_TIMES: 1200,
    Limit.CURRENT_NOMINAL_DV: 2200,
    Limit.CURRENT_INTERVALS: 2,
    Limit.FACTOR_LEAST_SHARE: 500,
    Limit.FACTOR_LOAD_SHARE: 100,
    Limit.FACTOR_INTERVALS: 2,
    Limit.LOSS_NOMINAL_DV: 2200,
    Limit.LOSS_LOW_SHARE: 600,
    Limit.LOSS_OTHER_SHARE: 900,
    Limit.LOSS_INTERVALS: 2,
    Limit.MULTIPLIER_NEAR_SHARE: 100,
    Limit.MULTIPLIER_DAYS: 7,
    Limit.MULTIPLIER_CAPACITY_W: 50_000,
    Limit.CLOCK_MINUTES: 5,
    Limit.DUPLICATE_INTERVALS: 12,
    Limit.DUPLICATE_CHANGES: 6,
    Limit.SHIFT_INTERVALS: 4,
    Limit.DEMAND_SHARE: 20,
    Limit.SWAP_TIMES: 1800,
    Limit.SWAP_NEAR_SHARE: 150,
    Limit.SWAP_DAYS: 7,
    Limit.PROVISIONAL_DAYS: 3,
    Limit.SUSPENDED_WH: 200,
    Limit.LINEAR_MINUTES: 120,
    Limit.LIKE_DAYS_MINUTES: 7 * 24 * 60,
    Limit.LINEAR_LOW_SHARE: 500,
    Limit.LINEAR_HIGH_SHARE: 2000,
    Limit.LIKE_DAYS_LOW_SHARE: 600,
    Limit.LIKE_DAYS_HIGH_SHARE: 1500,
    Limit.PROFILE_LOW_SHARE: 300,
    Limit.PROFILE_HIGH_SHARE: 3000,
    Limit.FLAT_LOW_SHARE: 0,
    Limit.FLAT_HIGH_SHARE: 5000,
}
SEVERITIES = {rule: Severity.HOLD if rule is Rule.ROLL_OVER else Severity.TASK for rule in Rule}


def thresholds_of(
    limits: Mapping[Limit, int] | None = None, severities: Mapping[Rule, int] | None = None
) -> Thresholds:
    """One kind of point: the plain limits and severities with some others in their place."""
    figures = np.zeros((1, max(Limit) + 1), dtype=np.int64)
    marks = np.zeros((1, max(Rule) + 1), dtype=np.uint8)
    for limit, figure in {**LIMITS, **(limits or {})}.items():
        figures[0, limit] = figure
    for rule, severity in {**SEVERITIES, **(severities or {})}.items():
        marks[0, rule] = severity
    return Thresholds(figures, marks, np.array([2, 5, 10, 20, 30, 40], dtype=np.int64))


THRESHOLDS = thresholds_of()
FIRST_DAY = 20_788  # 2026-12-01


def column(*numbers: int) -> Ints:
    return np.array(numbers, dtype=np.int64)


def curve(text: str) -> tuple[Ints, Bytes]:
    """Read "5x40 -x4 5x52 | 7x96": value × times, a dash is missing, a bar is midnight. One row."""
    values, quality = [], []
    for day in text.split("|"):
        parts = [part.partition("x") for part in day.split()]
        tokens = [value for value, _, times in parts for _ in range(int(times or 1))]
        values.append([0 if token == "-" else int(token) for token in tokens])
        quality.append([Quality.MISSING if token == "-" else Quality.MEASURED for token in tokens])
    return np.array([values], dtype=np.int64), np.array([quality], dtype=np.uint8)


def block_of(values: Ints, quality: Bytes) -> DayBlock:
    """A block of homes of 8 kW, 0.01 kWh a digit, without registers and history."""
    rows, days, points = values.shape
    ones = np.ones(rows, dtype=np.int64)
    return DayBlock(
        values=values,
        quality=quality,
        days=BlockDays(
            FIRST_DAY, np.zeros(days, dtype=bool), np.arange(points) * 24 // points, 24 * 60 // points
        ),
        points=PointFacts(ones * 8000, ones * 10, ones, ones * 8, ones * 0, ones * 0),
        freezes=Freezes.unread(rows, days),
        history=History.unknown(rows, points),
    )


def with_facts(block: DayBlock, **facts: Any) -> DayBlock:
    """The block with other facts of points, freezes or history, named by their field."""
    parts: dict[str, Any] = {}
    for part in ("points", "freezes", "history"):
        whole = getattr(block, part)
        named = {field.name for field in fields(whole)} & facts.keys()
        parts[part] = replace(whole, **{name: facts[name] for name in named})
    return replace(block, **parts)


def spoken(findings: Findings) -> list[str]:
    """Findings as text: "SPIKE 0 40-41: 300 > 240" with the day counted from the first."""
    return [
        f"{Rule(findings.rule[k]).name} {findings.day[k] - FIRST_DAY} "
        f"{findings.first[k]}-{findings.last[k]}: {findings.measured[k]} / {findings.threshold[k]}"
        for k in range(len(findings))
    ]


def same_columns(one: Any, other: Any) -> bool:
    """Whether two facts of columns hold the same, bit for bit."""
    names = [field.name for field in fields(one)]
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)
