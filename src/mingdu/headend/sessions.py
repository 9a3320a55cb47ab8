"""A terminal's session and the line that it hangs on, as the rest of the head end sees them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Flag, auto
from typing import Protocol

from mingdu.wire.dtu import TerminalProfile

from .exchange import Exchange


class Hold(Flag):
    """Why reading from a socket is paused."""

    NONE = 0
    LOGIN = auto()
    FULL = auto()
    WRITING = auto()


class Line(Protocol):
    """One connection; the listener's sockets, or a test's stand-in."""

    peer: str
    session: Session | None

    def __hash__(self) -> int:
        """A line is known by its identity."""

    def send(self, data: bytes) -> None:
        """Write bytes."""

    def close(self) -> None:
        """Close after what was written has left."""

    def hold(self, why: Hold) -> None:
        """Stop reading."""

    def release(self, why: Hold) -> None:
        """Read again, unless another hold stands; bytes kept meanwhile are handed on."""

    def settle(self) -> None:
        """Treat what was kept of an unfinished piece as garbage and hand on whole frames behind it."""


@dataclass(slots=True, eq=False)
class Session:
    """
    A terminal that is logged in.

    number     id of its row among the sessions
    exchange   the poll that is asked, or whose answer waits for its commit; at most one
    """

    number: int
    terminal_id: int
    address: str
    profile: TerminalProfile
    line: Line = field(repr=False)
    exchange: Exchange | None = None
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Login:
    """A connection that has said who it is and waits to hear whether that terminal is registered."""

    address: str
    profile: TerminalProfile
    line: Line = field(repr=False)
