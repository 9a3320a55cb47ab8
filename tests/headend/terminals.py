"""Small terminals over loopback: they dial in, answer, push, and count what is acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from headend.stage import PROFILE
from mingdu.wire.dlt645.frame import Frame, encode_frame
from mingdu.wire.dlt645.replies import (
    NO_SUCH_DATA,
    energies_payload,
    error_reply,
    read_reply,
    requested_sequence,
)
from mingdu.wire.dlt645.stream import Split
from mingdu.wire.dtu import Heartbeat, split_terminal_stream, write_heartbeat, write_registration

Meter = Callable[[Frame], bytes]


def answering(payloads: dict[int, bytes] | None = None) -> Meter:
    """A meter that knows some identifiers; without a table it has an energy under every one."""

    def answer(request: Frame) -> bytes:
        data_id = request.data_id
        assert data_id is not None
        payload = energies_payload([1_234_567]) if payloads is None else payloads.get(data_id)
        if payload is None:
            return encode_frame(error_reply(request, request.address, NO_SUCH_DATA))
        return encode_frame(read_reply(request.address, data_id, payload, requested_sequence(request)))

    return answer


def silent(_request: Frame) -> bytes:
    """A meter that does not answer."""
    return b""


@dataclass
class LoopbackTerminal:
    """
    A connection to the head end with one behaviour for all its meters.

    requests    what the head end asked, in order
    acknowledged   heartbeats that came back, one for each pushed frame
    """

    address: str
    meter: Meter = field(default_factory=answering)
    requests: list[Frame] = field(default_factory=list)
    acknowledged: int = 0
    is_over: bool = False
    heard: asyncio.Condition = field(default_factory=asyncio.Condition)
    _writer: asyncio.StreamWriter | None = None
    _listening: asyncio.Task[None] | None = None

    async def dial(self, port: int, *, first: bytes | None = None) -> LoopbackTerminal:
        """Connect and register."""
        reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        self._writer.write(write_registration(self.address, PROFILE) if first is None else first)
        self._listening = asyncio.create_task(self._listen(reader))
        return self

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        assert self._writer is not None
        self._writer.write(data)

    def beat(self) -> None:
        """Send a heartbeat."""
        self.send(write_heartbeat(self.address, PROFILE))

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until a condition holds; it is looked at whenever something was heard."""
        async with asyncio.timeout(10), self.heard:
            await self.heard.wait_for(holds)

    async def hang_up(self) -> None:
        """Close the connection."""
        assert self._writer is not None
        assert self._listening is not None
        self._writer.close()
        await self._listening

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        pending = b""
        while received := await _read(reader):
            split = split_terminal_stream(pending + received, PROFILE)
            pending = split.rest
            self._answer(split)
            await self._tell()
        self.is_over = True
        await self._tell()

    def _answer(self, split: Split) -> None:
        assert self._writer is not None
        for piece in split.pieces:
            if isinstance(piece, Heartbeat):
                self.acknowledged += 1
            elif isinstance(piece, Frame):
                self.requests.append(piece)
                self._writer.write(self.meter(piece))

    async def _tell(self) -> None:
        async with self.heard:
            self.heard.notify_all()


async def _read(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(65_536)
    except ConnectionError:
        return b""
