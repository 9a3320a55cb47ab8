"""The terminals of the town: TCP clients that dial in, say who they are, and pass frames to their meters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mingdu.town.identity import SILENT_TERMINAL
from mingdu.town.memory import memories_of
from mingdu.town.meters import SimulatedMeter
from mingdu.town.model import Town
from mingdu.town.span import INTERVALS
from mingdu.town.truth import SILENT_DAYS
from mingdu.wire.dlt645.frame import Frame, encode_frame
from mingdu.wire.dlt645.stream import split_stream
from mingdu.wire.dtu import TerminalProfile, write_heartbeat, write_registration

Clock = Callable[[], datetime]

# The bytes of `meters/dtu-demo.yaml`, as its maker burnt them in.
DTU_DEMO = TerminalProfile("dtu-demo", registration_prefix=b"\x4d\x44", heartbeat_prefix=b"\xfe\x00")
RECEIVE_BYTES = 4_096
REPLY_PREAMBLE = 4


@dataclass(frozen=True)
class Pace:
    """
    How often a terminal beats, and how long it waits before it dials again: doubling from first to longest.

    A connection that came to stand begins the waits anew.
    """

    heartbeat_seconds: float = 60.0
    first_wait_seconds: float = 1.0
    longest_wait_seconds: float = 60.0


@dataclass(frozen=True)
class Terminal:
    """One terminal with its meters; after `silent_from` it never dials again and drops its connection."""

    address: str
    meters: Sequence[SimulatedMeter]
    silent_from: datetime | None = None

    def is_silent(self, now: datetime) -> bool:
        """Say whether it has fallen silent."""
        return self.silent_from is not None and now >= self.silent_from

    def replies(self, request: Frame, now: datetime) -> list[Frame]:
        """
        Pass a request to the line and return what comes back whole.

        Meters that answer at once, as to a wildcard, destroy each other's bytes: then nothing does.
        """
        answers = [frame for meter in self.meters for frame in meter.answer(request, now)]
        return answers if len(answers) == 1 else []


def terminals_of(town: Town) -> list[Terminal]:
    """Return all terminals, by address; that of home 42 falls silent on its day."""
    lines: dict[str, list[SimulatedMeter]] = {}
    for memory in memories_of(town):
        lines.setdefault(memory.terminal, []).append(SimulatedMeter(memory))
    silent_from = town.span.time(max(0, town.span.days - SILENT_DAYS) * INTERVALS)
    return [
        Terminal(address, lines[address], silent_from if address == SILENT_TERMINAL else None)
        for address in sorted(lines)
    ]


async def run_terminals(
    town: Town, host: str, port: int, clock: Clock, stop: asyncio.Event, pace: Pace = Pace()
) -> None:
    """
    Let every terminal dial the head end until `stop` is set; then all connections are closed.

    clock  returns the town's time, aware; it may run in virtual time
    """
    async with asyncio.TaskGroup() as group:
        for terminal in terminals_of(town):
            group.create_task(run_terminal(terminal, (host, port), clock, stop, pace))


async def run_terminal(
    terminal: Terminal, at: tuple[str, int], clock: Clock, stop: asyncio.Event, pace: Pace = Pace()
) -> None:
    """Keep one terminal connected: dial, serve, and after a loss wait longer each time."""
    wait_seconds = pace.first_wait_seconds
    while not stop.is_set() and not terminal.is_silent(clock()):
        try:
            reader, writer = await asyncio.open_connection(*at)
        except OSError:
            await _stopped_within(stop, wait_seconds)
            wait_seconds = min(2 * wait_seconds, pace.longest_wait_seconds)
            continue
        wait_seconds = pace.first_wait_seconds
        await _serve(Session(terminal, reader, writer, clock), stop, pace)
        await _stopped_within(stop, wait_seconds)


@dataclass(frozen=True)
class Session:
    """One connection of a terminal."""

    terminal: Terminal
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    clock: Clock

    async def answer(self) -> None:
        """Answer requests in order until the head end closes or the terminal falls silent."""
        pending = b""
        while received := await self.reader.read(RECEIVE_BYTES):
            split = split_stream(pending + received)
            pending = split.rest
            for request in split.echoes:
                if self.terminal.is_silent(self.clock()):
                    return
                self._send(request)
            await self.writer.drain()

    async def beat(self, stop: asyncio.Event, every_seconds: float) -> None:
        """Say who it is, then that it lives, until stopped or silent."""
        self.writer.write(write_registration(self.terminal.address, DTU_DEMO))
        while not await _stopped_within(stop, every_seconds):
            if self.terminal.is_silent(self.clock()):
                return
            self.writer.write(write_heartbeat(self.terminal.address, DTU_DEMO))
            await self.writer.drain()

    def _send(self, request: Frame) -> None:
        for reply in self.terminal.replies(request, self.clock()):
            answer = Frame(reply.address, reply.control, reply.data, REPLY_PREAMBLE)
            self.writer.write(encode_frame(answer))


async def _serve(session: Session, stop: asyncio.Event, pace: Pace) -> None:
    """Beat and answer side by side; whichever ends first ends the connection."""
    both = [
        asyncio.create_task(session.beat(stop, pace.heartbeat_seconds)),
        asyncio.create_task(session.answer()),
    ]
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in both:
            task.cancel()
        ends = await asyncio.gather(*both, return_exceptions=True)
        session.writer.close()
    for end in ends:
        # A lost connection ends with OSError: the terminal dials again. Anything else is our own fault.
        if isinstance(end, Exception) and not isinstance(end, OSError):
            raise end


async def _stopped_within(stop: asyncio.Event, seconds: float) -> bool:
    """Wait so long, or until stopped; say which."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return False
    return True
