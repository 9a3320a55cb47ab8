"""Many findings explained at once, all for the same reason; those explained before stay as they are."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from mingdu.base.actors import Actor
from mingdu.base.permissions import require

from .findings import VERB, AlreadyExplained, Explanation, explain_finding


@transaction.atomic
def explain_together(
    finding_ids: Collection[int], *, reason: Explanation, note: str, by: Actor, at: datetime
) -> list[int]:
    """
    Close findings with one explanation, all or none; returns the ids that were still open.

    raises  NotPermitted; UnknownFinding: one of them is none, or of a foreign unit
    """
    require(by, VERB)
    # One order for everybody, so that two people never wait for each other's rows.
    return [
        number
        for number in sorted(set(finding_ids))
        if _explained(number, reason=reason, note=note, by=by, at=at)
    ]


def _explained(finding_id: int, *, reason: Explanation, note: str, by: Actor, at: datetime) -> bool:
    try:
        explain_finding(finding_id, reason=reason, note=note, by=by, at=at)
    except AlreadyExplained:
        return False
    return True
