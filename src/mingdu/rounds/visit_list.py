"""What readers met at the meters (走访结果): who stood where when, what he read, how it compares."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

import numpy as np
from django.db.models import F, QuerySet

from mingdu.base.actors import Actor
from mingdu.base.permissions import require, scope
from mingdu.base.queries import names_of, persons_with_role
from mingdu.base.roles import Role
from mingdu.core.registers import Register
from mingdu.metering.zone import midnight

from .expectations import Expected, expectations
from .models import Book, BookPoint, FieldReading, FieldVisit

VERB = "rounds.read_visits"


@dataclass(frozen=True)
class VisitFilter:
    """
    Which visits are wanted; empty and None leave a question out.

    book     its code
    outcome  "read", a reason for none, or CONFIRMED
    day      civil day on which the reader stood there
    """

    book: str = ""
    reader_id: int | None = None
    outcome: str = ""
    day: date | None = None


# Read, although the phone found the value unlikely.
CONFIRMED = "confirmed_warning"


class VisitRow(NamedTuple):
    """A visit with its point; `photo_sha256` is None without a photo."""

    pk: int
    task_id: int
    usage_point_id: int
    code: str
    address: str
    outcome: str
    is_confirmed: bool
    note: str
    photo_sha256: str | None
    taken_at: datetime
    synced_at: datetime
    reader: str


@dataclass(frozen=True)
class ReadValue:
    """
    A register as it was read at a visit; figures are register digits.

    moved     since the beginning of the month, backwards below zero; None: not known
    expected  what the months before let one expect of it
    """

    register: Register
    digits: int
    read_at: datetime
    moved: int | None
    expected: Expected


def visits_listed(by: Actor, wanted: VisitFilter) -> QuerySet[FieldVisit, VisitRow]:
    """Return the visits to points of the actor's units, lazily, the latest first."""
    found = _seen(by).order_by("-taken_at", "-pk")
    if wanted.book:
        of_book = BookPoint.objects.filter(book__code=wanted.book)
        found = found.filter(usage_point__in=of_book.values("usage_point"))
    if wanted.reader_id is not None:
        found = found.filter(reader=f"person:{wanted.reader_id}")
    if wanted.outcome == CONFIRMED:
        found = found.filter(is_confirmed=True)
    elif wanted.outcome:
        found = found.filter(outcome=wanted.outcome)
    if wanted.day:
        found = found.filter(
            taken_at__gte=midnight(wanted.day), taken_at__lt=midnight(wanted.day + timedelta(days=1))
        )
    return _rows(found)


def visit_of(by: Actor, visit_id: int) -> VisitRow | None:
    """Return one visit; None for a foreign one as for none."""
    return _rows(_seen(by).filter(pk=visit_id)).first()


def values_read(by: Actor, task_ids: Collection[int]) -> dict[int, list[ReadValue]]:
    """Return what was read at the stops of some tasks, beside what was expected, by task."""
    require(by, VERB)
    readings = FieldReading.objects.filter(task_id__in=task_ids).order_by("read_at", "register", "id")
    groups: dict[tuple[datetime, int], list[FieldReading]] = {}
    for reading in readings:
        groups.setdefault((reading.read_at, reading.register), []).append(reading)
    found: dict[int, list[ReadValue]] = {}
    for (read_at, register), group in groups.items():
        for reading, value in zip(group, _values(group, Register(register), read_at), strict=True):
            found.setdefault(reading.task_id or 0, []).append(value)
    return found


def books_of_visits(by: Actor) -> list[tuple[str, str]]:
    """Return (code, name) of the books of the actor's units, by code."""
    require(by, VERB)
    units = scope(by, VERB).unit_ids
    books = Book.objects.all() if units is None else Book.objects.filter(unit_id__in=units)
    return list(books.order_by("code").values_list("code", "name"))


def readers_of_visits(by: Actor) -> list[tuple[int, str]]:
    """Return (number, name) of the readers who may be asked for, by name."""
    require(by, VERB)
    units = scope(by, VERB).unit_ids
    asked = [None] if units is None else sorted(units)
    numbers = {number for unit_id in asked for number, _ in persons_with_role(Role.READER, unit_id)}
    names = names_of({f"person:{number}" for number in numbers})
    return sorted(((number, names[f"person:{number}"]) for number in numbers), key=lambda pair: pair[1])


def _values(group: list[FieldReading], register: Register, read_at: datetime) -> Iterable[ReadValue]:
    points = np.array([reading.usage_point_id for reading in group], dtype=np.int64)
    for reading, point in zip(group, expectations(points, (register,), read_at), strict=True):
        [expected] = point.registers
        yield ReadValue(register, reading.digits, read_at, _moved(reading.digits, expected), expected)


def _moved(digits: int, expected: Expected) -> int | None:
    if expected.start is None:
        return None
    # A register that seems to have gone more than half way round has gone backwards.
    wrap: int = 10 ** (expected.places + expected.decimals)
    moved = (digits - expected.start) % wrap
    return moved - wrap if moved > wrap // 2 else moved


def _seen(by: Actor) -> QuerySet[FieldVisit]:
    require(by, VERB)
    units = scope(by, VERB).unit_ids
    if units is None:
        return FieldVisit.objects.all()
    return FieldVisit.objects.filter(usage_point__unit_id__in=units)


def _rows(found: QuerySet[FieldVisit]) -> QuerySet[FieldVisit, VisitRow]:
    named = found.annotate(
        code=F("usage_point__code"), address=F("usage_point__address"), photo_sha256=F("photo__sha256")
    )
    rows: QuerySet[FieldVisit, VisitRow] = named.values_list(*VisitRow._fields, named=True)
    return rows
