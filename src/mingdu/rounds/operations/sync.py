"""The phone's sync door (现场抄表同步): each item in its own transaction, the same item twice once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol, TypeVar

import numpy as np
from django.db import IntegrityError, connection, transaction

from mingdu.base import audit
from mingdu.base.actors import Actor
from mingdu.base.outbox import publish
from mingdu.base.permissions import require
from mingdu.core.quality import Quality
from mingdu.core.registers import Register
from mingdu.errors import TradeError
from mingdu.metering.operations import accept_readings, record_evidence
from mingdu.metering.queries.facts import point_facts
from mingdu.metering.readings import (
    WHICHEVER_METER,
    CurveColumns,
    Intent,
    Outcome,
    ReadingBatch,
    RegisterColumns,
    Source,
)
from mingdu.rounds.events import FieldReadingSynced
from mingdu.rounds.models import FieldReading
from mingdu.rounds.stop_kinds import REREAD, ROUND_READING, STOPS
from mingdu.work.operations import TaskAlreadyDone, complete_task
from mingdu.work.queries import TaskView, task_by_id

from .field_items import READ, FieldItem, ItemResult, digits_of
from .rereads import CONFIRMED, CORRECTED
from .sending import ARRIVED, end_own_arrived

MOST_ITEMS = 500


class Numbered(Protocol):
    """What a phone sends: it carries a number of the phone's own."""

    @property
    def client_id(self) -> str:
        """The number; unique for ever."""


Item = TypeVar("Item", bound=Numbered)


class UnknownRereadTask(TradeError):
    """There is no such stop for this reader: no re-read, and none of a round."""

    next_step = "refresh the route"


class NotAskedFor(TradeError):
    """The value is of a register or an instant that the stop does not ask for."""

    next_step = "read the register and the settlement that the route names"


class ClientIdTaken(TradeError):
    """Another value was sent under this number before; this one was not taken."""

    next_step = "send it again under a number of its own"


class UnknownPhoto(TradeError):
    """The item names a photo that was never sent."""

    next_step = "send the photo first, then the item with its number"


class TooManyItems(TradeError):
    """One sync carries more items than it may."""

    next_step = "send the items in smaller parts"


def sync(items: list[FieldItem], *, by: Actor, at: datetime) -> list[ItemResult]:
    """
    Take what a phone sends; a bad item never holds back the others, and nothing is stored twice.

    Stops on his route whose readings came from their meters meanwhile are ended with it.
    returns  one result an item, in the order sent
    raises   TooManyItems, NotPermitted
    """
    require(by, "rounds.sync")
    results = each_by_itself(items, lambda item: _store(item, by=by, at=at))
    end_own_arrived(by=by, at=at)
    return results


def each_by_itself(items: Sequence[Item], store: Callable[[Item], bool]) -> list[ItemResult]:
    """
    Store what a phone sent, each item in a transaction of its own.

    store   enters one item; tells whether it was new
    raises  TooManyItems
    """
    if len(items) > MOST_ITEMS:
        raise TooManyItems(f"{len(items)} items", items=len(items), most=MOST_ITEMS)
    return [_alone(item, store) for item in items]


def _alone(item: Item, store: Callable[[Item], bool]) -> ItemResult:
    try:
        with transaction.atomic():
            return ItemResult(item.client_id, "accepted" if store(item) else "same")
    except TradeError as error:
        return ItemResult(item.client_id, error.name, error.message)


def _store(item: FieldItem, *, by: Actor, at: datetime) -> bool:
    """Enter one item; tells whether it was new."""
    task = _stop(item, by, at)
    reading, is_new = _written(item, task, by=by, at=at)
    if not is_new:
        _refuse_other(reading, item)
        return False
    # Who stood at a meter whose reading came meanwhile has read all the same; the two are held together.
    if task.outcome not in ("", ARRIVED):
        raise TaskAlreadyDone(f"stop {task.id} is done already", task=task.id)
    _enter(reading, _intent(task), by=by, at=at)
    _refuse_unknown_photo(item)
    if not task.outcome:
        _finish(task, reading, by=by, at=at)
    return True


