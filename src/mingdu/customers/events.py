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


@dataclass(frozen=True)
class AccountBound:
    """A customer bound an account that somebody else holds; by_name: who, as he is shown to the holder."""

    binding_id: int
    account_number: str
    holder_id: int
    language: str
    by_name: str
