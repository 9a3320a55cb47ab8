"""Terminals against a small head end on loopback: they dial, register, beat, answer, come back, end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime

import pytest

from mingdu.town.model import Town
from mingdu.town.span import ZONE
from mingdu.town.terminals import DTU_DEMO, Pace, Terminal, run_terminal, run_terminals, terminals_of
from mingdu.wire.dlt645 import requests
from mingdu.wire.dlt645.frame import Frame, encode_frame
from mingdu.wire.dlt645.values import read_values
from mingdu.wire.dtu import Heartbeat, Registration, split_terminal_stream

NOW = datetime(2027, 1, 4, 9, 0, tzinfo=ZONE)
BEFORE_SILENCE = datetime(2026, 12, 27, 12, 0, tzinfo=ZONE)
SILENT_DAY = datetime(2026, 12, 28, 0, 0, tzinfo=ZONE)
QUICK = Pace(heartbeat_seconds=0.01, first_wait_seconds=0.01, longest_wait_seconds=0.02)
PATIENCE_SECONDS = 10

Served = Callable[["Line"], Awaitable[None]]


class Line:
    """The head end's side of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.pending = b""
        self.pieces: list[object] = []

    async def next(self, kind: type) -> object:
        """Return the next piece of a kind; other kinds are passed over."""
        while True:
            while self.pieces:
                piece = self.pieces.pop(0)
                if isinstance(piece, kind):
                    return piece
            received = await self.reader.read(4_096)
            assert received, f"closed before a {kind.__name__}"
            split = split_terminal_stream(self.pending + received, DTU_DEMO)
            self.pending = split.rest
            self.pieces += split.pieces

    def send(self, request: Frame) -> None:
        self.writer.write(encode_frame(request))


@asynccontextmanager
async def head_end() -> AsyncIterator[tuple[asyncio.Server, asyncio.Queue[Line]]]:
    lines: asyncio.Queue[Line] = asyncio.Queue()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.put_nowait(Line(reader, writer))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server, lines
    finally:
        server.close()


def port_of(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])


def terminal(town: Town, address: str) -> Terminal:
    return next(each for each in terminals_of(town) if each.address == address)


@pytest.fixture(scope="module")
def village() -> Town:
    return Town(20, points=60, first_day=date(2026, 12, 1))


def test_a_terminal_registers_beats_and_answers(village: Town) -> None:
    async def play() -> None:
        stop = asyncio.Event()
        first = terminal(village, "530126000001")
        async with head_end() as (server, lines):
            at = ("127.0.0.1", port_of(server))
            running = asyncio.create_task(run_terminal(first, at, lambda: NOW, stop, QUICK))
            line = await lines.get()
            assert await line.next(Registration) == Registration("530126000001", 8)
            assert await line.next(Heartbeat) == Heartbeat("530126000001", 8)
            meter = first.meters[0]
            line.send(requests.read("209900000000", 0x0001FF00))
            line.send(requests.read(meter.address, 0x04000401))
            reply = await line.next(Frame)
            assert isinstance(reply, Frame)
            assert reply.address == meter.address
            assert read_values(reply)[0].text == meter.address
            stop.set()
            await running

    asyncio.run(asyncio.wait_for(play(), PATIENCE_SECONDS))


def test_a_terminal_dials_again_after_a_loss_and_while_nobody_listens(village: Town) -> None:
    async def play() -> None:
        stop = asyncio.Event()
        async with head_end() as (server, _):
            port = port_of(server)
        await server.wait_closed()
        first = terminal(village, "530126000001")
        dials: asyncio.Queue[int] = asyncio.Queue()

        def clock() -> datetime:
            # The terminal looks at the clock before each dial.
            dials.put_nowait(1)
            return NOW

        running = asyncio.create_task(run_terminal(first, ("127.0.0.1", port), clock, stop, QUICK))
        lines: asyncio.Queue[Line] = asyncio.Queue()
        for _ in range(4):
            await dials.get()
        server = await asyncio.start_server(
            lambda reader, writer: lines.put_nowait(Line(reader, writer)), "127.0.0.1", port
        )
        for _ in range(2):
            line = await lines.get()
            await line.next(Registration)
            line.writer.transport.abort()
        stop.set()
        await running
        server.close()

    asyncio.run(asyncio.wait_for(play(), PATIENCE_SECONDS))


def test_all_terminals_dial_except_the_silent_one(village: Town) -> None:
    async def play(now: datetime, expected: set[str]) -> None:
        stop = asyncio.Event()
        async with head_end() as (server, lines):
            running = asyncio.create_task(
                run_terminals(village, "127.0.0.1", port_of(server), lambda: now, stop, QUICK)
            )
            arrived: set[str] = set()
            while len(arrived) < len(expected):
                registration = await (await lines.get()).next(Registration)
                assert isinstance(registration, Registration)
                arrived.add(registration.address)
            assert arrived == expected
            stop.set()
            await running

    speaking = {"530126000001", "530126000002"}
    asyncio.run(asyncio.wait_for(play(NOW, speaking), PATIENCE_SECONDS))
    asyncio.run(asyncio.wait_for(play(BEFORE_SILENCE, {*speaking, "530126900042"}), PATIENCE_SECONDS))


@pytest.mark.parametrize("is_asked", [True, False], ids=["when asked", "at its next heartbeat"])
def test_a_terminal_falls_silent_on_its_day(village: Town, is_asked: bool) -> None:
    async def play() -> None:
        now = [BEFORE_SILENCE]
        silent = terminal(village, "530126900042")
        pace = Pace(heartbeat_seconds=30 if is_asked else 0.01, first_wait_seconds=0.01)
        async with head_end() as (server, lines):
            at = ("127.0.0.1", port_of(server))
            running = asyncio.create_task(run_terminal(silent, at, lambda: now[0], asyncio.Event(), pace))
            line = await lines.get()
            await line.next(Registration)
            line.send(requests.read_address())
            assert await line.next(Frame)
            now[0] = SILENT_DAY
            if is_asked:
                line.send(requests.read_address())
            await running
            rest = await line.reader.read()
            assert not [
                piece for piece in split_terminal_stream(rest, DTU_DEMO).pieces if isinstance(piece, Frame)
            ]
            assert lines.empty()

    asyncio.run(asyncio.wait_for(play(), PATIENCE_SECONDS))


def test_meters_that_answer_at_once_destroy_each_other(village: Town) -> None:
    crowd, single = terminal(village, "530126000001"), terminal(village, "530126900042")
    assert crowd.replies(requests.read_address(), NOW) == []
    assert len(single.replies(requests.read_address(), BEFORE_SILENCE)) == 1


def test_a_fault_of_our_own_is_not_taken_for_a_lost_connection(village: Town) -> None:
    class BrokenClock(Exception):
        pass

    calls = []

    def clock() -> datetime:
        calls.append(1)
        if len(calls) > 1:
            raise BrokenClock
        return NOW

    async def play() -> None:
        silent = terminal(village, "530126000002")
        async with head_end() as (server, lines):
            at = ("127.0.0.1", port_of(server))
            running = asyncio.create_task(run_terminal(silent, at, clock, asyncio.Event(), QUICK))
            await (await lines.get()).next(Registration)
            with pytest.raises(BrokenClock):
                await running

    asyncio.run(asyncio.wait_for(play(), PATIENCE_SECONDS))
