"""Books, re-reads, and the phone's sync door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from mingdu.base import audit
from mingdu.base.actors import Actor
from mingdu.base.permissions import require
from mingdu.core.registers import Register
from mingdu.metering.queries.facts import point_facts, point_facts_by_id
from mingdu.work.models import Task
from mingdu.work.operations import TaskOrder, open_task

from .models import Book, BookPoint


@dataclass(frozen=True)
class RereadOrder:
    """
    What a reader shall read again on the spot.

    key        what makes it one
    registers  which registers
    read_at    the instant they shall show: the freeze that a bill was made from, which the meter keeps
    reason     what ordered it: "case:2027…"
    """

    key: str
    usage_point_id: int
    registers: tuple[Register, ...]
    read_at: datetime
    reason: str


@transaction.atomic
def register_books(registry: dict[str, Any], *, by: Actor, at: datetime) -> int:
    """Enter books and their points in walking order; what is there already stays."""
    require(by, "rounds.plan")
    known = point_facts()
    rows = registry["usage_points"]
    unit_of = {row["book"]: known[row["usage_point"]].unit_id for row in reversed(rows)}
    Book.objects.bulk_create(
        [
            Book(
                code=row["book"], name=row["name"], unit_id=unit_of[row["book"]], reading_day=row["reading_day"]
            )
            for row in registry["books"]
            if row["book"] in unit_of
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    books = dict(Book.objects.values_list("code", "pk"))
    BookPoint.objects.bulk_create(
        [
            BookPoint(
                book_id=books[row["book"]], usage_point_id=known[row["usage_point"]].id, place=place
            )
            for place, row in enumerate(rows, start=1)
        ],
        ignore_conflicts=True, batch_size=5000,
    )  # fmt: skip
    audit.record(by, "rounds.register_books", "registry", at=at, details={"books": len(registry["books"])})
    return len(registry["books"])


@transaction.atomic
def order_reread(order: RereadOrder, *, by: Actor, at: datetime) -> Task:
    """Send a reader to a meter: a task with its limit; the same key again is the same task."""
    facts = point_facts_by_id(order.usage_point_id)
    require(by, "rounds.order_reread", facts.unit_id)
    details = {
        "usage_point": facts.code,
        "address": facts.address,
        "registers": [register.name for register in order.registers],
        "read_at": order.read_at.isoformat(),
        "reason": order.reason,
    }
    return open_task(
        TaskOrder("reread", order.key, f"usage_point:{facts.code}", "reader", facts.unit_id, details=details),
        by=by, at=at,
    )  # fmt: skip
