"""The phone's sync door (现场抄表同步): item by item, each in its own transaction, the same item twice once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

import numpy as np
from django.db import transaction

from mingdu.base.actors import Actor
from mingdu.base.outbox import publish
from mingdu.base.permissions import require
from mingdu.core.quality import Quality
from mingdu.core.registers import Register
from mingdu.errors import TradeError
from mingdu.metering.operations import accept_readings, record_evidence
from mingdu.metering.queries.facts import PointFacts, point_facts
from mingdu.metering.readings import (
    WHICHEVER_METER,
    Acceptance,
    CurveColumns,
    Intent,
    Outcome,
    ReadingBatch,
    RegisterColumns,
    Source,
)
from mingdu.work.operations import complete_task
from mingdu.work.queries import TaskView, task_by_id

from .events import FieldReadingSynced
from .models import FieldReading

MOST_ITEMS = 500
DIGITS_PER_KWH = 100


class UnknownRereadTask(TradeError):
    """There is no such open re-read for this reader."""

    next_step = "refresh the route"


class BadFieldValue(TradeError):
    """What was typed is not a register value with at most two decimals."""

    next_step = "type the digits as the register shows them"


class TooManyItems(TradeError):
    """One sync carries more items than it may."""

    next_step = "send the items in smaller parts"


@dataclass(frozen=True)
class FieldItem:
    """
    What a reader's phone sends for one register.

    client_id   the phone's own number of the item; unique for ever
    value       kWh as the register shows, decimal text
    read_at     the instant it shows: the freeze that the task asks for
    taken_at    when the reader stood there
    """

    client_id: str
    task_id: int
    register: Register
    value: str
    read_at: datetime
    taken_at: datetime
    photo_id: int | None = None
    outcome: str = "read"


@dataclass(frozen=True)
class ItemResult:
    """What became of one item: "accepted", "same", or the name of its error."""

    client_id: str
    status: str
    message: str = ""


def sync(items: list[FieldItem], *, by: Actor, at: datetime) -> list[ItemResult]:
    """
    Take what a phone sends; a bad item never holds back the others, and nothing is stored twice.

    raises  TooManyItems, NotPermitted
    """
    require(by, "rounds.sync")
    if len(items) > MOST_ITEMS:
        raise TooManyItems(f"{len(items)} items", items=len(items), most=MOST_ITEMS)
    return [_sync_one(item, by=by, at=at) for item in items]


def _sync_one(item: FieldItem, *, by: Actor, at: datetime) -> ItemResult:
    try:
        with transaction.atomic():
            return _store(item, by=by, at=at)
    except TradeError as error:
        return ItemResult(item.client_id, error.name, error.message)


def _store(item: FieldItem, *, by: Actor, at: datetime) -> ItemResult:
    task = task_by_id(by, item.task_id)
    if task is None or task.kind != "reread":
        raise UnknownRereadTask(f"no re-read {item.task_id}", task=item.task_id)
    point = point_facts([task.details["usage_point"]])[task.details["usage_point"]]
    reading, is_new = FieldReading.objects.get_or_create(
        client_id=item.client_id,
        defaults={
            "task_id": item.task_id,
            "usage_point_id": point.id,
            "register": item.register,
            "digits": _digits(item.value),
            "read_at": item.read_at,
            "taken_at": item.taken_at,
            "synced_at": at,
            "reader": by.id,
            "photo_id": item.photo_id,
            "outcome": item.outcome,
        },
    )
    if not is_new:
        return ItemResult(item.client_id, "same")
    acceptance = _enter(reading, point, by=by, at=at)
    if acceptance.bad:
        raise acceptance.bad[0].error
    _finish(task, reading, acceptance, by=by, at=at)
    return ItemResult(item.client_id, "accepted")


def _enter(reading: FieldReading, point: PointFacts, *, by: Actor, at: datetime) -> Acceptance:
    evidence = record_evidence("phone", reading.client_id, by=by, at=at)
    registers = RegisterColumns(
        usage_point_id=np.array([point.id], dtype=np.int64),
        meter_id=np.array([WHICHEVER_METER], dtype=np.int64),
        register=np.array([reading.register], dtype=np.int64),
        read_at=np.array([np.datetime64(reading.read_at.astimezone(UTC).replace(tzinfo=None), "us")]),
        digits=np.array([reading.digits], dtype=np.int64),
        quality=np.array([Quality.MEASURED], dtype=np.uint8),
    )
    batch = ReadingBatch(Source.PHONE, evidence, CurveColumns.none(), registers, Intent.CORRECT)
    return accept_readings(batch, by=by, at=at)


def _finish(
    task: TaskView, reading: FieldReading, acceptance: Acceptance, *, by: Actor, at: datetime
) -> None:
    """End the task when its last register is in, and tell who ordered it."""
    taken = FieldReading.objects.filter(task_id=task.id).values_list("register", flat=True)
    if {Register(number).name for number in taken} != set(task.details["registers"]):
        return
    corrected = bool(acceptance.register_outcomes[0] == Outcome.ACCEPTED)
    complete_task(task.id, "corrected" if corrected else "confirmed", by=by, at=at)
    event = FieldReadingSynced(
        task.id,
        task.details["reason"],
        reading.usage_point_id,
        reading.read_at.isoformat(),
        corrected,
        reading.outcome,
    )
    publish(event, at=at)


def _digits(value: str) -> int:
    try:
        digits = Decimal(value) * DIGITS_PER_KWH
    except InvalidOperation:
        raise BadFieldValue(f"{value!r} is not a number", value=value) from None
    if not digits.is_finite() or digits != digits.to_integral_value() or digits < 0:
        raise BadFieldValue(f"{value!r} is no register value", value=value)
    return int(digits)
