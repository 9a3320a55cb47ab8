"""Which of an account's bills are open: payments and credits settle the oldest bill first (先欠先还)."""

from __future__ import annotations

import numpy as np

from .types import Ints


def allocate(owed_fen: Ints, amount_fen: int) -> Ints:
    """
    Spread an amount over what is owed, the first bill first.

    owed_fen    int64 (bill,)  zero or more, the oldest bill first [fen]
    amount_fen  zero or more [fen]
    returns     int64 (bill,)  what each bill gets; together min(amount, all that is owed) [fen]
    """
    before = np.cumsum(owed_fen, dtype=np.int64) - owed_fen
    shares: Ints = np.minimum(np.maximum(amount_fen - before, 0), owed_fen)
    return shares


def open_items(balance_fen: Ints) -> tuple[Ints, int]:
    """
    Settle bills with what stands in the account's favour, the oldest bill first.

    balance_fen  int64 (bill,)  balance of each bill, the oldest first; negative ones are in favour [fen]
    returns      int64 (bill,)  what each bill still owes [fen], and the credit that is left over [fen];
                 at most one of the two is not zero, and they differ by the account's balance
    """
    owed_fen = np.maximum(balance_fen, 0)
    favour_fen = -int(np.minimum(balance_fen, 0).sum(dtype=np.int64))
    settled_fen = allocate(owed_fen, favour_fen)
    return owed_fen - settled_fen, favour_fen - int(settled_fen.sum(dtype=np.int64))
