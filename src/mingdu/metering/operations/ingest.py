"""Ingest: frames of the inbox become readings; each frame is marked done or keeps its named error."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise

import numpy as np
import psycopg
from django.db import InterfaceError, OperationalError, transaction

from mingdu.base.actors import SYSTEM
from mingdu.base.attempts import attempt
from mingdu.base.permissions import require
from mingdu.core.instants import instant64
from mingdu.core.quality import Quality
from mingdu.core.registers import Channel
from mingdu.core.types import Ints
from mingdu.errors import TradeError
from mingdu.metering.intake.days import Intervals, gather_days
from mingdu.metering.intake.door import evidence_number, take_batch
from mingdu.metering.intake.frames import Asked, RecordSaid, Said, read_answer
from mingdu.metering.models import InboxFrame, Installation, Meter, Poll
from mingdu.metering.readings import (
    Acceptance,
    NotInstalled,
    ReadingBatch,
    RegisterColumns,
    Source,
)
from mingdu.metering.zone import INTERVAL_MINUTES, zone
from mingdu.rulebook.meters import MeterModel, meter_models

ERROR_CHARACTERS = 200
# What the database, not the frame, is to blame for.
LOST = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
STEP = timedelta(minutes=INTERVAL_MINUTES)


class UnknownMeter(TradeError):
    """A frame from a meter address that is not registered."""

    next_step = "register the meter; the frame is kept and can be taken again"


@dataclass
class _Rows:
    """Readings of all frames as they are gathered; the frame's place in the batch stands last, from 1."""

    registers: list[tuple[int, int, int, datetime, int, int]] = field(default_factory=list)
    intervals: list[tuple[int, datetime, int, int]] = field(default_factory=list)


def ingest_inbox(*, at: datetime, most: int) -> int:
    """
    Take up to `most` waiting frames in one transaction; returns how many there were.

    Several may run at once: each takes frames that no other holds. A frame that cannot be read keeps the
    name of its error and blocks no other.
    """
    require(SYSTEM, "metering.accept_readings")
    with transaction.atomic():
        frames = _waiting(most)
        if frames:
            _ingest(frames, at)
    return len(frames)


def ingest_one(*, at: datetime) -> bool:
    """
    Take the first waiting frame by itself, after one among many has failed in a way that nobody foresaw.

    returns  False when none waits
    raises   what nobody foresaw, after it was kept on the frame, which then blocks no other; a lost
             database is no fault of the frame and leaves it waiting
    """
    require(SYSTEM, "metering.accept_readings")
    frames: list[InboxFrame] = []

    def set_aside(failure: Exception) -> bool:
        if not frames or isinstance(failure, LOST):
            return False
        error = f"{type(failure).__name__}: {failure}"[:ERROR_CHARACTERS]
        waiting = InboxFrame.objects.filter(pk=frames[0].pk, ingested_at__isnull=True)
        return bool(waiting.update(ingested_at=at, error=error))

    with attempt(set_aside):
        frames += _waiting(1)
        if frames:
            _ingest(frames, at)
    return bool(frames)


def _waiting(most: int) -> list[InboxFrame]:
    waiting = InboxFrame.objects.filter(ingested_at__isnull=True)
    return list(waiting.select_for_update(skip_locked=True).order_by("id")[:most])


def _ingest(frames: list[InboxFrame], at: datetime) -> None:
    meters = _meters(frames)
    days = dict(Poll.objects.filter(pk__in=[frame.poll_id for frame in frames]).values_list("pk", "day"))
    models, rows = meter_models(), _Rows()
    for place, frame in enumerate(frames, start=1):
        frame.ingested_at = at
        try:
            frame.error = _read(frame, place, meters, models, days, rows)[:ERROR_CHARACTERS]
        except TradeError as error:
            frame.error = f"{error.name}: {error.message}"[:ERROR_CHARACTERS]
    _take(frames, rows, at)
    InboxFrame.objects.bulk_update(frames, ["ingested_at", "error"], batch_size=1000)


def _meters(frames: list[InboxFrame]) -> dict[str, Meter]:
    addresses = {frame.meter_address for frame in frames}
    found = Meter.objects.filter(meter_address__in=addresses).prefetch_related("installations")
    return {meter.meter_address: meter for meter in found}


