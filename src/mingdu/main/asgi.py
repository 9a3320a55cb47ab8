"""
The application that the web server runs.

Pages and API are plain functions, so they run whole in a pool of threads: as coroutines each of them would be
handed between threads several times, which measured more than the page itself. Only what stays open for long,
the live alarms, runs as a coroutine.
"""

from __future__ import annotations

from typing import Any, cast

from a2wsgi import WSGIMiddleware
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.urls import reverse

from .startup import start_django

# Each thread keeps its own connection to the database.
THREADS = 8

start_django()
_in_threads = WSGIMiddleware(cast("Any", get_wsgi_application()), workers=THREADS)
_as_coroutine = get_asgi_application()
_open_for_long = frozenset({reverse("console:live")})


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answer one request where its kind is answered best."""
    serve = _as_coroutine if scope.get("path") in _open_for_long else _in_threads
    await serve(scope, receive, send)
