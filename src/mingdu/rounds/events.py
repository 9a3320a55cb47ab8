"""What rounds tells the subjects above it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FieldReadingSynced:
    """A reader's values for a re-read stand, all of them; `reason` is what ordered it: "case:2027…"."""

    task_id: int
    reason: str
    usage_point_id: int
    read_at: str
    corrected: bool
    outcome: str


@dataclass(frozen=True)
class RereadFailed:
    """A re-read was ended by hand before its last value came in; `outcome` says what stood in the way."""

    task_id: int
    reason: str
    usage_point_id: int
    read_at: str
    outcome: str
