"""What work tells the subjects above it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TaskCompleted:
    """A task was ended by its completion."""

    task_id: int
    kind: str
    subject: str
    outcome: str


@dataclass(frozen=True)
class TaskEscalated:
    """A task's limit was missed; the next role on its unit has to be told."""

    task_id: int
    kind: str
    subject: str
    level: int
    to_role: str
    unit_id: int | None


@dataclass(frozen=True)
class ProcessFinished:
    """The last step of a process run is done."""

    run_id: int
    definition: str
    key: str