def _read(
    frame: InboxFrame,
    place: int,
    meters: dict[str, Meter],
    models: dict[str, MeterModel],
    days: dict[int, date],
    rows: _Rows,
) -> str:
    """Read one frame into the rows; returns what is wrong with a part of it, or nothing."""
    meter = meters.get(frame.meter_address)
    if meter is None:
        raise UnknownMeter(f"meter {frame.meter_address}", meter_address=frame.meter_address)
    day = days.get(frame.poll_id) if frame.poll_id else None
    tariffs = models[meter.model].tariffs
    said = read_answer(bytes(frame.raw), Asked(frame.received_at, day, tariffs, zone()))
    _gather(said, meter, place, rows)
    return said.bad


def _gather(said: Said, meter: Meter, place: int, rows: _Rows) -> None:
    registers = [
        (
            _hung(meter, each.read_at).usage_point_id,
            meter.pk,
            int(each.register),
            each.read_at,
            each.digits,
            place,
        )
        for each in said.registers
    ]
    intervals = [
        (_hung(meter, begin).usage_point_id, begin, digits, place)
        for begin, digits in interval_digits(said.records, meter.digits)
    ]
    rows.registers += registers
    rows.intervals += intervals


def interval_digits(records: list[RecordSaid], digit_count: int) -> list[tuple[datetime, int]]:
    """
    Return begin and digits of every interval between two records that follow each other.

    A fall by more than half the register's span is a roll-over; a smaller one stays negative.
    """
    wraps_at = 10**digit_count
    ordered = sorted({record.at: record.digits for record in records}.items())
    found = []
    for (begin, before), (end, after) in pairwise(ordered):
        if end - begin == STEP:
            used = after - before
            found.append((begin, used + wraps_at if used < -wraps_at // 2 else used))
    return found


def _hung(meter: Meter, moment: datetime) -> Installation:
    for installation in meter.installations.all():
        ended = installation.valid_to is not None and moment > installation.valid_to
        if installation.valid_from <= moment and not ended:
            return installation
    raise NotInstalled(
        f"meter {meter.meter_number} hung nowhere at {moment.isoformat()}", meter=meter.meter_number
    )


def _take(frames: list[InboxFrame], rows: _Rows, at: datetime) -> None:
    reference = f"inbox:{frames[0].pk}-{frames[-1].pk}"
    evidence = evidence_number("frame", reference, "", SYSTEM.id, at)
    readings, register_frame = _register_columns(rows)
    batch = ReadingBatch(Source.SOCKET, evidence, registers=readings)
    _keep_errors(frames, take_batch(batch, None, at), register_frame[:, np.newaxis])
    for curves, origin in gather_days(_interval_columns(rows)):
        batch = ReadingBatch(Source.SOCKET, evidence, curves=curves)
        _keep_errors(frames, take_batch(batch, None, at), origin)


def _keep_errors(frames: list[InboxFrame], acceptance: Acceptance, origin: Ints) -> None:
    """Write the error of each refused row on the frames that brought it; origin int64 (row, …), 0: none."""
    for bad in acceptance.bad:
        for place in np.unique(origin[bad.row][origin[bad.row] > 0]).tolist():
            error = f"{bad.error.name}: {bad.error.message}"[:ERROR_CHARACTERS]
            frames[place - 1].error = frames[place - 1].error or error


def _register_columns(rows: _Rows) -> tuple[RegisterColumns, Ints]:
    whole = np.array([(*row[:3], *row[4:]) for row in rows.registers], dtype=np.int64).reshape(-1, 5)
    read_at = np.array([instant64(row[3]) for row in rows.registers], dtype="datetime64[us]")
    quality = np.full(len(whole), Quality.MEASURED, dtype=np.uint8)
    readings = RegisterColumns(whole[:, 0], whole[:, 1], whole[:, 2], read_at, whole[:, 3], quality)
    return readings, whole[:, 4]


def _interval_columns(rows: _Rows) -> Intervals:
    whole = np.array([(row[0], *row[2:]) for row in rows.intervals], dtype=np.int64).reshape(-1, 3)
    begin = np.array([instant64(row[1]) for row in rows.intervals], dtype="datetime64[us]")
    channel = np.full(len(whole), Channel.IMPORT, dtype=np.int64)
    quality = np.full(len(whole), Quality.MEASURED, dtype=np.uint8)
    return Intervals(whole[:, 0], channel, begin, whole[:, 1], quality, whole[:, 2])
