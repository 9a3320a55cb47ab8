"""Live alarms by server-sent events: one look at the database for all who listen to this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import path
from django.views.decorators.http import require_safe

from mingdu.base.actors import Actor

from .alarms import Count, count_alarms, total_seen
from .door import at_desk

MOST_LISTENERS = 200
# The database is looked at no more often, however many listen.
EVERY_SECONDS = 2.0
HEARTBEAT_SECONDS = 15.0
# After so long the browser dials in anew and passes the door again: who was signed out hears no more.
LONGEST_SECONDS = 300.0
RETRY_MILLISECONDS = 5_000


@dataclass
class Board:
    """
    What all listeners of a process share.

    look       counts the alarms of an instant; runs in a thread of its own
    listeners  how many streams are open
    """

    look: Callable[[datetime], tuple[Count, ...]] = count_alarms
    every_seconds: float = EVERY_SECONDS
    listeners: int = 0
    looks: int = 0
    _counts: tuple[Count, ...] = ()
    _looked_at: float = float("-inf")
    _looking: asyncio.Task[None] | None = None
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "live-board"))

    async def counts(self, now: datetime) -> tuple[Count, ...]:
        """Return the counts of at most `every_seconds` ago; of many who ask at once one looks."""
        loop = asyncio.get_running_loop()
        if loop.time() - self._looked_at >= self.every_seconds:
            if self._looking is None or self._looking.done():
                self._looking = loop.create_task(self._look(loop, now))
            # A listener that goes away must not end the look that others wait for.
            await asyncio.shield(self._looking)
        return self._counts

    async def _look(self, loop: asyncio.AbstractEventLoop, now: datetime) -> None:
        self._counts = await loop.run_in_executor(self._thread, self._counted, now)
        self._looked_at = loop.time()
        self.looks += 1

    def _counted(self, now: datetime) -> tuple[Count, ...]:
        try:
            return self.look(now)
        finally:
            # The thread outlives every request, so nobody else would give its connection back.
            connection.close()


@dataclass(frozen=True)
class Pace:
    """How long a stream lives, how often it looks and beats [s]."""

    every_seconds: float = EVERY_SECONDS
    heartbeat_seconds: float = HEARTBEAT_SECONDS
    longest_seconds: float = LONGEST_SECONDS


BOARD = Board()


@require_safe
async def live(request: HttpRequest) -> HttpResponseBase:
    """Send how many alarms the colleague may see, at once and whenever it changes."""
    by = at_desk(request)
    if BOARD.listeners >= MOST_LISTENERS:
        return HttpResponse(status=503, headers={"Retry-After": "30"})
    now: datetime = request.now  # type: ignore[attr-defined]
    return StreamingHttpResponse(
        stream(BOARD, by, now, Pace()),
        content_type="text/event-stream",
        # "identity": squeezed, an event would wait in the squeezer's buffer for the next ones.
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no", "Content-Encoding": "identity"},
    )


async def stream(board: Board, by: Actor, now: datetime, pace: Pace) -> AsyncIterator[bytes]:
    """Yield events and heartbeats until the time is up or the reader is gone."""
    loop = asyncio.get_running_loop()
    began = beaten = loop.time()
    shown: int | None = None
    board.listeners += 1
    try:
        yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
        while (passed := loop.time() - began) < pace.longest_seconds:
            total = total_seen(by, await board.counts(now + timedelta(seconds=passed)))
            if total != shown:
                shown = total
                yield f"event: alarms\ndata: {total}\n\n".encode()
            elif loop.time() - beaten >= pace.heartbeat_seconds:
                beaten = loop.time()
                yield b": still here\n\n"
            await asyncio.sleep(pace.every_seconds)
    finally:
        board.listeners -= 1


urlpatterns = [path("", live, name="live")]
