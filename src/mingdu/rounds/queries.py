"""Looking at books and a reader's route."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from django.db.models import Count

from mingdu.base.actors import Actor
from mingdu.base.database import reading_connection
from mingdu.base.permissions import require, scope
from mingdu.base.roles import Role
from mingdu.core.registers import Register
from mingdu.core.types import Ints
from mingdu.metering.queries import register_values
from mingdu.metering.queries.facts import point_codes
from mingdu.work.task_lists import TaskFilter, tasks_listed

from .models import Book, BookPoint, FieldReading, ReadingCycle, ReadingList
from .stop_kinds import STOPS


@dataclass(frozen=True)
class RouteStop:
    """
    One meter of a reader's route; the value that is on file is not shown: he reads it blind.

    kind    "round_reading" of a cycle's round, "reread" of what a bill was made from
    """

    task_id: int
    kind: str
    usage_point: str
    address: str
    registers: tuple[str, ...]
    read_at: str
    due_at: datetime


@dataclass(frozen=True)
class BookView:
    """A reading book with its fixed reading day of the month and the number of its usage points."""

    book: str
    name: str
    reading_day: int
    points: int


@dataclass(frozen=True)
class CycleView:
    """
    A book's reading cycle of a month, named by the month's first day.

    frozen_at  when the book's list was frozen; None: it is not yet prepared
    points     usage points on the list
    added      codes of points that the list of the cycle before did not hold; `removed`: the other way round
    """

    run_id: int
    book: str
    month: date
    frozen_at: datetime | None
    frozen_by: str
    points: int
    added: tuple[str, ...]
    removed: tuple[str, ...]


def route(by: Actor) -> list[RouteStop]:
    """
    Return the stops that wait in the actor's units, the earliest limit first.

    For a reader those that he or nobody was given, for others all.
    """
    require(by, "rounds.read_route")
    is_mine = Role.READER in by.roles
    tasks = [task for kind in STOPS for task in tasks_listed(by, TaskFilter(kind, is_mine=is_mine))]
    return [
        RouteStop(
            task.pk,
            task.kind,
            task.details["usage_point"],
            task.details["address"],
            tuple(task.details["registers"]),
            task.details["read_at"],
            task.due_at,
        )
        for task in sorted(tasks, key=lambda task: (task.due_at, task.pk))
    ]


def books(by: Actor) -> list[BookView]:
    """Return the books of the actor's units, by code."""
    require(by, "rounds.read_cycle")
    units = scope(by, "rounds.read_cycle").unit_ids
    found = Book.objects.all() if units is None else Book.objects.filter(unit_id__in=units)
    counted = found.annotate(count=Count("points")).order_by("code")
    return [BookView(*row) for row in counted.values_list("code", "name", "reading_day", "count")]


def cycle(by: Actor, run_id: int) -> CycleView | None:
    """Return the reading cycle that a process run stands for, within the actor's units, or None."""
    require(by, "rounds.read_cycle")
    found = ReadingCycle.objects.filter(run_id=run_id).select_related("book").first()
    if found is None or not scope(by, "rounds.read_cycle").covers_unit(found.book.unit_id):
        return None
    frozen, former = _latest_list(found), _latest_list(_former(found))
    now_in, then_in = _points_in(frozen), _points_in(former)
    compared = frozen is not None and former is not None
    return CycleView(
        run_id,
        found.book.code,
        found.month,
        frozen.frozen_at if frozen else None,
        frozen.frozen_by if frozen else "",
        len(now_in),
        _codes(now_in - then_in) if compared else (),
        _codes(then_in - now_in) if compared else (),
    )


def book_codes() -> list[str]:
    """Return the codes of all books, for subjects that have asked their own door."""
    return list(Book.objects.order_by("code").values_list("code", flat=True))


def points_of_book(book_code: str) -> Ints:
    """Return the usage points of a book, int64, rising; for mass work."""
    ids = BookPoint.objects.filter(book__code=book_code).order_by("usage_point_id")
    return np.array(ids.values_list("usage_point_id", flat=True), dtype=np.int64)


def stands_by_reread(usage_point_id: int, register: Register, read_at: datetime) -> bool:
    """Tell whether the value that stands for a register and instant is a reader's own; for subjects above."""
    taken = FieldReading.objects.filter(usage_point_id=usage_point_id, register=register, read_at=read_at)
    latest = taken.order_by("-id").first()
    if latest is None:
        return False
    standing = register_values(reading_connection(), np.array([usage_point_id]), (register,), read_at)
    return int(standing.digits[0, 0]) == latest.digits


def _former(found: ReadingCycle) -> ReadingCycle | None:
    """The book's latest cycle before this one whose list was frozen."""
    earlier = ReadingCycle.objects.filter(book=found.book, month__lt=found.month, lists__isnull=False)
    return earlier.order_by("-month").first()


def _latest_list(found: ReadingCycle | None) -> ReadingList | None:
    return found.lists.order_by("-id").first() if found else None


def _points_in(frozen: ReadingList | None) -> frozenset[int]:
    return frozenset(frozen.usage_point_ids) if frozen else frozenset()


def _codes(usage_point_ids: frozenset[int]) -> tuple[str, ...]:
    return tuple(point_codes(usage_point_ids))
