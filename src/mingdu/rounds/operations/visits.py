"""A reader's visits (现场走访): what he met at a meter; one without a reading ends its task."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, connection

from mingdu.base import audit
from mingdu.base.actors import Actor
from mingdu.base.permissions import require
from mingdu.errors import TradeError
from mingdu.metering.queries.facts import point_facts
from mingdu.rounds.models import FieldVisit
from mingdu.rounds.stop_kinds import STOPS
from mingdu.work.operations import complete_task
from mingdu.work.queries import TaskView, task_by_id

from .field_items import READ, ItemResult
from .sending import ARRIVED
from .sync import ClientIdTaken, UnknownPhoto, UnknownRereadTask, each_by_itself

# What may stand in the way of a reading (未抄到原因): locked door, dog, refused, broken meter, a display that
# cannot be read, another meter than the route names, no meter there, anything else said in words.
NO_ACCESS = ("locked", "dog", "refused", "meter_broken", "unreadable", "other_meter", "not_found", "other")


class UnknownVisitOutcome(TradeError):
    """A visit ends with a reading or with one of the known reasons for none."""

    next_step = "choose one of the reasons, and say the rest in words"


@dataclass(frozen=True)
class VisitItem:
    """
    What a reader's phone sends of one stop.

    client_id     the phone's own number of the visit; unique for ever
    outcome       "read", or one of NO_ACCESS
    taken_at      when the reader stood there, by the phone's clock
    is_confirmed  the phone found a value unlikely, and he stands by it
    """

    client_id: str
    task_id: int
    outcome: str
    taken_at: datetime
    note: str = ""
    photo_id: int | None = None
    is_confirmed: bool = False


def record_visits(visits: list[VisitItem], *, by: Actor, at: datetime) -> list[ItemResult]:
    """
    Keep what a reader met; a visit without a reading ends the task with its reason, so that who ordered
    it hears of it. A bad visit never holds back the others, and nothing is stored twice.

    returns  one result a visit, in the order sent
    raises   TooManyItems, NotPermitted
    """
    require(by, "rounds.sync")
    return each_by_itself(visits, lambda visit: _store(visit, by=by, at=at))


def _store(visit: VisitItem, *, by: Actor, at: datetime) -> bool:
    """Enter one visit; tells whether it was new."""
    if visit.outcome != READ and visit.outcome not in NO_ACCESS:
        raise UnknownVisitOutcome(f"no outcome {visit.outcome!r}", outcome=visit.outcome, known=NO_ACCESS)
    task = task_by_id(by, visit.task_id)
    if task is None or task.kind not in STOPS:
        raise UnknownRereadTask(f"no stop {visit.task_id}", task=visit.task_id)
    stored, is_new = _written(visit, task, by=by, at=at)
    if not is_new:
        _refuse_other(stored, visit)
        return False
    _refuse_unknown_photo(visit)
    if visit.outcome != READ and task.outcome != ARRIVED:
        complete_task(task.id, visit.outcome, note=visit.note, by=by, at=at)
    details = {"outcome": visit.outcome, "visit": stored.pk, "is_confirmed": visit.is_confirmed}
    audit.record(by, "rounds.record_visit", f"task:{task.id}", at=at, details=details)
    return True


def _written(visit: VisitItem, task: TaskView, *, by: Actor, at: datetime) -> tuple[FieldVisit, bool]:
    code = task.details["usage_point"]
    return FieldVisit.objects.get_or_create(
        client_id=visit.client_id,
        defaults={
            "task_id": visit.task_id,
            "usage_point_id": point_facts([code])[code].id,
            "outcome": visit.outcome,
            "is_confirmed": visit.is_confirmed,
            "note": visit.note,
            "photo_id": visit.photo_id,
            "taken_at": visit.taken_at,
            "synced_at": at,
            "reader": by.id,
        },
    )


def _refuse_other(stored: FieldVisit, visit: VisitItem) -> None:
    if (stored.task_id, stored.outcome) != (visit.task_id, visit.outcome):
        raise ClientIdTaken(f"{visit.client_id} was another visit", client_id=visit.client_id)


def _refuse_unknown_photo(visit: VisitItem) -> None:
    # The key to the photo is checked at commit; asked here, the failure is still this visit's own.
    try:
        connection.check_constraints()
    except IntegrityError:
        raise UnknownPhoto(f"no photo {visit.photo_id}", photo=visit.photo_id) from None
