"""Re-reads (复抄): a reader is sent to read again what a bill was made from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from mingdu.base import audit
from mingdu.base.actors import Actor
from mingdu.base.permissions import require
from mingdu.core.registers import Register
from mingdu.metering.queries.facts import point_facts_by_id
from mingdu.rounds.stop_kinds import REREAD
from mingdu.work.operations import TaskOrder, open_task

# Outcomes with which a re-read is ended by its last value.
CORRECTED, CONFIRMED = READ_OUTCOMES = ("corrected", "confirmed")


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
def order_reread(order: RereadOrder, *, by: Actor, at: datetime) -> int:
    """
    Send a reader to a meter: a task with its limit; the same key again is the same task.

    returns  the task's number
    raises   UnknownUsagePoint, NotPermitted
    """
    require(by, "rounds.order_reread")
    facts = point_facts_by_id(order.usage_point_id)
    require(by, "rounds.order_reread", facts.unit_id)
    details = {
        "usage_point": facts.code,
        "address": facts.address,
        "registers": [register.name for register in order.registers],
        "read_at": order.read_at.isoformat(),
        "reason": order.reason,
    }
    subject = f"usage_point:{facts.code}"
    task = open_task(
        TaskOrder(REREAD, order.key, subject, "reader", facts.unit_id, details=details), by=by, at=at
    )
    audit.record(by, "rounds.order_reread", subject, at=at, details={"task": task.pk, "reason": order.reason})
    return task.pk
