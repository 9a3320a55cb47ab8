"""One poll on the wire: which request stands, which frames answer it, when the answer is whole. Pure."""

from __future__ import annotations

from enum import Enum

from mingdu.wire.dlt645 import functions as f
from mingdu.wire.dlt645.follow_up import Assembly, NotAPart, PartLost, TooManyParts, begin
from mingdu.wire.dlt645.frame import Frame
from mingdu.wire.dlt645.replies import is_for
from mingdu.wire.dlt645.requests import read_follow_up

from .schedule import Poll


class Progress(Enum):
    """What a frame means to the exchange."""

    FOREIGN = "no answer to this request"
    STALE = "a part that is not due; keep waiting"
    NEXT = "send the next request"
    WHOLE = "the answer is complete"
    REFUSED = "the meter refused"
    ENDLESS = "more parts than can be asked for"


class Exchange:
    """
    The requests of one poll and the frames that came.

    tries     how often the present round of requests was begun
    refusal   error word of the meter, after REFUSED
    raw       the frames of the whole answer as they came, after WHOLE
    """

    __slots__ = (
        "_assembly",
        "_parts",
        "_requests",
        "_step",
        "_whole",
        "meter_address",
        "poll",
        "refusal",
        "tries",
    )

    def __init__(self, poll: Poll, requests: tuple[Frame, ...]) -> None:
        self.poll = poll
        self.meter_address = poll.meter_address
        self.tries = 1
        self.refusal = b""
        self._requests = requests
        self._step = 0
        self._assembly: Assembly | None = None
        self._parts: list[bytes] = []
        self._whole: list[bytes] = []

    @property
    def is_whole(self) -> bool:
        """Nothing more is to be asked."""
        return self._step == len(self._requests)

    @property
    def raw(self) -> bytes:
        """Frames of the finished reads, one after another."""
        return b"".join(self._whole)

    def request(self) -> Frame:
        """Return the request to send now: the read, or the follow-up of a part that is missing."""
        if self._assembly is None:
            return self._requests[self._step]
        return read_follow_up(self.meter_address, self._assembly.data_id, self._assembly.next_sequence)

    def begin_again(self) -> None:
        """Try once more after a time-out: the read in hand from its first part, finished reads stand."""
        self.tries += 1
        self._assembly = None
        self._parts.clear()

    def take(self, frame: Frame, raw: bytes) -> Progress:
        """Take a frame of a meter and say what it means."""
        asked = self.request()
        if not is_for(asked, frame.address) or frame.function not in (f.READ, f.READ_FOLLOW_UP):
            return Progress.FOREIGN
        if frame.is_error:
            return self._refuse(frame, asked)
        if frame.data_id != asked.data_id:
            return Progress.FOREIGN
        if frame.function != asked.function:
            return Progress.STALE
        try:
            return self._add(frame, raw)
        except (NotAPart, PartLost):
            return Progress.STALE
        except TooManyParts:
            return Progress.ENDLESS

    def _refuse(self, frame: Frame, asked: Frame) -> Progress:
        """A refused follow-up means that the meter has lost its place: the time-out begins the read again."""
        if frame.function != asked.function or frame.function == f.READ_FOLLOW_UP:
            return Progress.STALE
        self.refusal = frame.data
        return Progress.REFUSED

    def _add(self, frame: Frame, raw: bytes) -> Progress:
        self._assembly = self._assembly.add(frame) if self._assembly else begin(frame)
        self._parts.append(raw)
        self.meter_address = frame.address
        if not self._assembly.has_more:
            self._whole += self._parts
            self._parts = []
            self._assembly = None
            self._step += 1
        return Progress.WHOLE if self.is_whole else Progress.NEXT
