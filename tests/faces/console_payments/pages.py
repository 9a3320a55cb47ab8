"""The names of the desks' pages that the walk of this folder goes through."""

from __future__ import annotations

NAMES = frozenset({"payments", "payment", "payment_notices", "payment_notice", "settle_payment"})
