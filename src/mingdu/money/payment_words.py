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
    SETTLED: a person has looked at it, and nothing was booked.
    """

    WAITING = "waiting"
    PAID = "paid"
    DOUBTFUL = "doubtful"
    SETTLED = "settled"
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
        return self in DOUBTFUL

    @property
    def is_anybodys(self) -> bool:
        """Tell whether somebody who has no key of the gateway's can cause it, as often as he likes."""
        return self in _ANYBODYS


class MismatchOutcome(StrEnum):
    """
    How a payment that does not fit its order is settled; the value is stored.

    BOOKED: the money is there and was booked. RETURNED: the gateway sent it back to the payer.
    UNFOUNDED: by the gateway's own statement no money came in.
    """

    BOOKED = "booked"
    RETURNED = "returned_to_payer"
    UNFOUNDED = "unfounded"


DOUBTFUL = frozenset({NoticeVerdict.WRONG_AMOUNT, NoticeVerdict.CONTRADICTS})
_REFUSED = frozenset(
    {
        NoticeVerdict.UNKNOWN_ORDER, NoticeVerdict.UNREADABLE, NoticeVerdict.WRONG_SIGNATURE,
        NoticeVerdict.STALE, NoticeVerdict.REPLAYED,
    }
)  # fmt: skip
_ANYBODYS = frozenset(
    {
        NoticeVerdict.UNREADABLE, NoticeVerdict.WRONG_SIGNATURE, NoticeVerdict.STALE, NoticeVerdict.REPLAYED,
    }
)  # fmt: skip
