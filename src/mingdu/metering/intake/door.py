"""Takes a batch within the caller's transaction; who may do so was asked before."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import Any

import numpy as np

from mingdu.base import outbox
from mingdu.base.database import transaction_connection
from mingdu.core.types import Bytes, Flags
from mingdu.metering.events import ReadingConflictFound, ReadingsAccepted
from mingdu.metering.models import Evidence
from mingdu.metering.readings import Acceptance, BadRow, Outcome, ReadingBatch
from mingdu.metering.store.buckets import lock_buckets
from mingdu.metering.store.columns import Connection
from mingdu.metering.store.conflicts import Conflicts, write_conflicts
from mingdu.metering.store.curves import Origin
from mingdu.metering.store.layout import KnownPoints, known_points, laid_out_months
from mingdu.metering.zone import zone

from .checks import Checked, Ground, check_curves, check_registers
from .curves import take_curves
from .registers import take_registers


def evidence_number(kind: str, reference: str, sha256: str, by: str, at: datetime) -> int:
    """Return the number of an evidence; the same kind, reference and hash is the same evidence."""
    row, _ = Evidence.objects.get_or_create(
        kind=kind, reference=reference, sha256=sha256, defaults={"received_at": at, "by": by}
    )
    return int(row.pk)


def take_batch(batch: ReadingBatch, unit_ids: frozenset[int] | None, at: datetime) -> Acceptance:
    """
    Take readings in the running transaction; see `operations.accept_readings`.

    unit_ids  units whose points may be touched; others answer as unknown; None: all
    """
    conn = transaction_connection()
    ids = np.concatenate([batch.curves.usage_point_id, batch.registers.usage_point_id])
    lock_buckets(conn, ids)
    points = known_points(conn, ids).within(unit_ids)
    return _take(conn, batch, Ground(points, laid_out_months(conn), at))


def _take(conn: Connection, batch: ReadingBatch, ground: Ground) -> Acceptance:
    origin = Origin(batch.source, batch.evidence_id, ground.at)
    checked = check_curves(batch.curves, ground)
    curves = batch.curves if checked.good.all() else batch.curves.take(checked.good)
    taken = take_curves(conn, curves, batch.intent, origin)
    good_rows = np.flatnonzero(checked.good)
    unlike = tuple(BadRow("curve", int(good_rows[row]), error) for row, error in taken.unlike)
    readings, checked_registers = check_registers(conn, batch.registers, ground)
    taken_registers = take_registers(conn, readings.take(checked_registers.good), batch.intent, origin)
    acceptance = Acceptance(
        _outcomes(taken.outcomes, checked, batch.curves.values.shape),
        _outcomes(taken_registers.outcomes, checked_registers, readings.digits.shape),
        checked.bad + unlike + checked_registers.bad,
    )
    conflicts = Conflicts.joined([taken.conflicts, taken_registers.conflicts])
    found = write_conflicts(conn, conflicts, batch.evidence_id, ground.at)
    events: list[Any] = [*_conflict_events(found, ground.points), *taken_registers.corrected]
    if acceptance.accepted:
        events.append(_accepted(batch, acceptance))
    outbox.publish_all(events, at=ground.at)
    return acceptance


def _outcomes(good_outcomes: Bytes, checked: Checked, shape: tuple[int, ...]) -> Bytes:
    """Put the outcomes of the good rows back among all rows."""
    outcomes = np.full(shape, Outcome.BAD, dtype=np.uint8)
    good: Flags = checked.good
    outcomes[good] = good_outcomes
    return outcomes


def _accepted(batch: ReadingBatch, acceptance: Acceptance) -> ReadingsAccepted:
    return ReadingsAccepted(
        evidence_id=batch.evidence_id,
        source=int(batch.source),
        accepted=acceptance.accepted,
        conflicts=acceptance.conflicts,
        bad=len(acceptance.bad),
    )


def _conflict_events(
    found: list[tuple[int, str, datetime]], points: KnownPoints
) -> list[ReadingConflictFound]:
    """One event for each point, item and civil day."""
    here = zone()
    keyed = sorted((point, item, at.astimezone(here)) for point, item, at in found)
    events = []
    for (point, item, day), group in groupby(keyed, key=lambda each: (each[0], each[1], each[2].date())):
        times = [at for _, _, at in group]
        unit = int(points.units_of(np.array([point]))[0])
        events.append(
            ReadingConflictFound(point, unit, item, day.isoformat(), times[0].isoformat(), len(times))
        )
    return events
