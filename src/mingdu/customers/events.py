"""What customers tells the subjects above it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SignInCodeMade:
    """A one-time code was drawn for a phone; the channel that carries it is above this subject."""

    code_id: int
    customer_id: int
    code: str
    minutes: int
    language: str
