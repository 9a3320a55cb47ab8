"""The whole house on a socket of loopback, so that the gateway can really call."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.test import Client

from faces.customer.browsers import customer_browser
from faces.small_utility import PHONE

HOST = "127.0.0.1"
WAIT_SECONDS = 30


class QuietHandler(WSGIRequestHandler):
    """Answers without writing down each request."""

    def log_message(self, format: str, *words: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[int]:
    """Serve the house; gives the port."""
    server = ThreadedWSGIServer((HOST, 0), QuietHandler, allow_reuse_address=False)
    server.set_app(get_wsgi_application())
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(WAIT_SECONDS)


class Browser(Client):
    """A browser whose requests say that they came in at a socket of loopback."""

    def __init__(self, port: int) -> None:
        super().__init__(headers={"Accept-Language": "zh-CN"})
        self.port = port

    def request(self, **environ: Any) -> Any:
        return super().request(**environ | {"SERVER_NAME": HOST, "SERVER_PORT": str(self.port)})


def browser_at(port: int, phone: str = PHONE) -> Browser:
    """A signed-in customer's browser at this port."""
    browser = Browser(port)
    browser.cookies = customer_browser(phone).cookies
    return browser
