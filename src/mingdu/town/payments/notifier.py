"""Tells merchants by HTTP what became of their orders: each in a thread of its own, a few at once."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from mingdu.errors import TradeError

from .behaviour import Step
from .book import Booking
from .proof import prove, spoilt

MOST_THREADS = 8
TIMEOUT_SECONDS = 5
# Seconds between tries until the merchant says yes; the real ones go on for a day.
RETRY_SECONDS = (1, 2, 4, 8)
# A notice that is to be overtaken waits for the next order's, but not for ever.
OVERTAKEN_SECONDS = 60


class GatewayBusy(TradeError):
    """The gateway has as many notices under way as it can have."""

    next_step = "wait a minute and pay again; nothing was booked"


@dataclass(frozen=True)
class Telling:
    """
    What is told of one order.

    is_overtaken  wait until another order's telling is through
    """

    url: str
    booking: Booking
    steps: tuple[Step, ...]
    is_overtaken: bool = False


class Notifier:
    """Sends the notices; ends by itself, at the latest with the process."""

    def __init__(
        self,
        key: RSAPrivateKey,
        clock: Callable[[], datetime],
        trust: ssl.SSLContext,
        retry_seconds: tuple[int, ...] = RETRY_SECONDS,
    ) -> None:
        """Keep the gateway's key and clock; `trust` says which merchants' certificates are believed."""
        self._key, self._clock, self._trust, self._retry_seconds = key, clock, trust, retry_seconds
        self._places = threading.BoundedSemaphore(MOST_THREADS)
        self._stopped = threading.Event()
        self._passed = threading.Condition()
        self._count = 0
        self._threads: set[threading.Thread] = set()

    def reserve(self) -> None:
        """Take a place for a telling before anything is booked; raises GatewayBusy."""
        if not self._places.acquire(blocking=False):
            raise GatewayBusy(f"{MOST_THREADS} orders are being told of", most=MOST_THREADS)

    def tell(self, telling: Telling) -> None:
        """Begin to tell, in the place that was reserved."""
        thread = threading.Thread(target=self._run, args=(telling, self._count), daemon=True)
        self._threads.add(thread)
        thread.start()

    def stop(self) -> None:
        """Send nothing more, and wait for what is under way."""
        self._stopped.set()
        with self._passed:
            self._passed.notify_all()
        self.join()

    def join(self) -> None:
        """Wait until all that was begun is told."""
        for thread in list(self._threads):
            thread.join()

    def _run(self, telling: Telling, passed: int) -> None:
        try:
            if telling.is_overtaken:
                self._let_another_pass(passed)
            self._send_all(telling)
        finally:
            with self._passed:
                self._count += 1
                self._passed.notify_all()
            self._threads.discard(threading.current_thread())
            self._places.release()

    def _let_another_pass(self, passed: int) -> None:
        with self._passed:
            self._passed.wait_for(
                lambda: self._count > passed or self._stopped.is_set(), timeout=OVERTAKEN_SECONDS
            )

    def _send_all(self, telling: Telling) -> None:
        with httpx.Client(timeout=TIMEOUT_SECONDS, verify=self._trust) as client:
            for step in telling.steps:
                self._send(client, telling, step)

    def _send(self, client: httpx.Client, telling: Telling, step: Step) -> None:
        for wait in (step.wait_seconds, *self._retry_seconds):
            if self._stopped.wait(wait) or self._is_taken(client, telling, step):
                return

    def _is_taken(self, client: httpx.Client, telling: Telling, step: Step) -> bool:
        """Send one notice, freshly signed, and tell whether the merchant took it."""
        body = _body(telling.booking, step)
        proof = prove(self._key, body, self._clock())
        headers = (spoilt(proof) if step.is_forged else proof).headers()
        try:
            answer = client.post(
                telling.url, content=body, headers=headers | {"Content-Type": "application/json"}
            )
        except httpx.TransportError:
            return False
        return answer.is_success


def _body(booking: Booking, step: Step) -> bytes:
    if step.event == "closed":
        return replace(booking, event="closed", transaction="", amount_fen=0, paid_at="").body()
    return booking.body()
