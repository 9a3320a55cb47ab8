"""Reading cycles (抄表流程): the process of a book for a month, and the list that its first step freezes."""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings
from django.db import transaction

from mingdu.base import audit
from mingdu.base.actors import Actor
from mingdu.base.permissions import require
from mingdu.core.clock import civil_day
from mingdu.errors import TradeError
from mingdu.rounds.models import Book, BookPoint, ReadingCycle, ReadingList
from mingdu.work.processes import Done, start_process

READING_CYCLE = "reading-cycle"
# The step that freezes the book's list.
PREPARE = "prepare"


class UnknownBook(TradeError):
    """There is no reading book of this code."""

    next_step = "look at the list of books"


class MonthAhead(TradeError):
    """A reading cycle cannot be started for a month that has not begun."""

    next_step = "start it in the month that is to be read, or after it"


@transaction.atomic
def start_cycle(book_code: str, month: date, *, by: Actor, at: datetime) -> int:
    """
    Start the reading process of a book for the month of a day; the same again is the same run.

    returns  the number of the process run
    raises   UnknownBook, MonthAhead, NotPermitted
    """
    require(by, "rounds.start_cycle")
    book = Book.objects.filter(code=book_code).first()
    if book is None:
        raise UnknownBook(f"no book {book_code}", book=book_code)
    require(by, "rounds.start_cycle", book.unit_id)
    first_day = month.replace(day=1)
    if first_day > civil_day(at, settings.ZONE):
        raise MonthAhead(f"{first_day:%Y-%m} has not begun", period=f"{first_day:%Y-%m}")
    key = f"{READING_CYCLE}:{book_code}:{first_day:%Y-%m}"
    run = start_process(READING_CYCLE, key, unit_id=book.unit_id, by=by, at=at)
    ReadingCycle.objects.get_or_create(book=book, month=first_day, defaults={"run": run})
    return run.pk


def freeze_list(done: Done) -> None:
    """
    Freeze the list of the book whose cycle was prepared: its points in walking order, as of now.

    A part of the step, whose door was asked. A run that was not started for a book has no list.
    """
    cycle = ReadingCycle.objects.filter(run_id=done.run_id).first()
    if cycle is None:
        return
    points = BookPoint.objects.filter(book_id=cycle.book_id).order_by("place")
    ids = list(points.values_list("usage_point_id", flat=True))
    ReadingList.objects.create(cycle=cycle, usage_point_ids=ids, frozen_by=done.by.id, frozen_at=done.at)
    details = {"run": done.run_id, "points": len(ids)}
    audit.record(done.by, "rounds.freeze_list", f"process:{done.run_id}", at=done.at, details=details)
