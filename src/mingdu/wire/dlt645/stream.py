"""
Split a stream of bytes into frames, for use inside an `asyncio.Protocol`; pure and bounded.

    split = split_stream(pending + received)
    pending = split.rest                       # never longer than MAX_PARTIAL_BYTES

A frame is found with any preamble, behind garbage, and in any cut of the stream into pieces; the result
does not depend on the cuts. A false start can hold back later bytes until as many have come as its length
byte claims, so after a time-out split once more with `final=True`: whatever cannot be whole any more is
garbage, and whole frames behind it come out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, TypeAlias

from .bcd import TooLong
from .frame import (
    EMPTY_FRAME_BYTES,
    HEADER_BYTES,
    MAX_DATA_BYTES,
    MAX_FRAME_BYTES,
    PREAMBLE,
    START,
    BadChecksum,
    BadEnd,
    BadStart,
    CutFrame,
    Frame,
    decode_frame_at,
)

# Real meters send up to 7 FE; a longer run than this is an idle line, not a preamble.
MAX_PREAMBLE: Final = 32
MAX_PARTIAL_BYTES: Final = MAX_PREAMBLE + MAX_FRAME_BYTES
# So much of each stretch of garbage is kept as evidence.
MAX_GARBAGE_BYTES: Final = 256


class NeedMore(Enum):
    """What stands here can still become a whole piece."""

    NEED_MORE = 1


NEED_MORE: Final = NeedMore.NEED_MORE


@dataclass(frozen=True, slots=True)
class Garbage:
    """
    Bytes that belong to no piece.

    reason   name of the error of what stood there; BadStart where nothing resembled a frame
    length   how many bytes were passed over
    raw      the first MAX_GARBAGE_BYTES of them; kept out of the repr, they may hold a password
    """

    reason: str
    length: int
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rejected:
    """Nothing whole can begin here; the reason is the name of an error."""

    reason: str


# A taker looks at one place of the buffer: a piece and where it ends, or why not.
Taken: TypeAlias = "tuple[object, int] | NeedMore | Rejected"
Taker: TypeAlias = Callable[[bytes, int], Taken]


@dataclass(frozen=True, slots=True)
class Split:
    """Pieces in the order of arrival, and the bytes to put before the next ones."""

    pieces: tuple[object, ...]
    rest: bytes = field(repr=False)

    @property
    def frames(self) -> tuple[Frame, ...]:
        """All whole frames, either direction."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Frame))

    @property
    def replies(self) -> tuple[Frame, ...]:
        """Frames from meters: what a head end wants to hear."""
        return tuple(frame for frame in self.frames if frame.is_from_meter)

    @property
    def echoes(self) -> tuple[Frame, ...]:
        """Frames to meters: a head end's own echo, or the requests that a meter waits for."""
        return tuple(frame for frame in self.frames if not frame.is_from_meter)

    @property
    def garbage(self) -> tuple[Garbage, ...]:
        """Stretches of bytes that belong to nothing."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Garbage))


def split_stream(buffer: bytes, *, final: bool = False) -> Split:
    """Split raw DL/T 645; see the head of this module."""
    return split_with((take_frame,), buffer, final=final)


def split_with(takers: Sequence[Taker], buffer: bytes, *, final: bool = False) -> Split:
    """
    Split with several takers; at each place the first that does not reject has it.

    final   no more bytes will come: unfinished pieces are garbage (CutFrame)
    """
    pieces: list[object] = []
    at = garbage_from = 0
    reason = ""
    while at < len(buffer):
        taken = _take(takers, buffer, at)
        if taken is NEED_MORE and not final:
            break
        if isinstance(taken, tuple):
            pieces += _garbage(buffer[garbage_from:at], reason)
            piece, at = taken
            pieces.append(piece)
            garbage_from, reason = at, ""
            continue
        why = taken.reason if isinstance(taken, Rejected) else CutFrame.__name__
        reason = why if reason in ("", BadStart.__name__) else reason
        at += 1
    pieces += _garbage(buffer[garbage_from:at], reason)
    return Split(tuple(pieces), bytes(buffer[at:]))


def take_frame(buffer: bytes, at: int) -> Taken:
    """Look for one frame of DL/T 645 that begins (with its preamble) at `at`."""
    window = buffer[at : at + MAX_PARTIAL_BYTES]
    start = len(window) - len(window.lstrip(bytes((PREAMBLE,))))
    if start > MAX_PREAMBLE:
        return Rejected(BadStart.__name__)
    if any(window[place] != START for place in (start, start + 7) if place < len(window)):
        return Rejected(BadStart.__name__)
    if len(window) < start + HEADER_BYTES:
        return NEED_MORE
    length = window[start + 9]
    if length <= MAX_DATA_BYTES and len(window) < start + EMPTY_FRAME_BYTES + length:
        return NEED_MORE
    try:
        frame, end = decode_frame_at(window[: start + EMPTY_FRAME_BYTES + length], 0)
    except (TooLong, BadChecksum, BadEnd) as error:
        return Rejected(error.name)
    return frame, at + end


def _take(takers: Sequence[Taker], buffer: bytes, at: int) -> Taken:
    """Ask the takers in turn; the last one's reason stands if all reject."""
    taken: Taken = Rejected(BadStart.__name__)
    for taker in takers:
        taken = taker(buffer, at)
        if not isinstance(taken, Rejected):
            break
    return taken


def _garbage(raw: bytes, reason: str) -> list[Garbage]:
    return [Garbage(reason, len(raw), bytes(raw[:MAX_GARBAGE_BYTES]))] if raw else []
