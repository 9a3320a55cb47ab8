"""How long the work of each step of a process run lay and was worked on (等待、处理用时)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min, Q

from mingdu.base.actors import Actor
from mingdu.base.permissions import require, scope

from .models import ProcessRun, Task

VERB = "work.read_tasks"


@dataclass(frozen=True)
class StepTime:
    """
    The times of one step, all its openings together, up to `now` for an open one.

    waiting   from its opening until somebody had it in hand; all of it while nobody has
    working   from then until its end
    """

    waiting: timedelta = timedelta(0)
    working: timedelta = timedelta(0)

    def plus(self, waiting: timedelta, working: timedelta) -> StepTime:
        """Return the times with one more opening."""
        return StepTime(self.waiting + waiting, self.working + working)


def step_times(by: Actor, run_id: int, now: datetime) -> dict[str, StepTime]:
    """Return the times by step; nothing for a run of other units."""
    require(by, VERB)
    units = scope(by, VERB).unit_ids
    seen = Q() if units is None else Q(unit_id__in=units) | Q(unit_id__isnull=True)
    if not ProcessRun.objects.filter(seen, pk=run_id).exists():
        return {}
    subject, found = f"process:{run_id}", dict[str, StepTime]()
    tasks = Task.objects.filter(subject=subject).annotate(taken_at=Min("assignments__at"))
    for task in tasks.select_related("completion").order_by("pk"):
        # The key is "process:7:read:2": the second opening of the step `read`.
        step = task.key.removeprefix(f"{subject}:").rpartition(":")[0]
        completion = getattr(task, "completion", None)
        end = completion.at if completion else now
        taken = min(task.taken_at or end, end)
        found[step] = found.get(step, StepTime()).plus(taken - task.opened_at, end - taken)
    return found
