"""How figures and times are written for programs and people."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.utils import timezone
from pydantic import PlainSerializer

from mingdu.core.money import yuan_text

__all__ = ["Instant", "local", "yuan_text"]


def local(instant: datetime) -> datetime:
    """Return an instant with the offset of the utility's zone."""
    return instant.astimezone(timezone.get_current_timezone())


def _iso(instant: datetime) -> str:
    return local(instant).isoformat()


# An aware instant, written in ISO 8601 with the offset of the utility's zone.
Instant = Annotated[datetime, PlainSerializer(_iso, return_type=str)]
