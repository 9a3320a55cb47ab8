"""What the steps of the check share: who acts, and how a difference is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mingdu.errors import TradeError
from mingdu.main.environment import Environment

from .caller import Caller


class StepFailed(TradeError):
    """The running system shows something else than the step requires."""


@dataclass(frozen=True)
class Context:
    """The running system and its signed-in staff by login."""

    environment: Environment
    url: str
    staff: dict[str, Caller]


def must(holds: object, what: str, **values: Any) -> None:
    """Raise StepFailed with the figures unless it holds."""
    if not holds:
        raise StepFailed(what, **values)
