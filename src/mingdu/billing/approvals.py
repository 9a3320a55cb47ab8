"""The approver's tasks (审批): one for each proposed correction, ended when the bill is corrected."""

from __future__ import annotations

from datetime import datetime

from mingdu.base.actors import SYSTEM
from mingdu.base.roles import Role
from mingdu.core.money import yuan_text
from mingdu.customers.queries import account_by_id
from mingdu.work.operations import TaskAlreadyDone, TaskOrder, complete_task, open_task
from mingdu.work.queries import tasks_about

from .models import Correction


def open_approval(correction: Correction, at: datetime) -> None:
    """Open the task of whoever approves a proposed correction, in the proposal's transaction."""
    account = account_by_id(correction.account_id)
    details = {
        "account": account.account_number,
        "bill": correction.bill_id,
        "difference": yuan_text(correction.difference_fen),
        "reason": correction.reason,
        "proposed_by": correction.proposed_by,
    }
    subject = _subject(correction.pk)
    order = TaskOrder("correction", subject, subject, Role.APPROVER.value, account.unit_id, details=details)
    open_task(order, by=SYSTEM, at=at)


def end_approvals(done: Correction, at: datetime) -> None:
    """End the task of a correction that was carried out, and those of other proposals for the same bill."""
    for number in Correction.objects.filter(bill_id=done.bill_id).values_list("pk", flat=True):
        outcome = "approved" if number == done.pk else "superseded"
        for task in tasks_about(SYSTEM, _subject(number)):
            _end(task.id, outcome, at)


def _end(task_id: int, outcome: str, at: datetime) -> None:
    try:
        complete_task(task_id, outcome, by=SYSTEM, at=at)
    except TaskAlreadyDone:
        # An approver has ended his task by hand; what he wrote stays.
        return


def _subject(correction_id: int) -> str:
    return f"correction:{correction_id}"
