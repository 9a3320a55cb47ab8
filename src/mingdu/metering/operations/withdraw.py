"""An explanation is taken back: the finding is open again, as long as nothing was made from it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, datetime

from django.db import transaction

from mingdu.base import audit
from mingdu.base.actors import Actor
from mingdu.base.outbox import publish
from mingdu.base.permissions import require
from mingdu.errors import TradeError
from mingdu.metering.events import FindingReopened
from mingdu.metering.models import FindingClosure

from .findings import locked_finding

VERB = "metering.withdraw_explanation"
# Tells whether something that stands was made from a usage point's day, and keeps it so until the transaction
# ends: asked after the finding is locked, so that everybody takes the two locks in this order.
Use = Callable[[int, date], bool]

_uses: list[Use] = []


class NothingToWithdraw(TradeError):
    """The finding has no explanation."""

    next_step = "look at the finding; it is open"


class ExplanationInUse(TradeError):
    """A bill was made from the day that was explained."""

    next_step = "correct the reading, if it is wrong, and propose the correction of the bill"


def register_use(is_used: Use) -> None:
    """Register what a subject above has made from a point's day; called when the apps start."""
    if is_used not in _uses:
        _uses.append(is_used)


@transaction.atomic
def withdraw_explanations(finding_ids: Collection[int], *, by: Actor, at: datetime) -> None:
    """
    Open findings again, all or none; the audit keeps what the explanation was.

    raises  NotPermitted; UnknownFinding: one of them is none, or of a foreign unit; NothingToWithdraw;
            ExplanationInUse
    """
    require(by, VERB)
    for number in sorted(set(finding_ids)):
        _withdraw(number, by, at)


def _withdraw(finding_id: int, by: Actor, at: datetime) -> None:
    finding = locked_finding(finding_id, VERB, by=by)
    closure = FindingClosure.objects.filter(finding=finding).first()
    if closure is None:
        raise NothingToWithdraw(f"finding {finding_id} has no explanation", finding_id=finding_id)
    if any(is_used(finding.usage_point_id, finding.day) for is_used in _uses):
        raise ExplanationInUse(f"finding {finding_id} is billed", finding_id=finding_id, day=f"{finding.day}")
    details = {"reason": closure.reason, "note": closure.note, "by": closure.by}
    explained = closure.pk
    closure.delete()
    told = FindingReopened(
        finding.pk, finding.usage_point_id, finding.rule, finding.day.isoformat(), finding.severity, explained
    )
    publish(told, at=at)
    audit.record(by, VERB, f"finding:{finding_id}", at=at, details=details)