def _stop(item: FieldItem, by: Actor, at: datetime) -> TaskView:
    task = task_by_id(by, item.task_id)
    if task is None or task.kind not in STOPS:
        raise UnknownRereadTask(f"no stop {item.task_id}", task=item.task_id)
    asked_at = datetime.fromisoformat(task.details["read_at"])
    # An instant that has not come yet is refused by metering, under its own name.
    other_instant = item.read_at != asked_at and item.read_at <= at
    if other_instant or item.register.name not in task.details["registers"]:
        raise NotAskedFor(
            f"stop {task.id} does not ask for {item.register.name} at {item.read_at.isoformat()}",
            task=task.id, registers=task.details["registers"], read_at=task.details["read_at"],
        )  # fmt: skip
    return task


def _written(item: FieldItem, task: TaskView, *, by: Actor, at: datetime) -> tuple[FieldReading, bool]:
    code = task.details["usage_point"]
    return FieldReading.objects.get_or_create(
        client_id=item.client_id,
        defaults={
            "task_id": item.task_id,
            "usage_point_id": point_facts([code])[code].id,
            "register": item.register,
            "digits": digits_of(item),
            "read_at": item.read_at,
            "taken_at": item.taken_at,
            "synced_at": at,
            "reader": by.id,
            "photo_id": item.photo_id,
            "outcome": item.outcome,
        },
    )


def _refuse_other(stored: FieldReading, item: FieldItem) -> None:
    was = (stored.task_id, stored.register, stored.digits, stored.read_at)
    if was != (item.task_id, item.register, digits_of(item), item.read_at):
        raise ClientIdTaken(f"{item.client_id} was another value", client_id=item.client_id)


def _refuse_unknown_photo(item: FieldItem) -> None:
    # The key to the photo is checked at commit; asked here, the failure is still this item's own. Asked
    # before the value is entered, two items of one task would each hold its row while one waits for
    # the bucket.
    try:
        connection.check_constraints()
    except IntegrityError:
        raise UnknownPhoto(f"no photo {item.photo_id}", photo=item.photo_id) from None


def _intent(task: TaskView) -> Intent:
    """A re-read corrects what is stored; in a round, two values that differ are both kept and looked at."""
    return Intent.CORRECT if task.kind == REREAD else Intent.RECORD


def _enter(reading: FieldReading, intent: Intent, *, by: Actor, at: datetime) -> None:
    """Take the value through the one door of readings."""
    evidence = record_evidence("phone", reading.client_id, by=by, at=at)
    batch = ReadingBatch(Source.PHONE, evidence, CurveColumns.none(), _columns(reading), intent)
    acceptance = accept_readings(batch, by=by, at=at)
    if acceptance.bad:
        raise acceptance.bad[0].error
    is_new = bool(acceptance.register_outcomes[0] == Outcome.ACCEPTED)
    reading.corrected = is_new and intent is Intent.CORRECT
    reading.save(update_fields=["corrected"])
    details = {"register": Register(reading.register).name, "digits": reading.digits}
    audit.record(by, "rounds.sync", f"task:{reading.task_id}", at=at, details=details)


def _columns(reading: FieldReading) -> RegisterColumns:
    instant = np.datetime64(reading.read_at.astimezone(UTC).replace(tzinfo=None), "us")
    return RegisterColumns(
        usage_point_id=np.array([reading.usage_point_id], dtype=np.int64),
        meter_id=np.array([WHICHEVER_METER], dtype=np.int64),
        register=np.array([reading.register], dtype=np.int64),
        read_at=np.array([instant]),
        digits=np.array([reading.digits], dtype=np.int64),
        quality=np.array([Quality.MEASURED], dtype=np.uint8),
    )


def _finish(task: TaskView, reading: FieldReading, *, by: Actor, at: datetime) -> None:
    """
    End the task when its last register is in, and tell who ordered a re-read.

    Since the value was entered, this transaction holds the bucket of the point; so of two registers that
    arrive at once the later one sees the earlier one here.
    """
    readings = FieldReading.objects.filter(task_id=task.id)
    taken = {Register(number).name for number in readings.values_list("register", flat=True)}
    if taken != set(task.details["registers"]):
        return
    if task.kind == ROUND_READING:
        complete_task(task.id, READ, by=by, at=at)
        return
    corrected = readings.filter(corrected=True).exists()
    complete_task(task.id, CORRECTED if corrected else CONFIRMED, by=by, at=at)
    event = FieldReadingSynced(
        task.id,
        task.details["reason"],
        reading.usage_point_id,
        reading.read_at.isoformat(),
        corrected,
        reading.outcome,
    )
    publish(event, at=at)
