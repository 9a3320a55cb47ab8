"""What metering found becomes work with an owner and a limit, once."""

from __future__ import annotations

from datetime import date

import pytest

from listening import heard, listening
from mingdu.base.actors import SYSTEM
from mingdu.base.outbox import deliver_all, publish
from mingdu.core.findings import Severity
from mingdu.core.registers import Register
from mingdu.metering.events import FindingExplained, FindingOpened, ReadingConflictFound
from mingdu.metering.models import Finding
from mingdu.metering.operations import Explanation, explain_finding
from mingdu.rounds.events import RereadFailed
from mingdu.work.operations import TaskOrder, complete_task, open_task
from mingdu.work.queries import TaskView, tasks_about
from service.stage import NOW, Stage, point_code

pytestmark = pytest.mark.database


def opened(stage: Stage, number: int, severity: Severity) -> FindingOpened:
    """A finding of metering, with the event that it tells."""
    finding = Finding.objects.create(
        rule="STUCK", usage_point_id=stage.small.point_ids[number], day=date(2026, 12, 30), first_interval=0,
        latest_interval=95, severity=severity, figure=96, threshold=48, found_at=NOW,
    )  # fmt: skip
    point_id = finding.usage_point_id
    return FindingOpened(finding.pk, point_id, stage.unit_id, "STUCK", "2026-12-30", int(severity))


def tell(*events: object) -> None:
    for event in events:
        publish(event, at=NOW)  # type: ignore[arg-type]
    deliver_all(NOW)


def tasks_of(event: FindingOpened) -> list[TaskView]:
    return tasks_about(SYSTEM, f"finding:{event.finding_id}")


def test_contradicting_readings_become_one_task_of_an_engineer(stage: Stage) -> None:
    home = stage.new_home()
    digits = stage.true_digits(home)
    for offered in (digits + 1, digits + 2):
        acceptance = stage.small.store([(home, Register.TOTAL, stage.slip_day, offered)], at=NOW)
        assert acceptance.conflicts == 1
        deliver_all(NOW)
    [task] = tasks_about(SYSTEM, f"conflict:{point_code(home)}:TOTAL:2027-01-01")
    assert (task.kind, task.owner_role, task.outcome) == ("reading_conflict", "engineer", "")
    assert task.due_at > task.opened_at
    assert task.details["usage_point"] == point_code(home)


def test_a_contradiction_after_the_task_was_done_is_work_again(stage: Stage) -> None:
    home = stage.new_home()
    point_id = stage.small.point_ids[home]
    found = ReadingConflictFound(
        point_id, stage.unit_id, "TOTAL", "2026-12-30", "2026-12-30T00:00:00+08:00", 1
    )
    subject = f"conflict:{point_code(home)}:TOTAL:2026-12-30"
    tell(found, found)
    [task] = tasks_about(SYSTEM, subject)
    complete_task(task.id, "kept_stored", by=stage.engineer, at=NOW)
    tell(found, found)
    assert [each.outcome for each in tasks_about(SYSTEM, subject)] == ["kept_stored", ""]


@pytest.mark.parametrize(
    ("severity", "owner"), [(Severity.TASK, ["engineer"]), (Severity.HOLD, ["clerk"]), (Severity.NOTICE, [])]
)
def test_a_finding_becomes_one_task_of_its_owner(stage: Stage, severity: Severity, owner: list[str]) -> None:
    event = opened(stage, stage.new_home(), severity)
    tell(event, event)
    assert [task.owner_role for task in tasks_of(event)] == owner
    assert all(task.kind == "finding" and task.due_at > task.opened_at for task in tasks_of(event))


def test_explaining_a_finding_completes_its_task(stage: Stage) -> None:
    event = opened(stage, stage.new_home(), Severity.HOLD)
    tell(event)
    explain_finding(event.finding_id, reason=Explanation.TRUE_USE, note="新装空调", by=stage.engineer, at=NOW)
    deliver_all(NOW)
    assert [(task.outcome, task.owner_role) for task in tasks_of(event)] == [("true_use", "clerk")]


def test_a_task_that_was_ended_by_hand_stays_as_it_was_ended(stage: Stage) -> None:
    event = opened(stage, stage.new_home(), Severity.TASK)
    tell(event)
    complete_task(tasks_of(event)[0].id, "looked_at", by=stage.engineer, at=NOW)
    tell(FindingExplained(event.finding_id, event.usage_point_id, event.rule, event.day, "theft"))
    assert [task.outcome for task in tasks_of(event)] == ["looked_at"]


def test_an_explanation_that_overtakes_its_finding_leaves_no_open_task(stage: Stage) -> None:
    event = opened(stage, stage.new_home(), Severity.TASK)
    tell(FindingExplained(event.finding_id, event.usage_point_id, event.rule, event.day, "true_use"))
    tell(event)
    assert [task.outcome for task in tasks_of(event)] == ["true_use"]


def test_a_reread_that_is_ended_by_hand_is_told_to_who_ordered_it(stage: Stage) -> None:
    home = stage.new_home()
    task_id = stage.order_reread(home, reason="case:1")
    other = open_task(TaskOrder("case", "case:other", "case:other", "agent"), by=SYSTEM, at=NOW)
    complete_task(other.pk, "answered", by=SYSTEM, at=NOW)
    with listening(RereadFailed):
        complete_task(task_id, "no_access", by=stage.reader, at=NOW)
        deliver_all(NOW)
    [told] = heard(RereadFailed)
    assert (told["task_id"], told["reason"], told["outcome"]) == (task_id, "case:1", "no_access")
    assert told["usage_point_id"] == stage.small.point_ids[home]
