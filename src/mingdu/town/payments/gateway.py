"""The gateway's own acts: taking an order, paying it, cancelling it, answering its merchant."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from mingdu.errors import TradeError

from .behaviour import LATE_SECONDS, Behaviour, Step, plan
from .book import Book, Booking
from .notifier import Notifier, Telling
from .orders import Order, OrderOver, read_order
from .proof import Proof, is_proven, prove

WINDOW = timedelta(minutes=5)
# What a notice with a wrong amount says too much.
WRONG_BY_FEN = 100


class NotTheMerchant(TradeError):
    """A question about an order is not signed by its merchant, or was signed too long ago."""

    next_step = "sign the order's number with the merchant's key"


class Shown(Enum):
    """How an order stands for the customer."""

    OPEN = "open"
    PAID = "paid"
    CLOSED = "closed"
    OVER = "over"


@dataclass(frozen=True)
class Answer:
    """What the merchant gets to hear, with the gateway's proof."""

    body: bytes
    proof: Proof


@dataclass(frozen=True)
class Gateway:
    """The gateway with its key, the merchant's public key, its book and its notices."""

    key: RSAPrivateKey
    merchant_key: RSAPublicKey
    book: Book
    notifier: Notifier

    def order(self, sent: Mapping[str, str]) -> Order:
        """Return the order that a browser brings; raises BadOrder."""
        return read_order(sent, self.merchant_key)

    def shown(self, order: Order, now: datetime) -> Shown:
        """Tell how an order stands."""
        ended = self.book.find(order.number)
        if ended is not None:
            return Shown(ended.event)
        return Shown.OPEN if now < order.expires_at else Shown.OVER

    def pay(
        self, order: Order, behaviour: Behaviour, now: datetime, late_seconds: int = LATE_SECONDS
    ) -> Booking:
        """
        Book an order as paid and begin to tell its merchant; again changes nothing.

        late_seconds  how late the late behaviour is; the others take no notice of it
        raises  OrderOver: it was cancelled before, or its time is over; GatewayBusy
        """
        excess = WRONG_BY_FEN if behaviour is Behaviour.WRONG_AMOUNT else 0
        paid = Booking(
            order.merchant, order.number, "paid", _transaction(now), order.amount_fen + excess,
            now.isoformat(timespec="seconds"),
        )  # fmt: skip
        telling = (plan(behaviour, late_seconds), behaviour is Behaviour.CROSSED)
        return self._end(order, paid, telling, now)

    def cancel(self, order: Order, now: datetime) -> Booking:
        """Book an order as closed and tell its merchant; raises OrderOver when it was paid before."""
        closed = Booking(order.merchant, order.number, "closed")
        return self._end(order, closed, ((Step("closed"),), False), now)

    def answer(self, number: str, proof: Proof, now: datetime) -> Answer:
        """Tell the merchant how his order stands; raises NotTheMerchant."""
        if not _is_fresh(proof.timestamp, now) or not is_proven(self.merchant_key, number.encode(), proof):
            raise NotTheMerchant(f"order {number} is asked about by nobody we know")
        booking = self.book.find(number) or Booking("", number, "open")
        return Answer(booking.body(), prove(self.key, booking.body(), now))

    def _end(
        self, order: Order, booking: Booking, telling: tuple[tuple[Step, ...], bool], now: datetime
    ) -> Booking:
        if self.shown(order, now) is Shown.OVER:
            raise OrderOver(f"order {order.number} was valid until {order.expires_at:%H:%M}")
        self.notifier.reserve()
        booked = self.book.write(booking)
        # An order that had ended before is told of once more, as it ended.
        steps, is_overtaken = telling if booked == booking else ((Step(booked.event),), False)
        self.notifier.tell(Telling(order.notify_url, booked, steps, is_overtaken))
        if booked.event != booking.event:
            raise OrderOver(f"order {order.number} had ended before: {booked.event}")
        return booked


def _is_fresh(timestamp: str, now: datetime) -> bool:
    is_number = timestamp.isdecimal() and len(timestamp) <= 12
    return is_number and abs(int(timestamp) - int(now.timestamp())) <= WINDOW.total_seconds()


def _transaction(now: datetime) -> str:
    """Draw a transaction number as the real ones look: digits, the day inside."""
    return f"42{now:%Y%m%d%H%M%S}{secrets.randbelow(10**10):010d}"
