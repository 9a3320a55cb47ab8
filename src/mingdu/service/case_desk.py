"""What the desk's page of a case shows besides its story: its task, its channel, the customer's last word."""

from __future__ import annotations

from dataclasses import dataclass

from mingdu.base.actors import Actor
from mingdu.base.permissions import require

from .case_lists import VERB
from .models import Case


@dataclass(frozen=True)
class CaseDesk:
    """
    A case's task and how it came.

    last_words   what the customer said when he closed it; empty while it is open
    """

    task_id: int
    channel: str
    opened_by: str
    last_words: str


def case_desk(by: Actor, case_id: int) -> CaseDesk:
    """Return what belongs to a case that `case_by_number` has shown to the actor."""
    require(by, VERB)
    case = Case.objects.select_related("closure").get(pk=case_id)
    closure = getattr(case, "closure", None)
    return CaseDesk(case.task_id, case.channel, case.opened_by, closure.words if closure else "")
