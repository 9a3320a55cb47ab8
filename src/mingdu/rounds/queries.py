"""Looking at books and a reader's route."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from mingdu.base.actors import Actor
from mingdu.base.database import reading_connection
from mingdu.base.permissions import require
from mingdu.core.registers import Register
from mingdu.core.types import Ints
from mingdu.metering.queries import register_values
from mingdu.work.queries import open_tasks

from .models import Book, BookPoint, FieldReading


@dataclass(frozen=True)
class RouteStop:
    """One meter of a reader's route; the value that is on file is not shown: he reads it blind."""

    task_id: int
    usage_point: str
    address: str
    registers: tuple[str, ...]
    read_at: str
    due_at: datetime


def route(by: Actor) -> list[RouteStop]:
    """Return the re-reads that wait for a reader in his units, the earliest limit first."""
    require(by, "rounds.read_route")
    return [
        RouteStop(
            task.id,
            task.details["usage_point"],
            task.details["address"],
            tuple(task.details["registers"]),
            task.details["read_at"],
            task.due_at,
        )
        for task in open_tasks(by, role="reader", kind="reread")
    ]


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
