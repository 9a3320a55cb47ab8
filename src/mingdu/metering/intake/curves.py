"""Curves meet what is stored: new days are written, open days merged in place, closed days versioned."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mingdu.core.merge import Merge, merge_day
from mingdu.core.quality import Quality
from mingdu.core.registers import Channel
from mingdu.core.types import Bytes, Flags, Ints
from mingdu.metering.readings import CurveColumns, Intent, Outcome
from mingdu.metering.store.columns import Connection
from mingdu.metering.store.conflicts import Conflicts
from mingdu.metering.store.curves import Origin, StoredCurves, fetch_curves, write_curves
from mingdu.metering.store.latest import rounds_of
from mingdu.metering.store.layout import closed_days
from mingdu.metering.zone import INTERVAL, day_starts


@dataclass(frozen=True)
class Taken:
    """What became of some rows: outcomes uint8 of the rows' own shape, and the contradictions found."""

    outcomes: Bytes
    conflicts: Conflicts


def take_curves(conn: Connection, curves: CurveColumns, intent: Intent, origin: Origin) -> Taken:
    """
    Merge curves into the stored ones and write what changed.

    The buckets are locked and the rows checked. A key that comes several times meets its own earlier rows.
    """
    missing = curves.quality == Quality.MISSING
    if missing.any():
        curves = replace(curves, values=np.where(missing, 0, curves.values))
    outcomes = np.zeros(curves.values.shape, dtype=np.uint8)
    conflicts = [_contradictions(curves, np.zeros(curves.values.shape, dtype=bool), curves.values)]
    for rows in rounds_of(curves.usage_point_id, curves.day, curves.channel):
        # Usually every row is in the first round; then nothing is copied.
        chosen = curves if len(rows) == len(curves) else curves.take(rows)
        taken = _take_round(conn, chosen, intent, origin)
        outcomes[rows] = taken.outcomes
        conflicts.append(taken.conflicts)
    return Taken(outcomes, Conflicts.joined(conflicts))


def _take_round(conn: Connection, curves: CurveColumns, intent: Intent, origin: Origin) -> Taken:
    stored = fetch_curves(conn, curves)
    is_stored = np.zeros(len(curves), dtype=bool)
    is_stored[stored.place] = True
    outcomes = np.where(
        curves.quality != Quality.MISSING, np.uint8(Outcome.ACCEPTED), np.uint8(Outcome.NOTHING)
    )
    _write_new(conn, curves, ~is_stored & np.any(outcomes, axis=1), origin)
    met = curves.take(stored.place)
    merge = merge_day(stored.values, stored.quality, met.values, met.quality)
    if intent is Intent.CORRECT:
        merge = _overruled(merge, met)
    _write_merged(conn, met, stored, merge, origin)
    outcomes[stored.place] = merge_outcomes(merge, met.quality)
    return Taken(outcomes, _contradictions(met, merge.conflict, stored.values))


def merge_outcomes(merge: Merge, arriving: Bytes) -> Bytes:
    """Name what became of each arriving value; uint8 Outcome of the same shape."""
    outcomes = np.where(arriving != Quality.MISSING, np.uint8(Outcome.SAME), np.uint8(Outcome.NOTHING))
    outcomes[merge.accepted] = Outcome.ACCEPTED
    outcomes[merge.conflict] = Outcome.CONFLICT
    return outcomes


def _write_new(conn: Connection, curves: CurveColumns, is_new: Flags, origin: Origin) -> None:
    new = curves if is_new.all() else curves.take(is_new)
    first = np.ones(len(new), dtype=np.int64)
    write_curves(conn, new, first, np.zeros(len(new), dtype=bool), origin)


def _write_merged(
    conn: Connection, met: CurveColumns, stored: StoredCurves, merge: Merge, origin: Origin
) -> None:
    changed: Flags = np.any(merge.accepted, axis=1)
    if not changed.any():
        return
    whole = replace(met, values=merge.values, quality=merge.quality).take(changed)
    write_versions(conn, whole, stored.version[changed], origin)


def write_versions(conn: Connection, curves: CurveColumns, stored_version: Ints, origin: Origin) -> None:
    """Write changed curves: in place while their day is open, as the next version when it is closed."""
    closed = closed_days(conn, curves.usage_point_id, curves.day)
    in_place = ~closed & (stored_version > 0)
    write_curves(conn, curves, np.where(in_place, stored_version, stored_version + 1), in_place, origin)


def _overruled(merge: Merge, arriving: CurveColumns) -> Merge:
    """A correction wins where reading stands against reading."""
    wins = merge.conflict
    return Merge(
        values=np.where(wins, arriving.values, merge.values),
        quality=np.where(wins, arriving.quality, merge.quality),
        accepted=merge.accepted | wins,
        same=merge.same,
        conflict=np.zeros_like(wins),
    )


def _contradictions(curves: CurveColumns, conflict: Flags, kept: Ints) -> Conflicts:
    row, point = np.nonzero(conflict)
    names = [Channel(number).name for number in curves.channel[row].tolist()]
    starts = day_starts(curves.day[row]) + INTERVAL * point
    return Conflicts(curves.usage_point_id[row], names, starts, kept[row, point], curves.values[row, point])
