"""
The head end: listens, keeps time, and is the one user of the store.

One task works off everything that needs the database, round by round: log-ins, one transaction of
what has come together, polls for terminals that have none. An answer is acknowledged only after its commit.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import ClassVar, Final, Protocol

import structlog

from mingdu.errors import TradeError

from .backlog import Backlog, Batch
from .counters import Counters, Tally
from .desk import Desk
from .edge import Edge
from .listener import TerminalSocket
from .schedule import URGENT_LANE, Lane, Poll
from .sessions import Login
from .settings import Settings
from .store import Admission, StoreLost
from .wheel import TICK_SECONDS

RECONNECT_FIRST_SECONDS: Final = 0.1
RECONNECT_MOST_SECONDS: Final = 5.0
FLUSH_SECONDS: Final = 15.0
COUNTERS_LOGGED_SECONDS: Final = 60.0
BACKLOG_CONNECTIONS: Final = 4096

log = structlog.get_logger(__name__)


class NotFlushed(TradeError):
    """The head end stopped while answers still waited for the database; they will be asked again."""

    next_step = "start the database, then the head end; what was not stored is asked again"
    exit_code: ClassVar[int] = 4


class Keeper(Protocol):
    """What the head end needs of the database: `Store`, or a test's stand-in."""

    async def open(self, sessions: Sequence[int], at: datetime) -> None:
        """Connect."""

    async def close(self) -> None:
        """Leave."""

    async def open_sessions(self, logins: Sequence[Login], at: datetime) -> dict[str, Admission]:
        """Admit registered terminals."""

    async def due_polls(self, terminals: Sequence[int], at: datetime, *, lane: int, most: int) -> list[Poll]:
        """Look for polls."""

    async def write(self, batch: Batch) -> None:
        """Commit."""


class HeadEnd:
    """
    One listener process.

    store   its database; every failure of it is StoreLost
    now     the clock, aware instants; may be demo time
    """

    def __init__(self, store: Keeper, settings: Settings, now: Callable[[], datetime]) -> None:
        self._store = store
        self._settings = settings
        self._now = now
        self._backlog = Backlog(settings.rows_waiting)
        self._tally = Tally()
        self._is_store_open = False
        self._is_stopping = False

    async def start(self, port: int, host: str = "0.0.0.0") -> None:
        """Listen; port 0 takes a free one. The database may come later."""
        loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()
        self._stopped = asyncio.Event()
        self._edge = Edge(self._now, loop.time, self._woken.set)
        self._desk = Desk(self._settings, self._edge, self._backlog, self._tally)
        self._looked_at = self._beaten_at = self._logged_at = loop.time()
        self._server = await loop.create_server(
            lambda: TerminalSocket(self._desk), host, port, backlog=BACKLOG_CONNECTIONS
        )
        self._work = asyncio.create_task(self._work_off())
        self._work.add_done_callback(lambda _: self._stopped.set())
        self._tick()
        log.info("head end listens", port=self.port)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def counters(self) -> Counters:
        """Return what has been done so far."""
        return self._tally.snapshot(
            sessions=len(self._desk.sessions),
            waiting=self._backlog.waiting,
            database_up=self._is_store_open,
        )

    async def wait(self) -> None:
        """Wait until the head end is stopped; a fault in its work is raised here."""
        await self._stopped.wait()
        if self._work.done():
            self._work.result()

    async def stop(self, flush_seconds: float = FLUSH_SECONDS) -> None:
        """
        End all sessions, commit what waits, leave.

        raises   NotFlushed: the database did not take it in time
        """
        self._server.close()
        self._ticking.cancel()
        self._desk.close_all()
        self._is_stopping = True
        self._woken.set()
        done, _ = await asyncio.wait((self._work,), timeout=flush_seconds)
        if not done:
            self._work.cancel()
            await asyncio.wait((self._work,))
        await self._store.close()
        self._stopped.set()
        log.info("head end stopped", **asdict(self.counters()))
        if not done:
            raise NotFlushed(
                f"{self._backlog.waiting} answers were not stored", waiting=self._backlog.waiting
            )

    def _tick(self) -> None:
        """Turn the wheels; every look, make the worker search the table. One timer for all sessions."""
        loop = asyncio.get_running_loop()
        self._ticking = loop.call_later(TICK_SECONDS, self._tick)
        self._desk.tick()
        if loop.time() >= self._looked_at + self._settings.look_seconds:
            self._woken.set()
        if loop.time() >= self._logged_at + COUNTERS_LOGGED_SECONDS:
            self._logged_at = loop.time()
            log.info("head end counts", **asdict(self.counters()))

    async def _work_off(self) -> None:
        pause = RECONNECT_FIRST_SECONDS
        while not (self._is_stopping and self._backlog.is_empty):
            try:
                await self._round()
                pause = RECONNECT_FIRST_SECONDS
            except StoreLost as lost:
                log.warning("database lost", error=lost.message, waiting=self._backlog.waiting)
                self._is_store_open = False
                await self._store.close()
                await asyncio.sleep(pause)
                pause = min(2 * pause, RECONNECT_MOST_SECONDS)
                self._woken.set()

    async def _round(self) -> None:
        if not self._is_store_open:
            await self._store.open([each.number for each in self._desk.sessions.values()], self._now())
            self._is_store_open = True
        await self._woken.wait()
        if not self._is_stopping:
            await asyncio.sleep(self._settings.gather_seconds)
        self._woken.clear()
        await self._decide_logins()
        await self._write()
        if not self._is_stopping:
            await self._look()

    async def _decide_logins(self) -> None:
        logins = self._desk.waiting_logins()
        if logins:
            self._desk.decide(logins, await self._store.open_sessions(logins, self._now()))

    async def _write(self) -> None:
        now = self._edge.monotonic()
        with_beats = now >= self._beaten_at + self._settings.beat_seconds
        batch = self._backlog.next_batch(self._settings.rows_a_commit, with_beats=with_beats)
        if with_beats:
            self._beaten_at = now
        if not batch.is_empty:
            await self._store.write(batch)
        self._backlog.written()
        self._desk.stored(batch.answers)
        if self._backlog.waiting or self._is_stopping:
            self._woken.set()

    async def _look(self) -> None:
        """Search the table for terminals without polls, and now and then for urgent polls of the others."""
        asker = self._desk.asker
        if self._edge.monotonic() >= self._looked_at + self._settings.look_seconds:
            self._looked_at = self._edge.monotonic()
            await self._take(asker.look_again(), URGENT_LANE)
        hungry = list(asker.hungry)
        asker.hungry.clear()
        await self._take(hungry, Lane.BACKFILL)

    async def _take(self, terminals: Sequence[int], lane: int) -> None:
        if terminals:
            most = self._settings.polls_a_look
            self._desk.asker.take(await self._store.due_polls(terminals, self._now(), lane=lane, most=most))


async def serve_until_signal(head_end: HeadEnd, port: int, started: Callable[[int], None]) -> None:
    """
    Run a head end until SIGINT or SIGTERM; `started` hears the port.

    raises   NotFlushed; whatever ended the head end's work
    """
    loop = asyncio.get_running_loop()
    asked_to_stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked_to_stop.set)
    await head_end.start(port)
    started(head_end.port)
    watched: Mapping[str, asyncio.Task[object]] = {
        "signal": asyncio.create_task(asked_to_stop.wait()),
        "work": asyncio.create_task(head_end.wait()),
    }
    await asyncio.wait(watched.values(), return_when=asyncio.FIRST_COMPLETED)
    watched["signal"].cancel()
    await head_end.stop()
    await watched["work"]
