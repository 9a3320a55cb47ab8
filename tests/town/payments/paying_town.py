"""A gateway of one's own, and a merchant who hears what it tells."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from mingdu.town.payments.book import Book
from mingdu.town.payments.gateway import Gateway
from mingdu.town.payments.notifier import Notifier
from mingdu.town.payments.orders import FIELDS
from mingdu.town.payments.proof import HEADS, Proof, is_proven, prove

NOW = datetime(2027, 1, 4, 1, 0, tzinfo=UTC)
WAIT_SECONDS = 30


@cache
def key(name: str) -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def gateway(folder: Path, *, retry_seconds: tuple[int, ...] = ()) -> Gateway:
    notifier = Notifier(key("gateway"), lambda: NOW, ssl.create_default_context(), retry_seconds)
    return Gateway(key("gateway"), key("merchant").public_key(), Book(folder / "book"), notifier)


def order_of(notify_url: str = "http://127.0.0.1:9/", **changed: Any) -> dict[str, str]:
    """An order as the customer's browser brings it, signed by the merchant."""
    content = {
        "merchant": "mingdu", "payee": "明度供电", "order": "2027010400000001", "amount_fen": 13927,
        "channel": "wechat", "expires_at": (NOW + timedelta(minutes=30)).isoformat(),
        "notify_url": notify_url, "return_url": "https://us.example/back",
    }  # fmt: skip
    body = json.dumps(content | changed).encode()
    proof = prove(key("merchant"), body, NOW)
    values = (base64.urlsafe_b64encode(body).decode(), proof.timestamp, proof.nonce, proof.signature)
    return dict(zip(FIELDS, values, strict=True))


class Merchant:
    """Listens on loopback, keeps what it is told and answers as told to."""

    def __init__(self, answers: Sequence[int]) -> None:
        self.heard: list[tuple[dict[str, Any], bool]] = []
        self.nonces: set[str] = set()
        self._answers = list(answers)

    @property
    def events(self) -> list[str]:
        return [content["event"] for content, _ in self.heard]

    def take(self, body: bytes, headers: Any) -> int:
        proof = Proof(*(headers[name] for name in HEADS))
        self.heard.append((json.loads(body), is_proven(key("gateway").public_key(), body, proof)))
        self.nonces.add(proof.nonce)
        return self._answers.pop(0) if self._answers else 200


@contextmanager
def listening_merchant(*answers: int) -> Iterator[tuple[Merchant, str]]:
    """A merchant and the address at which he listens; his first answers have these statuses, the rest 200."""
    merchant = Merchant(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(merchant.take(body, self.headers))
            self.end_headers()

        def log_message(self, format: str, *words: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield merchant, f"http://127.0.0.1:{server.server_address[1]}/notices"
        finally:
            server.shutdown()
            thread.join(WAIT_SECONDS)
