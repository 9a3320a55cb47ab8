"""What notices does when subjects below it tell something."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mingdu.base.actors import SYSTEM
from mingdu.base.queries import persons_with_role

from .operations import Notice, send


def tell_sign_in_code(event: dict[str, Any], now: datetime) -> None:
    """Send the one-time code to its customer."""
    notice = Notice(
        recipient=f"customer:{event['customer_id']}",
        template="sign_in_code",
        key=f"sign_in_code:{event['code_id']}",
        variables={"code": event["code"], "minutes": str(event["minutes"])},
        language=event["language"],
    )
    send(notice, by=SYSTEM, at=now)


def tell_binding(event: dict[str, Any], now: datetime) -> None:
    """Tell the holder that somebody else sees his account from now on."""
    notice = Notice(
        recipient=f"customer:{event['holder_id']}",
        template="account_bound",
        key=f"account_bound:{event['binding_id']}",
        variables={"account": event["account_number"], "name": event["by_name"]},
        language=event["language"],
    )
    send(notice, by=SYSTEM, at=now)


def tell_escalation(event: dict[str, Any], now: datetime) -> None:
    """Tell everybody who holds the role on the task's unit that its limit was missed."""
    for person_id, language in persons_with_role(event["to_role"], event["unit_id"]):
        notice = Notice(
            recipient=f"person:{person_id}",
            template="task_escalated",
            key=f"task_escalated:{event['task_id']}:{event['level']}:{person_id}",
            variables={"kind": event["kind"], "subject": event["subject"], "level": str(event["level"])},
            language=language,
        )
        send(notice, by=SYSTEM, at=now)
