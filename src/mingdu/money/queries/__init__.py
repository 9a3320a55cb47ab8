"""Looking at money: entries, what is owed, orders and receipts."""

from __future__ import annotations

from .entries import (
    EntryView,
    JournalEntry,
    balance_fen,
    entries_of_account,
    entries_of_journals,
    ledger_sum_fen,
)
from .owed import Owed, OwedBill, owed_by_account, read_owed
from .payments import (
    NoticeView,
    OrderView,
    ReceiptView,
    UnknownOrder,
    UnknownReceipt,
    latest_waiting_order,
    order_by_number,
    orders_not_booked,
    payment_notices,
    receipt_by_number,
    receipts_of_account,
    receipts_of_bill,
)

__all__ = (
    "EntryView",
    "JournalEntry",
    "NoticeView",
    "OrderView",
    "Owed",
    "OwedBill",
    "ReceiptView",
    "UnknownOrder",
    "UnknownReceipt",
    "balance_fen",
    "entries_of_account",
    "entries_of_journals",
    "latest_waiting_order",
    "ledger_sum_fen",
    "order_by_number",
    "orders_not_booked",
    "owed_by_account",
    "payment_notices",
    "read_owed",
    "receipt_by_number",
    "receipts_of_account",
    "receipts_of_bill",
)
