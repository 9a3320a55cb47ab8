"""Voltage, current, power factor, lost phases: worked cases and a twin interval by interval."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from day_blocks import THRESHOLDS, block_of, column, curve, spoken, with_facts
from mingdu.core.day_block import NOT_KNOWN, DayBlock
from mingdu.core.findings import Rule
from mingdu.core.quality import Quality
from mingdu.core.validation_electrical import ElectricalCurves, validate_electrical
from tables import worked_cases

CASES = worked_cases("validation_electrical")
PHASES = ("a", "b", "c")
NEEDED = 2


def read(text: str) -> Any:
    """One day of one channel, (1, day, point); nothing when the cell is empty."""
    if not text:
        return np.full((1, 1, 24), NOT_KNOWN, dtype=np.int64)
    values, quality = curve(text)
    return np.where(quality == Quality.MISSING, NOT_KNOWN, values)


def of_case(case: dict[str, str]) -> tuple[DayBlock, ElectricalCurves]:
    block = block_of(*curve(case["curve"]))
    facts = [word.partition("=") for word in case["facts"].split()]
    block = with_facts(block, **{name: column(int(number)) for name, _, number in facts})
    voltage, current = (
        np.stack([read(case[f"{name}_{phase}"]) for phase in PHASES], axis=1) for name in ("volt", "ampere")
    )
    return block, ElectricalCurves(voltage, current, read(case["factor"]))


def twin(block: DayBlock, curves: ElectricalCurves, row: int) -> list[str]:
    said = []
    facts = block.points
    phases = sum(bool((curves.current_ma[row, phase] >= 0).any()) for phase in range(3))
    limit_ma = int(facts.capacity_w[row]) * 12000 // (max(phases, 1) * 2200 * int(facts.multiplier[row]))
    days, points = block.values.shape[1:]
    factor_wh = int(facts.wh_per_digit[row] * facts.multiplier[row])
    load = int(facts.capacity_w[row]) * 100 * block.days.interval_minutes // 60_000 // factor_wh
    for day in range(days):
        hits: dict[Rule, list[tuple[int, int, int]]] = {rule: [] for rule in Rule}
        for point in range(points):
            volts = [int(v) for v in curves.voltage_dv[row, :, day, point] if v >= 0]
            amperes = [int(v) for v in curves.current_ma[row, :, day, point] if v >= 0]
            factor, used = int(curves.factor[row, day, point]), int(block.values[row, day, point])
            is_read = block.quality[row, day, point] != Quality.MISSING
            off = [(1980 - v, v, 1980) for v in volts if 1320 <= v < 1980]
            off += [(v - 2354, v, 2354) for v in volts if v > 2354]
            for depth, volt, limit in off:
                hits[Rule.VOLTAGE_LIMIT].append((point, volt, limit))
                assert depth > 0
            if volts and min(volts) < 1320 and max(volts) >= 1980:
                hits[Rule.PHASE_LOSS].append((point, min(volts), 1320))
            if amperes and max(amperes) > limit_ma:
                hits[Rule.CURRENT_LIMIT].append((point, max(amperes), limit_ma))
            if factor > 1000 or (0 <= factor < 500 and is_read and used > load):
                hits[Rule.POWER_FACTOR_LIMIT].append((point, factor, 1000 if factor > 1000 else 500))
        for rule, found in hits.items():
            said += [f"{rule.name} {day} {text}" for text in runs_of(rule, found)]
    return said


def runs_of(rule: Rule, found: list[tuple[int, int, int]]) -> list[str]:
    """Runs of points that follow each other, each told by its worst figure."""
    points = sorted({point for point, *_ in found})
    texts = []
    for first in [point for point in points if point - 1 not in points]:
        last = next(point for point in range(first, first + 99) if point + 1 not in points)
        figures = [(figure, limit) for point, figure, limit in found if first <= point <= last]
        if rule is Rule.VOLTAGE_LIMIT:
            worst = max(figures, key=lambda pair: (abs(pair[0] - pair[1]), pair[1] == 1980))
        elif rule is Rule.CURRENT_LIMIT:
            worst = max(figures)
        else:
            worst = max(figures) if max(figures)[0] > 1000 and rule is not Rule.PHASE_LOSS else min(figures)
        if last - first + 1 >= NEEDED:
            texts.append(f"{first}-{last}: {worst[0]} / {worst[1]}")
    return texts


@st.composite
def cases(draw: st.DrawFn) -> tuple[DayBlock, ElectricalCurves]:
    def some(shape: tuple[int, ...], *values: int) -> Any:
        return draw(arrays(np.int64, shape, elements=st.sampled_from(values), fill=st.just(values[0])))

    values = some((2, 2, 24), 5, 0, 300)
    missing = some((2, 2, 24), 0, 1) == 1
    quality = np.where(missing, np.uint8(Quality.MISSING), np.uint8(Quality.MEASURED))
    block = with_facts(
        block_of(np.where(missing, 0, values), quality),
        multiplier=column(1, 20),
        capacity_w=column(8000, 90_000),
    )
    voltage = some((2, 3, 2, 24), 2200, NOT_KNOWN, 1979, 1980, 2354, 2400, 1319, 0)
    current = some((2, 3, 2, 24), 5000, NOT_KNOWN, 43_637, 20_000, 8_000, 9_000)
    return block, ElectricalCurves(voltage, current, some((2, 2, 24), 950, NOT_KNOWN, 499, 500, 1001))


@pytest.mark.parametrize("case", CASES, ids=[case["source"] for case in CASES])
def test_finds_what_the_worked_case_tells(case: dict[str, str]) -> None:
    block, curves = of_case(case)
    assert "; ".join(spoken(validate_electrical(block, curves, THRESHOLDS))) == case["findings"]


@settings(max_examples=80, deadline=None)
@given(cases())
def test_agrees_with_the_twin(case: tuple[DayBlock, ElectricalCurves]) -> None:
    block, curves = case
    findings = validate_electrical(block, curves, THRESHOLDS)
    for row in range(2):
        said = [text for text, of in zip(spoken(findings), findings.row, strict=True) if of == row]
        assert sorted(said) == sorted(twin(block, curves, row))
