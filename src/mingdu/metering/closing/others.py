"""Findings of the rules that need more than energy curves: each looks only at the points that have it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np

from mingdu.core.clock import day_of
from mingdu.core.day_block import NOT_READ, RECENT_DAYS, DayBlock
from mingdu.core.findings import Findings, Rule, join_findings
from mingdu.core.types import Flags, Ints
from mingdu.core.validation_electrical import validate_electrical
from mingdu.core.validation_meters import swapped_meters, validate_new_meters
from mingdu.core.validation_shifts import shifted_intervals
from mingdu.metering.store.columns import Connection
from mingdu.metering.store.curves import Days
from mingdu.metering.store.profiles import USUAL
from mingdu.metering.zone import midnight

from .block import BucketDays
from .electrical import points_with_curves, read_electrical
from .freezes import read_freezes
from .new_meters import read_new_meters


def other_findings(conn: Connection, fetched: BucketDays, findings: Findings) -> Findings:
    """Return the findings of a step with those of the rules on other channels, meters and shifted curves."""
    read = fetched.block.without_estimates()
    parts = [findings, swapped_meters(read, fetched.area, fetched.thresholds)]
    parts += _of_new_meters(conn, fetched)
    parts += _electrical(conn, fetched, read)
    parts += _shifted(conn, fetched, read, findings)
    return join_findings(parts)


def _of_new_meters(conn: Connection, fetched: BucketDays) -> list[Findings]:
    new = read_new_meters(conn, fetched)
    return [] if new is None else [validate_new_meters(fetched.block, new, fetched.thresholds)]


def _electrical(conn: Connection, fetched: BucketDays, block: DayBlock) -> list[Findings]:
    days = Days(block.days.first_day, *block.values.shape[1:])
    rows, present = points_with_curves(conn, fetched.ids, days)
    if not len(rows):
        return []
    curves = read_electrical(conn, fetched.ids[rows], days, present)
    found = validate_electrical(block.take(rows), curves, fetched.thresholds)
    return [_in_block(found, rows)]


def _shifted(conn: Connection, fetched: BucketDays, block: DayBlock, findings: Findings) -> list[Findings]:
    """Look for a shift where registers and intervals differ; the midnights before are read only for these."""
    differs = findings.rule == Rule.REGISTERS_AGAINST_INTERVALS
    suspect: Flags = np.zeros(block.values.shape[:2], dtype=bool)
    suspect[findings.row[differs], findings.day[differs] - block.days.first_day] = True
    rows = np.flatnonzero(suspect.any(axis=1))
    if not len(rows):
        return []
    few = block.take(rows)
    before = _totals_before(conn, fetched, rows, few.freezes.total[:, 0])
    return [_in_block(shifted_intervals(few, before, suspect[rows], fetched.thresholds), rows)]


def _totals_before(conn: Connection, fetched: BucketDays, rows: Ints, first: Ints) -> Ints:
    """Return the totals of the midnights before the block; NOT_READ where a meter was exchanged."""
    day = day_of(fetched.block.days.first_day)
    midnights = [midnight(day - timedelta(days=back)) for back in range(RECENT_DAYS, -1, -1)]
    finer = fetched.profile.decimals - USUAL.decimals
    digit_count = fetched.block.points.digit_count[rows] - finer
    total = read_freezes(conn, fetched.ids[rows], midnights, digit_count).finer(finer).total
    # Across an exchange the registers are joined from the first midnight asked for: not the block's.
    is_joined = total[:, -1] != first
    return np.where(is_joined[:, np.newaxis], NOT_READ, total[:, :-1])


def _in_block(found: Findings, rows: Ints) -> Findings:
    """Give findings of some rows the rows of their block."""
    return replace(found, row=rows[found.row])
