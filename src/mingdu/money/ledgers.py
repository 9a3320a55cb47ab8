"""The chart of accounts (会计科目), as far as the thread needs it."""

from __future__ import annotations

from enum import IntEnum


class Ledger(IntEnum):
    """Where an entry belongs. The numbers are stored; never renumber them."""

    BANK = 1002
    RECEIVABLE = 1122
    REVENUE = 6001
