"""Register readings meet what is stored: what differs is kept beside it, or corrects it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mingdu.core.instants import aware, microseconds
from mingdu.core.merge import merge_day
from mingdu.core.registers import Register
from mingdu.core.types import Bytes, Flags, Ints
from mingdu.metering.events import ReadingsCorrected
from mingdu.metering.readings import Intent, Outcome, RegisterColumns
from mingdu.metering.store.columns import Connection
from mingdu.metering.store.conflicts import Conflicts
from mingdu.metering.store.curves import Origin
from mingdu.metering.store.latest import rounds_of
from mingdu.metering.store.registers import fetch_registers, write_registers

from .curves import merge_outcomes


@dataclass(frozen=True)
class TakenRegisters:
    """outcomes uint8 (row,), the contradictions found, and what was corrected."""

    outcomes: Bytes
    conflicts: Conflicts
    corrected: list[ReadingsCorrected]


def take_registers(
    conn: Connection, readings: RegisterColumns, intent: Intent, origin: Origin
) -> TakenRegisters:
    """
    Write new readings, and next versions of those that a better or correcting value replaces.

    The buckets are locked, the rows checked and their meters known. Nothing stored is ever altered.
    """
    outcomes = np.zeros(len(readings), dtype=np.uint8)
    conflicts = [_contradictions(readings, np.zeros(len(readings), dtype=bool), readings.digits)]
    corrected: list[ReadingsCorrected] = []
    keys = readings.usage_point_id, readings.meter_id, readings.register, microseconds(readings.read_at)
    for rows in rounds_of(*keys):
        taken = _take_round(conn, readings.take(rows), intent, origin)
        outcomes[rows] = taken.outcomes
        conflicts.append(taken.conflicts)
        corrected += taken.corrected
    return TakenRegisters(outcomes, Conflicts.joined(conflicts), corrected)


def _take_round(
    conn: Connection, readings: RegisterColumns, intent: Intent, origin: Origin
) -> TakenRegisters:
    stored = fetch_registers(conn, readings)
    met = readings.take(stored.place)
    merge = merge_day(
        stored.digits[:, None], stored.quality[:, None], met.digits[:, None], met.quality[:, None]
    )
    conflict = merge.conflict[:, 0]
    wins = conflict if intent is Intent.CORRECT else np.zeros_like(conflict)
    replaces = merge.accepted[:, 0] | wins
    version, writes = np.ones(len(readings), dtype=np.int64), np.ones(len(readings), dtype=bool)
    version[stored.place], writes[stored.place] = stored.version + 1, replaces
    write_registers(conn, readings.take(writes), version[writes], origin)
    outcomes = np.full(len(readings), Outcome.ACCEPTED, dtype=np.uint8)
    outcomes[stored.place] = merge_outcomes(merge, met.quality[:, None])[:, 0]
    outcomes[stored.place[wins]] = Outcome.ACCEPTED
    return TakenRegisters(
        outcomes,
        _contradictions(met, conflict & ~wins, stored.digits),
        _corrections(met.take(replaces & (met.digits != stored.digits))),
    )


def _corrections(readings: RegisterColumns) -> list[ReadingsCorrected]:
    points, registers = readings.usage_point_id.tolist(), readings.register.tolist()
    return [
        ReadingsCorrected(point, register, aware(at).isoformat())
        for point, register, at in zip(points, registers, readings.read_at, strict=True)
    ]


def _contradictions(readings: RegisterColumns, conflict: Flags, kept: Ints) -> Conflicts:
    some = readings.take(conflict)
    names = [Register(number).name for number in some.register.tolist()]
    return Conflicts(some.usage_point_id, names, some.read_at, kept[conflict], some.digits)
