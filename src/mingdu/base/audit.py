"""The audit (审计): who did what to what, when. Only ever added to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from .actors import Actor
from .models import AuditEntry


def record(by: Actor, verb: str, target: str, *, at: datetime, details: dict[str, Any] | None = None) -> None:
    """
    Write one act into the audit, in the caller's transaction.

    target    "bill_run:7", "account:0530100042"
    details   figures a reader needs; never secrets
    """
    AuditEntry.objects.create(at=at, by=by.id, verb=verb, target=target, details=details or {})
