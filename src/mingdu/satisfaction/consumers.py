"""What satisfaction does when a case is closed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mingdu.base.actors import SYSTEM

from .operations import plan_callback


def call_back(event: dict[str, Any], now: datetime) -> None:
    """Put a call about the closed case on the list."""
    case_id = event["case_id"]
    plan_callback(
        event["account_id"], "case_closed", key=f"case:{case_id}", case_id=case_id, by=SYSTEM, at=now
    )
