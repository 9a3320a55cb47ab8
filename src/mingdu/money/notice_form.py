"""The form of the gateway's word: JSON, read strictly, whether it came as a notice or as an answer."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

CODE = re.compile(r"[0-9A-Za-z_-]{1,64}")
ORDER_NUMBER = re.compile(r"[0-9A-Za-z]{1,32}")
PAID, CLOSED = "paid", "closed"


@dataclass(frozen=True)
class Said:
    """
    What the gateway says of an order: it was paid, or it was closed unpaid.

    transaction, amount_fen, paid_at   "", 0 and None of a closed order
    """

    event: str
    order_number: str
    transaction: str = ""
    amount_fen: int = 0
    paid_at: datetime | None = None


def read_said(body: bytes, merchant_number: str) -> Said | None:
    """Return what a body says; None when it does not have the form, or is meant for another merchant."""
    try:
        content = json.loads(body)
        return _said(content, merchant_number) if isinstance(content, dict) else None
    except (ValueError, KeyError, TypeError):
        return None


def _said(content: dict[str, Any], merchant_number: str) -> Said | None:
    event, number = content["event"], content["order"]
    if content["merchant"] != merchant_number or not ORDER_NUMBER.fullmatch(number):
        return None
    if event == CLOSED:
        return Said(CLOSED, number)
    transaction, amount_fen = content["transaction"], content["amount_fen"]
    paid_at = datetime.fromisoformat(content["paid_at"])
    if event != PAID or type(amount_fen) is not int or not CODE.fullmatch(transaction):
        return None
    return Said(PAID, number, transaction, amount_fen, paid_at) if paid_at.tzinfo else None
