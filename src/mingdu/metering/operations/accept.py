"""The one door of readings: socket, file, phone and API alike."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import Any

import numpy as np
from django.db import transaction

from mingdu.base import outbox
from mingdu.base.actors import Actor
from mingdu.base.database import transaction_connection
from mingdu.base.permissions import require, scope
from mingdu.core.types import Bytes, Flags

from ..events import ReadingConflictFound, ReadingsAccepted
from ..models import Evidence
from ..readings import Acceptance, Intent, Outcome, ReadingBatch
from ..store.buckets import lock_buckets
from ..store.columns import Connection
from ..store.conflicts import Conflicts, write_conflicts
from ..store.curves import Origin
from ..store.layout import KnownPoints, known_points, laid_out_months
from ..zone import zone
from .accept_curves import take_curves
from .accept_registers import take_registers
from .checks import Checked, Ground, check_curves, check_registers

VERBS = {Intent.RECORD: "metering.accept_readings", Intent.CORRECT: "metering.correct_readings"}


def record_evidence(kind: str, reference: str, *, sha256: str = "", by: Actor, at: datetime) -> int:
    """
    Say where values come from and return the number of that evidence; the same again is the same number.

    kind       "file", "frame", "phone", "api", "registry", "exchange"
    reference  a file's name, a phone's item, a call's key
    """
    require(by, "metering.accept_readings")
    row, _ = Evidence.objects.get_or_create(
        kind=kind, reference=reference, sha256=sha256, defaults={"received_at": at, "by": by.id}
    )
    return int(row.pk)


def accept_readings(batch: ReadingBatch, *, by: Actor, at: datetime) -> Acceptance:
    """
    Take readings in one transaction; the same twice changes nothing.

    A value that differs from a stored reading is a conflict: both are kept and an event asks a person; under
    Intent.CORRECT it becomes the next version instead. Days that are not closed are merged in place, changes
    of closed days make the next version. A row that cannot be taken is named in `bad`; all others stand.

    at       when it is; readings later than this, and a little, are FutureReading
    returns  Acceptance
    raises   NotPermitted, UnlikeReadingColumns
    """
    require(by, VERBS[batch.intent])
    with transaction.atomic():
        conn = transaction_connection()
        ids = np.concatenate([batch.curves.usage_point_id, batch.registers.usage_point_id])
        lock_buckets(conn, ids)
        points = known_points(conn, ids).within(scope(by, VERBS[batch.intent]).unit_ids)
        ground = Ground(points, laid_out_months(conn), at)
        return _take(conn, batch, ground)


def _take(conn: Connection, batch: ReadingBatch, ground: Ground) -> Acceptance:
    origin = Origin(batch.source, batch.evidence_id, ground.at)
    checked = check_curves(batch.curves, ground)
    curves = batch.curves if checked.good.all() else batch.curves.take(checked.good)
    taken = take_curves(conn, curves, batch.intent, origin)
    readings, checked_registers = check_registers(conn, batch.registers, ground)
    taken_registers = take_registers(conn, readings.take(checked_registers.good), batch.intent, origin)
    acceptance = Acceptance(
        _outcomes(taken.outcomes, checked, batch.curves.values.shape),
        _outcomes(taken_registers.outcomes, checked_registers, readings.digits.shape),
        checked.bad + checked_registers.bad,
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
