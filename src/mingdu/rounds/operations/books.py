"""Reading books (抄表册) and their points in walking order."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from mingdu.base import audit
from mingdu.base.actors import Actor
from mingdu.base.permissions import require
from mingdu.metering.operations import BadRegistry
from mingdu.metering.queries.facts import PointFacts, point_facts
from mingdu.rounds.models import Book, BookPoint

BATCH_ROWS = 5_000


def register_books(registry: dict[str, Any], *, by: Actor, at: datetime) -> int:
    """
    Enter books and their points in walking order; what is there already stays.

    registry  lists `books` and `usage_points` as the town's registry makes them; a book belongs to the unit
              of its first point, and one without a point is left out
    returns   books entered or known before
    raises    BadRegistry: a key is missing, or a point or book is not described; NotPermitted
    """
    require(by, "rounds.plan")
    try:
        with transaction.atomic():
            return _register(registry, by, at)
    except KeyError as missing:
        raise BadRegistry(f"the registry lacks {missing}", missing=str(missing.args[0])) from missing


def _register(registry: dict[str, Any], by: Actor, at: datetime) -> int:
    known, points = point_facts(), registry["usage_points"]
    unit_of = {row["book"]: known[row["usage_point"]].unit_id for row in reversed(points)}
    for unit_id in set(unit_of.values()):
        require(by, "rounds.plan", unit_id)
    books = [row for row in registry["books"] if row["book"] in unit_of]
    _add_books(books, unit_of)
    _add_points(points, known)
    audit.record(by, "rounds.register_books", "registry", at=at, details={"books": len(books)})
    return len(books)


def _add_books(rows: list[dict[str, Any]], unit_of: dict[str, int]) -> None:
    books = [
        Book(code=row["book"], name=row["name"], unit_id=unit_of[row["book"]], reading_day=row["reading_day"])
        for row in rows
    ]
    Book.objects.bulk_create(books, ignore_conflicts=True)


def _add_points(rows: list[dict[str, Any]], known: dict[str, PointFacts]) -> None:
    books = dict(Book.objects.values_list("code", "pk"))
    points = [
        BookPoint(book_id=books[row["book"]], usage_point_id=known[row["usage_point"]].id, place=place)
        for place, row in enumerate(rows, start=1)
    ]
    BookPoint.objects.bulk_create(points, ignore_conflicts=True, batch_size=BATCH_ROWS)
