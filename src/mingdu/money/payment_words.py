"""The codes of payment: over which channel, how an order stands, what was made of a notice."""

from __future__ import annotations

from enum import StrEnum


class Channel(StrEnum):
    """How a customer pays (支付渠道)."""

    WECHAT = "wechat"
    ALIPAY = "alipay"


class OrderState(StrEnum):
    """
    How a payment order stands, read off its records.

    DOUBTFUL: the gateway's word does not fit the order; a person looks at it.
    """

    WAITING = "waiting"
    PAID = "paid"
    DOUBTFUL = "doubtful"
    CLOSED = "closed"
    EXPIRED = "expired"


class NoticeVerdict(StrEnum):
    """What was made of a notice (支付通知); the value is stored."""

    # Genuine.
    POSTED = "posted"
    REPEATED = "repeated"
    CLOSED = "closed"
    CLOSED_AFTER_PAID = "closed_after_paid"
    WRONG_AMOUNT = "wrong_amount"
    CONTRADICTS = "contradicts"
    UNKNOWN_ORDER = "unknown_order"
    # Refused before it was looked into.
    UNREADABLE = "unreadable"
    WRONG_SIGNATURE = "wrong_signature"
    STALE = "stale"
    REPLAYED = "replayed"

    @property
    def is_refused(self) -> bool:
        """Tell whether the sender has to be told that his notice was not taken."""
        return self in _REFUSED

    @property
    def is_doubtful(self) -> bool:
        """Tell whether a person has to look at it."""
        return self in (NoticeVerdict.WRONG_AMOUNT, NoticeVerdict.CONTRADICTS)


_REFUSED = frozenset(
    {
        NoticeVerdict.UNKNOWN_ORDER, NoticeVerdict.UNREADABLE, NoticeVerdict.WRONG_SIGNATURE,
        NoticeVerdict.STALE, NoticeVerdict.REPLAYED,
    }
)  # fmt: skip
