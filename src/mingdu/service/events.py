"""What service tells the subjects above it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CaseClosed:
    """The customer ended his case with his own word."""

    case_id: int
    account_id: int
    outcome: str
