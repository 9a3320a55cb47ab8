"""What money tells: to its own consumers, and to the subjects above it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PaymentReceived:
    """
    A payment was posted.

    payer       actor id of who paid: the account's holder or somebody who follows it
    credit_fen  the part that nothing was owed for
    """

    order_number: str
    account_id: int
    payer: str
    amount_fen: int
    credit_fen: int
