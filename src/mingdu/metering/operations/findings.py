"""A person explains a finding; until then it holds what depends on it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.db import transaction

from mingdu.base import audit
from mingdu.base.actors import Actor
from mingdu.base.outbox import publish
from mingdu.base.permissions import require, scope
from mingdu.errors import TradeError
from mingdu.metering.events import FindingExplained
from mingdu.metering.models import Finding, FindingClosure

VERB = "metering.explain_finding"


class UnknownFinding(TradeError):
    """There is no such finding within the actor's units."""

    next_step = "look at the list of open findings"


class AlreadyExplained(TradeError):
    """The finding has an explanation; the first one stands."""

    next_step = "read the explanation; correct the readings if it is wrong"


class Explanation(StrEnum):
    """What turned out to be behind a finding."""

    TRUE_USE = "true_use"
    ROLLED_OVER = "rolled_over"
    METER_REPLACED = "meter_replaced"
    METER_FAULT = "meter_fault"
    WIRING_FAULT = "wiring_fault"
    COMMUNICATION_FAULT = "communication_fault"
    THEFT = "theft"
    READING_ERROR = "reading_error"


def explain_finding(
    finding_id: int, *, reason: Explanation, note: str, by: Actor, at: datetime
) -> FindingClosure:
    """
    Close a finding with its explanation.

    raises  NotPermitted; UnknownFinding: none, or of a foreign unit; AlreadyExplained
    """
    require(by, VERB)
    with transaction.atomic():
        finding = locked_finding(finding_id, VERB, by=by)
        if FindingClosure.objects.filter(finding=finding).exists():
            raise AlreadyExplained(f"finding {finding_id} has an explanation", finding_id=finding_id)
        closure = FindingClosure.objects.create(finding=finding, reason=reason, note=note, by=by.id, at=at)
        told = FindingExplained(
            finding.pk, finding.usage_point_id, finding.rule, finding.day.isoformat(), reason
        )
        publish(told, at=at)
        audit.record(by, VERB, f"finding:{finding_id}", at=at, details={"reason": reason, "note": note})
    return closure


def locked_finding(finding_id: int, verb: str, *, by: Actor) -> Finding:
    """
    Return a finding of the units in which the actor may do the verb, locked until the transaction ends.

    raises  UnknownFinding
    """
    found = Finding.objects.select_for_update(of=("self",)).filter(pk=finding_id)
    units = scope(by, verb).unit_ids
    if units is not None:
        found = found.filter(usage_point__unit_id__in=units)
    finding = found.first()
    if finding is None:
        raise UnknownFinding(f"finding {finding_id}", finding_id=finding_id)
    return finding
