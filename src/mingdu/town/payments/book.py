"""The gateway's own book: one file for each order that was paid or cancelled, written once."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from .orders import NUMBER


@dataclass(frozen=True)
class Booking:
    """
    How an order ended: "paid" or "closed".

    transaction, amount_fen, paid_at   empty and 0 of a closed order
    """

    merchant: str
    order: str
    event: str
    transaction: str = ""
    amount_fen: int = 0
    paid_at: str = ""

    def body(self) -> bytes:
        """Return the booking as the gateway tells it to the merchant."""
        return json.dumps(asdict(self), ensure_ascii=False).encode()


class Book:
    """The bookings in a folder."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; it is made with the first booking."""
        self._folder = folder

    def write(self, booking: Booking) -> Booking:
        """Book how an order ended; the first booking stays, and is returned whoever wrote it."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._folder) as fresh:
            fresh.write(booking.body())
            fresh.flush()
            os.fsync(fresh.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(fresh.name, self._path(booking.order))
        return Booking(**json.loads(self._path(booking.order).read_bytes()))

    def find(self, number: str) -> Booking | None:
        """Return how an order ended, or None while it is open or unknown."""
        if not NUMBER.fullmatch(number) or not self._path(number).exists():
            return None
        return Booking(**json.loads(self._path(number).read_bytes()))

    def _path(self, number: str) -> Path:
        return self._folder / f"{number}.json"
