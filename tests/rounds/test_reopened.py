"""A finding whose explanation was taken back is work with an owner and a limit again."""

from __future__ import annotations

from datetime import date

import pytest

from mingdu.base.actors import SYSTEM
from mingdu.base.outbox import deliver_all, publish
from mingdu.core.findings import Severity
from mingdu.metering.events import FindingOpened
from mingdu.metering.models import Finding
from mingdu.metering.operations import Explanation, explain_finding
from mingdu.metering.operations.withdraw import withdraw_explanations
from mingdu.work.queries import tasks_about
from service.stage import NOW, Stage

pytestmark = pytest.mark.database


def explain(finding: int, stage: Stage) -> None:
    explain_finding(finding, reason=Explanation.TRUE_USE, note="", by=stage.engineer, at=NOW)
    deliver_all(NOW)


@pytest.mark.parametrize(
    ("severity", "owners"), [(Severity.NOTICE, []), (Severity.TASK, ["engineer"]), (Severity.HOLD, ["clerk"])]
)
def test_gets_a_task_of_its_own_that_ends_with_the_next_explanation(
    stage: Stage, severity: Severity, owners: list[str]
) -> None:
    point = stage.small.point_ids[stage.new_home()]
    finding = Finding.objects.create(
        rule="STUCK", usage_point_id=point, day=date(2026, 11, 30), first_interval=0, latest_interval=95,
        severity=severity, figure=96, threshold=48, found_at=NOW,
    ).pk  # fmt: skip
    publish(FindingOpened(finding, point, stage.unit_id, "STUCK", "2026-11-30", int(severity)), at=NOW)
    deliver_all(NOW)

    def open_owners() -> list[str]:
        return [task.owner_role for task in tasks_about(SYSTEM, f"finding:{finding}") if not task.outcome]

    for _ in range(2):
        explain(finding, stage)
        assert open_owners() == []
        withdraw_explanations([finding], by=SYSTEM, at=NOW)
        deliver_all(NOW)
        assert open_owners() == owners
