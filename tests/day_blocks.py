"""Blocks of days for tests: written as a clerk writes them, or of plain defaults."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np

from mingdu.core.day_block import NOT_READ, BlockDays, DayBlock, Freezes, History, PointFacts
from mingdu.core.findings import Findings, Rule, Severity, Thresholds
from mingdu.core.quality import Quality
from mingdu.core.registers import PERIOD_REGISTERS
from mingdu.core.types import Bytes, Ints

THRESHOLDS = Thresholds(
    gap_intervals=1,
    spike_capacity_permille=1200,
    spike_like_hours_permille=8000,
    stuck_hours=48,
    stuck_mean_wh=20,
    over_capacity_permille=1100,
    over_capacity_intervals=2,
    period_tolerance_digits=1,
    linear_minutes=120,
    like_days_minutes=7 * 24 * 60,
    severities={rule: Severity.HOLD if rule is Rule.ROLL_OVER else Severity.TASK for rule in Rule},
)
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
    registers = (rows, days + 1, len(PERIOD_REGISTERS))
    return DayBlock(
        values=values,
        quality=quality,
        days=BlockDays(
            FIRST_DAY, np.zeros(days, dtype=bool), np.arange(points) * 24 // points, 24 * 60 // points
        ),
        points=PointFacts(ones * 8000, ones * 10, ones, ones * 8),
        freezes=Freezes(np.full((rows, days + 1), NOT_READ), np.full(registers, NOT_READ)),
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
