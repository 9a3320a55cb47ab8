"""The close of days, and findings that wait for an explanation."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from ninja import Router, Schema, Status
from pydantic import Field

from mingdu.base.ledger import progress
from mingdu.metering.operations import Explanation, close_days, explain_finding
from mingdu.metering.queries import findings_open

from .door import Request
from .fields import Body, Day, Id, Most, Words

router = Router(tags=["metering"])


class FindingWord(Body):
    """What turned out to be behind a finding."""

    reason: Explanation
    note: Words = ""


class DaysToClose(Body):
    """Civil days from … to, both included."""

    from_: Annotated[Day, Field(alias="from")]
    to: Day


class CloseRun(Schema):
    """The run that closes the days, bucket by bucket; workers do it."""

    run: int
    buckets: int
    done: int


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


@router.post("/days/close", response={202: CloseRun})
def close(request: Request, body: DaysToClose) -> Status[CloseRun]:
    """Start the close of some days: validate, estimate, version; closing again changes what came late."""
    run = close_days(body.from_, body.to, by=request.auth, at=request.now)
    found = progress(run.pk)
    return Status(202, CloseRun(run=run.pk, buckets=found.buckets, done=found.done))


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


@router.post("/findings/{id}/explain", response={204: None})
def explain(request: Request, id: Id, body: FindingWord) -> Status[None]:
    """Close a finding with its explanation; until then it holds what depends on it."""
    explain_finding(id, reason=body.reason, note=body.note, by=request.auth, at=request.now)
    return Status(204, None)
