"""What changes the ledger: posting journals, ordering payments, taking the gateway's notices."""

from __future__ import annotations

from .asking import ask_gateway
from .journals import Journal, JournalTwice, post
from .notices import RawNotice, take_notice
from .orders import AmountOutside, OrderRequest, order_payment

__all__ = (
    "AmountOutside",
    "Journal",
    "JournalTwice",
    "OrderRequest",
    "RawNotice",
    "ask_gateway",
    "order_payment",
    "post",
    "take_notice",
)
