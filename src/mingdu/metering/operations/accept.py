"""The one door of readings: socket, file, phone and API alike."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from mingdu.base.actors import Actor
from mingdu.base.permissions import require, scope
from mingdu.metering.intake.door import evidence_number, take_batch
from mingdu.metering.readings import Acceptance, Intent, ReadingBatch

VERBS = {Intent.RECORD: "metering.accept_readings", Intent.CORRECT: "metering.correct_readings"}


def record_evidence(kind: str, reference: str, *, sha256: str = "", by: Actor, at: datetime) -> int:
    """
    Say where values come from and return the number of that evidence; the same again is the same number.

    kind       "file", "frame", "phone", "api"
    reference  a file's name, a phone's item, a call's key
    """
    require(by, "metering.accept_readings")
    return evidence_number(kind, reference, sha256, by.id, at)


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
        return take_batch(batch, scope(by, VERBS[batch.intent]).unit_ids, at)
