"""The round of a cycle before it is sent (抄表派工): which points, in walking order, for whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from mingdu.base.actors import Actor
from mingdu.base.permissions import require, scope
from mingdu.base.queries import names_of, persons_with_role
from mingdu.base.roles import Role
from mingdu.core.registers import Register

from .due import due_points, month_end
from .models import BookReader, ReadingCycle, RoundStop

SEND = "rounds.send_round"


@dataclass(frozen=True)
class RoundChoice:
    """
    What the clerk chooses.

    is_by_hand  all points of the list, because the book is read by hand; else those that lack a reading
    reader_ids  who walks the book from now on; empty: its readers as they are, and whoever reads without any
    """

    is_by_hand: bool = False
    reader_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class PlannedStop:
    """A point that a reader will be sent to; `place` of the frozen list from 1, no reader: whoever reads."""

    usage_point_id: int
    place: int
    registers: tuple[Register, ...]
    lacks: bool
    reader_id: int | None


@dataclass(frozen=True)
class RoundPlan:
    """
    What sending would do.

    points         of the frozen list
    lacking        of them lack a reading, those that a reader was sent to before included
    without_meter  of them had no meter at the month's end, and are not read
    reader_ids     among whom the walk is divided
    stops          that would be new, in walking order
    """

    read_at: datetime
    points: int
    lacking: int
    without_meter: int
    reader_ids: tuple[int, ...]
    stops: tuple[PlannedStop, ...]


def round_plan(by: Actor, run_id: int, choice: RoundChoice) -> RoundPlan | None:
    """Return what sending a cycle's round would do, or None: no such cycle within the actor's units."""
    require(by, SEND)
    cycle = ReadingCycle.objects.filter(run_id=run_id).select_related("book").first()
    if cycle is None or not scope(by, SEND).covers_unit(cycle.book.unit_id):
        return None
    return planned(cycle, choice)


def planned(cycle: ReadingCycle, choice: RoundChoice) -> RoundPlan:
    """Return the plan of a cycle, for callers that have asked the door."""
    frozen = cycle.lists.order_by("-id").first()
    ids = np.array(frozen.usage_point_ids if frozen else (), dtype=np.int64)
    due = due_points(ids, cycle.month)
    lacks = due.lacks
    sent = RoundStop.objects.filter(cycle=cycle).values_list("usage_point_id", flat=True)
    is_new = (due.is_hung if choice.is_by_hand else lacks) & ~np.isin(ids, np.array(sent, dtype=np.int64))
    rows = np.flatnonzero(is_new).tolist()
    readers = choice.reader_ids or book_readers(cycle.book_id)
    stops = tuple(
        PlannedStop(int(ids[row]), row + 1, due.registers(row), bool(lacks[row]), reader)
        for row, reader in zip(rows, _divided(len(rows), readers), strict=True)
    )
    return RoundPlan(
        month_end(cycle.month), len(ids), int(lacks.sum()), int((~due.is_hung).sum()), readers, stops
    )


def book_readers(book_id: int) -> tuple[int, ...]:
    """Return the numbers of those who walk a book."""
    rows = BookReader.objects.filter(book_id=book_id).order_by("person_id")
    return tuple(rows.values_list("person_id", flat=True))


def readers_for(by: Actor, run_id: int) -> list[tuple[int, str]]:
    """Return (number, name) of the readers on the unit of a cycle's book, by name; none of a foreign one."""
    require(by, SEND)
    units = ReadingCycle.objects.filter(run_id=run_id).values_list("book__unit_id", flat=True)
    numbers = [
        number
        for unit_id in units
        if scope(by, SEND).covers_unit(unit_id)
        for number, _ in persons_with_role(Role.READER, unit_id)
    ]
    names = names_of({f"person:{number}" for number in numbers})
    return sorted(((number, names[f"person:{number}"]) for number in numbers), key=lambda pair: pair[1])


def _divided(stops: int, readers: tuple[int, ...]) -> list[int | None]:
    """Give each reader one stretch of the walk, all about as long."""
    if not readers:
        return [None] * stops
    parts = np.array_split(np.arange(stops), len(readers))
    return [reader for reader, part in zip(readers, parts, strict=True) for _ in part]
