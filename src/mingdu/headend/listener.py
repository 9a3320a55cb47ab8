"""One asyncio protocol a socket: cuts the stream into pieces for the desk; no task, no timer."""

from __future__ import annotations

import asyncio
from typing import Final, cast

from mingdu.wire.dlt645.frame import EMPTY_FRAME_BYTES, Frame
from mingdu.wire.dlt645.stream import Garbage, NeedMore, Split
from mingdu.wire.dtu import Heartbeat, Registration, match, split_terminal_stream

from .desk import Desk
from .sessions import Hold, Session

# The stream is cut in slices, so that garbage costs little before it is noticed.
SLICE_BYTES: Final = 4096
# So much garbage in a row, and the connection is closed.
GARBAGE_MAX: Final = 4096
# What may follow a registration before the terminal is admitted.
WAITING_BYTES_MAX: Final = 65_536

NO_REGISTRATION: Final = "no registration"
GARBAGE: Final = "garbage"


class TerminalSocket(asyncio.Protocol):
    """
    A connection.

    peer      address and port of the other side
    session   the terminal's session, once it is admitted
    """

    __slots__ = ("_desk", "_garbage_bytes", "_holds", "_pending", "_transport", "peer", "session")

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._transport: asyncio.Transport | None = None
        self._pending = b""
        self._garbage_bytes = 0
        self._holds = Hold.NONE
        self.peer = ""
        self.session: Session | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.peer = ":".join(str(part) for part in transport.get_extra_info("peername")[:2])
        self._desk.connected(self)

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), SLICE_BYTES):
            if not self._is_open:
                return
            self._take(data[start : start + SLICE_BYTES])

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._desk.disconnected(self)

    def pause_writing(self) -> None:
        self.hold(Hold.WRITING)

    def resume_writing(self) -> None:
        self.release(Hold.WRITING)

    def send(self, data: bytes) -> None:
        """Write bytes, if the connection is still there."""
        if self._is_open:
            self._live.write(data)

    def close(self) -> None:
        """Close after what was written has left."""
        if self._is_open:
            self._live.close()

    def hold(self, why: Hold) -> None:
        """Stop reading."""
        if self._is_open and not self._holds:
            self._live.pause_reading()
        self._holds |= why

    def release(self, why: Hold) -> None:
        """Read again, unless another hold stands; bytes that came behind a registration are taken first."""
        was_held, self._holds = bool(self._holds), self._holds & ~why
        if why is Hold.LOGIN:
            pending, self._pending = self._pending, b""
            self.data_received(pending)
        if was_held and not self._holds and self._is_open:
            self._live.resume_reading()

    def settle(self) -> None:
        """Treat what was kept of an unfinished piece as garbage and hand on whole frames behind it."""
        if self.session is not None and self._pending:
            self._hand_on(self._pending, final=True)

    @property
    def _is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    @property
    def _live(self) -> asyncio.Transport:
        assert self._transport is not None
        return self._transport

    def _take(self, data: bytes) -> None:
        buffer = self._pending + data
        if self.session is not None:
            self._hand_on(buffer)
        elif Hold.LOGIN in self._holds:
            self._wait(buffer)
        else:
            self._introduce(buffer)

    def _wait(self, buffer: bytes) -> None:
        self._pending = buffer
        if len(buffer) > WAITING_BYTES_MAX:
            self._desk.rejected(self, GARBAGE)

    def _introduce(self, buffer: bytes) -> None:
        """Take a registration, or a heartbeat of a terminal that thinks it is logged in; nothing else."""
        found = [(profile, match(buffer, profile)) for profile in self._desk.profiles]
        for profile, packet in found:
            if isinstance(packet, Registration | Heartbeat):
                self._pending = buffer[packet.length :]
                self._desk.introduced(self, profile, packet.address)
                return
        if any(isinstance(packet, NeedMore) for _, packet in found):
            self._pending = buffer
        else:
            self._desk.rejected(self, NO_REGISTRATION)

    def _hand_on(self, buffer: bytes, *, final: bool = False) -> None:
        session = self.session
        assert session is not None
        split: Split = split_terminal_stream(buffer, session.profile, final=final)
        self._pending = split.rest
        at = 0
        for piece in split.pieces:
            end = at + _length(piece)
            self._desk.heard(session, piece, buffer[at:end])
            at = end
            self._weigh(piece)
            if not session.is_open:
                return

    def _weigh(self, piece: object) -> None:
        self._garbage_bytes = self._garbage_bytes + piece.length if isinstance(piece, Garbage) else 0
        if self._garbage_bytes > GARBAGE_MAX:
            self._desk.rejected(self, GARBAGE)


def _length(piece: object) -> int:
    """Count the bytes of a piece; pieces follow each other without a gap."""
    if isinstance(piece, Frame):
        return piece.preamble + EMPTY_FRAME_BYTES + len(piece.data)
    assert isinstance(piece, Garbage | Registration | Heartbeat)
    return piece.length
