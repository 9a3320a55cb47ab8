"""Curves meet what is stored: new days are written, open days merged in place, closed days versioned."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mingdu.core.clock import day_of
from mingdu.core.merge import Merge, merge_day
from mingdu.core.quality import ESTIMATED, Quality
from mingdu.core.registers import Channel
from mingdu.core.types import Bytes, Flags, Ints
from mingdu.metering.readings import CurveColumns, Intent, OtherInterval, Outcome
from mingdu.metering.store.columns import Connection
from mingdu.metering.store.conflicts import Conflicts
from mingdu.metering.store.curves import Origin, StoredCurves, fetch_curves, write_curves
from mingdu.metering.store.latest import rounds_of
from mingdu.metering.store.layout import closed_days
from mingdu.metering.zone import day_starts, intervals_minutes

NOT_READ = (*ESTIMATED, Quality.MISSING)


@dataclass(frozen=True)
class Taken:
    """
    What became of some rows.

    outcomes   uint8 of the rows' own shape
    conflicts  the contradictions found
    unlike     rows whose day is stored with another interval or other decimals; they were not taken
    """

    outcomes: Bytes
    conflicts: Conflicts
    unlike: tuple[tuple[int, OtherInterval], ...] = ()


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
    unlike: list[tuple[int, OtherInterval]] = []
    for rows in rounds_of(curves.usage_point_id, curves.day, curves.channel):
        # Usually every row is in the first round; then nothing is copied.
        chosen = curves if len(rows) == len(curves) else curves.take(rows)
        taken = _take_round(conn, chosen, intent, origin)
        outcomes[rows] = taken.outcomes
        conflicts.append(taken.conflicts)
        unlike += [(int(rows[row]), error) for row, error in taken.unlike]
    return Taken(outcomes, Conflicts.joined(conflicts), tuple(unlike))


def _take_round(conn: Connection, curves: CurveColumns, intent: Intent, origin: Origin) -> Taken:
    found = fetch_curves(conn, curves)
    stored = found.take(found.decimals == curves.scale[found.place])
    others = _Others.of(curves, found)
    is_stored = np.zeros(len(curves), dtype=bool)
    is_stored[stored.place] = True
    is_stored[others.row] = True
    outcomes = np.where(
        curves.quality != Quality.MISSING, np.uint8(Outcome.ACCEPTED), np.uint8(Outcome.NOTHING)
    )
    _write_new(conn, curves, ~is_stored & np.any(outcomes, axis=1), origin)
    replaced = others.row[others.gives_way]
    write_versions(conn, curves.take(replaced), others.version[others.gives_way], origin)
    met = curves.take(stored.place)
    merge = merge_day(stored.values, stored.quality, met.values, met.quality)
    if intent is Intent.CORRECT:
        merge = _overruled(merge, met)
    _write_merged(conn, met, stored, merge, origin)
    outcomes[stored.place] = merge_outcomes(merge, met.quality)
    outcomes[others.row[~others.gives_way]] = Outcome.BAD
    return Taken(outcomes, _contradictions(met, merge.conflict, stored.values), others.errors(curves))


@dataclass(frozen=True)
class _Others:
    """
    Rows whose day is stored with another interval or other decimals; one entry each.

    gives_way  nothing of the stored day was read, and something of the arriving one: that replaces it
    """

    row: Ints
    minutes: Ints
    version: Ints
    gives_way: Flags

    @classmethod
    def of(cls, curves: CurveColumns, found: StoredCurves) -> _Others:
        scaled = found.decimals != curves.scale[found.place]
        row = np.concatenate([found.other, found.place[scaled]])
        is_guess = np.concatenate(
            [found.other_is_guess, np.all(np.isin(found.quality[scaled], NOT_READ), axis=1)]
        )
        is_read = ~np.all(np.isin(curves.quality[row], NOT_READ), axis=1)
        minutes = np.concatenate([found.other_minutes, np.zeros(scaled.sum(), dtype=np.int64)])
        version = np.concatenate([found.other_version, found.version[scaled]])
        return cls(row, minutes, version, is_guess & is_read)

    def errors(self, curves: CurveColumns) -> tuple[tuple[int, OtherInterval], ...]:
        """Name the rows that are not taken."""
        refused = zip(self.row[~self.gives_way].tolist(), self.minutes[~self.gives_way].tolist(), strict=True)
        return tuple((row, _other_interval(curves, row, minutes)) for row, minutes in refused)


def _other_interval(curves: CurveColumns, row: int, stored_minutes: int) -> OtherInterval:
    """`stored_minutes` 0: it is the decimals that differ."""
    day, channel = day_of(int(curves.day[row])), Channel(int(curves.channel[row]))
    minutes = int(intervals_minutes(curves.day[[row]], curves.values.shape[1])[0])
    decimals = int(curves.scale[row])
    stored = f"stored in {stored_minutes} minutes" if stored_minutes else "stored with other decimals"
    values: dict[str, Any] = {
        "day": day.isoformat(),
        "channel": channel.name,
        "minutes": minutes,
        "decimals": decimals,
    }
    return OtherInterval(
        f"{channel.name} of {day} in {minutes} minutes, {decimals} decimals, {stored}", **values
    )


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
    minutes = intervals_minutes(curves.day[row], curves.values.shape[1])
    starts = day_starts(curves.day[row]) + np.timedelta64(1, "m") * (minutes * point)
    return Conflicts(curves.usage_point_id[row], names, starts, kept[row, point], curves.values[row, point])
