"""What rounds tells the subjects above it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FieldReadingSynced:
    """A reader's value for a re-read stands; `reason` is what ordered it: "case:2027…"."""

    task_id: int
    reason: str
    usage_point_id: int
    read_at: str
    corrected: bool
    outcome: str
