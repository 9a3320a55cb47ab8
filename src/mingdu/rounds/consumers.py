"""What rounds does when metering found something to be worked on, and when a re-read ends without values."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mingdu.base.actors import SYSTEM
from mingdu.base.outbox import publish
from mingdu.core.findings import Severity
from mingdu.metering.queries.facts import point_facts, point_facts_by_id
from mingdu.work.operations import TaskOrder, complete_task, open_task
from mingdu.work.queries import task_by_id, tasks_about

from .events import RereadFailed
from .operations import READ_OUTCOMES, REREAD


def work_on_conflict(event: dict[str, Any], now: datetime) -> None:
    """Give contradicting readings to an engineer: one open task a usage point, item and day."""
    point = point_facts_by_id(event["usage_point_id"])
    subject = f"conflict:{point.code}:{event['item']}:{event['day']}"
    # What contradicts the readings after the task was done is work again.
    done = sum(1 for task in tasks_about(SYSTEM, subject) if task.outcome)
    details = {"usage_point": point.code, **{name: event[name] for name in ("item", "day", "first_at")}}
    order = TaskOrder(
        "reading_conflict", f"{subject}:{done + 1}", subject, "engineer", point.unit_id, details=details
    )
    open_task(order, by=SYSTEM, at=now)


def work_on_finding(event: dict[str, Any], now: datetime) -> None:
    """Give a finding to an engineer, or to a clerk when it holds a bill; a mere notice is nobody's task."""
    if event["severity"] >= Severity.TASK:
        _finding_task(event, _owner(event), now)


def end_finding(event: dict[str, Any], now: datetime) -> None:
    """
    Complete the task of a finding that was explained.

    If its opening has not been delivered yet, the task is written here, done, so that it is not opened later.
    """
    _finding_task(event, "engineer", now)
    # Those that somebody has ended by hand before he explained the finding stay as he ended them.
    for task in tasks_about(SYSTEM, f"finding:{event['finding_id']}"):
        if not task.outcome:
            complete_task(task.id, event["reason"], by=SYSTEM, at=now)


def work_again(event: dict[str, Any], now: datetime) -> None:
    """Give a finding whose explanation was taken back to its owner again, as a task of its own."""
    if event["severity"] >= Severity.TASK:
        _finding_task(event, _owner(event), now, again=f":again:{event['closure_id']}")


def tell_failed_reread(event: dict[str, Any], now: datetime) -> None:
    """Tell who ordered a re-read that a person ended it without all of its values."""
    if event["kind"] != REREAD or event["outcome"] in READ_OUTCOMES:
        return
    task = task_by_id(SYSTEM, event["task_id"])
    assert task is not None
    code = task.details["usage_point"]
    point = point_facts([code])[code]
    failed = RereadFailed(
        task.id, task.details["reason"], point.id, task.details["read_at"], event["outcome"]
    )
    publish(failed, at=now)


def _owner(event: dict[str, Any]) -> str:
    return "clerk" if event["severity"] == Severity.HOLD else "engineer"


def _finding_task(event: dict[str, Any], role: str, now: datetime, *, again: str = "") -> int:
    point = point_facts_by_id(event["usage_point_id"])
    subject = f"finding:{event['finding_id']}"
    details = {"usage_point": point.code, "rule": event["rule"], "day": event["day"]}
    order = TaskOrder("finding", subject + again, subject, role, point.unit_id, details=details)
    return open_task(order, by=SYSTEM, at=now).pk
