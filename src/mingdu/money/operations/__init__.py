"""What changes the ledger: posting journals, ordering payments, taking the gateway's notices."""

from __future__ import annotations

from .asking import ask_gateway, ask_next_order
from .journals import Journal, JournalTwice, post
from .mismatches import (
    MismatchSettled,
    SettledWithoutReason,
    TransactionBooked,
    UnknownMismatch,
    Verdict,
    settle_mismatch,
)
from .notices import RawNotice, take_notice
from .orders import AmountOutside, OrderRequest, order_payment
from .refusals import TooManyNotices, forget_refused

__all__ = (
    "AmountOutside",
    "Journal",
    "JournalTwice",
    "MismatchSettled",
    "OrderRequest",
    "RawNotice",
    "SettledWithoutReason",
    "TooManyNotices",
    "TransactionBooked",
    "UnknownMismatch",
    "Verdict",
    "ask_gateway",
    "ask_next_order",
    "forget_refused",
    "order_payment",
    "post",
    "settle_mismatch",
    "take_notice",
)
