"""What stands beside a case: bills and corrections, registers, tasks, what is open at the meter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.urls import reverse

from mingdu.base.actors import Actor
from mingdu.base.links import link_to
from mingdu.base.queries import names_of
from mingdu.billing.queries import BillView, CorrectionView, bills_of_account, corrections_of_bill
from mingdu.core.quality import Quality
from mingdu.core.registers import Register
from mingdu.faces.console.limits import Limit, limit_words
from mingdu.faces.energy import register_readings
from mingdu.service.queries import CaseView
from mingdu.work.queries import TaskView, task_by_id, tasks_about
from mingdu.work.task_lists import task_listed

from .story import person_shown

# Bills of so many months are shown; the page of the account has them all.
MOST_BILLS = 8
HISTORY_DAYS = 7


@dataclass(frozen=True)
class Correction:
    """A proposal with who made and who approved it; `is_own`: the reader of the page made it."""

    view: CorrectionView
    proposed_by: str
    approved_by: str
    is_own: bool


@dataclass(frozen=True)
class CaseTask:
    """A task that belongs to a case; `limit` None when it is done."""

    view: TaskView
    owner: str
    limit: Limit | None
    href: str


@dataclass(frozen=True)
class RegisterHistory:
    """What the registers showed: a column a register, a row an instant, the latest first."""

    registers: list[Register]
    rows: list[tuple[datetime, list[Decimal | None], bool]]


def bills_beside(by: Actor, case: CaseView) -> list[BillView]:
    """Return the newest bills of the case's account, and the one that the case is about in any event."""
    bills = bills_of_account(by, case.account_id)[::-1]
    return [bill for place, bill in enumerate(bills) if place < MOST_BILLS or _is_about(bill, case.bill_id)]


def corrections_beside(by: Actor, case: CaseView, bills: list[BillView]) -> list[Correction]:
    """Return the corrections of the month that the case is about, the oldest first."""
    named = next((bill.period for bill in bills if _is_about(bill, case.bill_id)), "")
    found = [row for bill in bills if bill.period == named for row in corrections_of_bill(bill.id)]
    names = names_of({row.proposed_by for row in found} | {row.approved_by for row in found})
    return [
        Correction(
            row,
            person_shown(row.proposed_by, names),
            person_shown(row.approved_by, names),
            row.proposed_by == by.id,
        )
        for row in sorted(found, key=lambda row: row.id)
    ]


def tasks_beside(by: Actor, case: CaseView, corrections: list[Correction], now: datetime) -> list[CaseTask]:
    """Return the case's own task, its re-reads and the approvals of its corrections, the oldest first."""
    found = {task.id: task for task in tasks_about(by, f"case:{case.number}")}
    ordered = {details["task"] for *_rest, details in case.events if "task" in details}
    found |= {task.id: task for number in ordered if (task := task_by_id(by, number))}
    for correction in corrections:
        found |= {task.id: task for task in tasks_about(by, f"correction:{correction.view.id}")}
    return [_task(by, task, now) for _, task in sorted(found.items())]


def register_history(usage_point_id: int, bill: BillView | None, today: date) -> RegisterHistory:
    """Return the registers of the latest days and, for a bill, at both ends of its month."""
    spans = [(today - timedelta(days=HISTORY_DAYS), today - timedelta(days=1))]
    if bill is not None:
        first = date.fromisoformat(f"{bill.period}-01")
        next_first = bill.read_to.date()
        spans += [(first, first), (next_first - timedelta(days=1), next_first - timedelta(days=1))]
    found = {
        (row.read_at, row.register): row
        for first, last in spans
        for row in register_readings(usage_point_id, first, last)
    }
    registers = sorted({register for _, register in found})
    rows = []
    for at in sorted({at for at, _ in found}, reverse=True):
        values = [found.get((at, register)) for register in registers]
        is_measured = all(value is None or value.quality is Quality.MEASURED for value in values)
        rows.append((at, [value.value if value else None for value in values], is_measured))
    return RegisterHistory(registers, rows)


def _is_about(bill: BillView, bill_id: int | None) -> bool:
    return bill_id is not None and bill_id in (bill.id, bill.of_bill_id)


def _task(by: Actor, task: TaskView, now: datetime) -> CaseTask:
    row = task_listed(by, task.id)
    person = f"person:{row.assigned_to}" if row and row.assigned_to else ""
    limit = None if task.outcome else limit_words(task.due_at, now)
    href = link_to(f"task:{task.id}") or reverse("console:tasks")
    return CaseTask(task, names_of({person}).get(person, "") if person else "", limit, href)
