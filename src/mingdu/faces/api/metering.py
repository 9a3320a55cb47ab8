"""Readings, findings, terminals and the collection of readings."""

from __future__ import annotations

from datetime import date

from ninja import Router, Schema

from mingdu.metering.queries import findings_open

from .door import Request
from .fields import Most

router = Router(tags=["metering"])


class FindingAnswer(Schema):
    """A hit of a validation rule that waits for an explanation; figures in the rule's own unit."""

    id: int
    usage_point: str
    rule: str
    day: date
    first_interval: int
    latest_interval: int
    severity: int
    figure: int
    threshold: int


@router.get("/findings", response=list[FindingAnswer])
def findings(request: Request, most: Most = 500) -> list[FindingAnswer]:
    """List the findings that wait for an explanation, the newest day first."""
    return [
        FindingAnswer(
            id=found.finding_id, usage_point=found.usage_point, rule=found.rule, day=found.day,
            first_interval=found.first_interval, latest_interval=found.latest_interval,
            severity=found.severity, figure=found.figure, threshold=found.threshold,
        )
        for found in findings_open(request.auth, most=most)
    ]  # fmt: skip
