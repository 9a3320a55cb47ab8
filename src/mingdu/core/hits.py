"""Makes findings of what one rule hit, with the severity that it has for each point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mingdu.core.day_block import DayBlock
from mingdu.core.findings import OFF, Findings, Rule, Thresholds
from mingdu.core.runs import Runs
from mingdu.core.types import Flags, Ints


@dataclass(frozen=True)
class Figures:
    """Measured figure and limit of each finding of one rule, int64 (finding,)."""

    rule: Rule
    measured: Ints
    threshold: Ints


def findings_of(block: DayBlock, thresholds: Thresholds, runs: Runs, figures: Figures) -> Findings:
    """Return one finding a run; none where the rule is off for the point."""
    severity = thresholds.severity_of(figures.rule, block.points.kind[runs.row])
    on = severity != OFF
    if not on.all():
        runs, severity = runs.take(on), severity[on]
        figures = Figures(figures.rule, figures.measured[on], figures.threshold[on])
    return Findings(
        row=runs.row,
        day=runs.day + block.days.first_day,
        rule=np.full(len(runs), figures.rule, dtype=np.uint8),
        first=runs.first,
        last=runs.last,
        measured=figures.measured,
        threshold=figures.threshold,
        severity=severity,
    )


def chosen_findings(
    block: DayBlock, thresholds: Thresholds, runs: Runs, figures: Figures, chosen: Flags
) -> Findings:
    """Return findings of the chosen runs."""
    figures = Figures(figures.rule, figures.measured[chosen], figures.threshold[chosen])
    return findings_of(block, thresholds, runs.take(chosen), figures)


def whole_days(block: DayBlock, row: Ints, day: Ints) -> Runs:
    """Return whole days as runs; `day` is the place in the block."""
    none = np.zeros_like(row)
    return Runs(row, day, none, none + block.values.shape[2] - 1, none, none)


def day_findings(
    block: DayBlock, thresholds: Thresholds, rule: Rule, hits: Flags, figures: tuple[Ints, Ints]
) -> Findings:
    """
    Return one finding a day that a rule hit.

    hits     bool (row, day)
    figures  measured and threshold, int64 (row, day) each
    """
    row, day = np.nonzero(hits)
    measured, threshold = (column[row, day] for column in figures)
    return findings_of(block, thresholds, whole_days(block, row, day), Figures(rule, measured, threshold))
