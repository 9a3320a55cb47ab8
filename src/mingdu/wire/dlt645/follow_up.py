"""Put an answer together that comes in several frames (后续帧): 91/B1, then 92/B2 … as long as D5 is set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from mingdu.errors import TradeError

from . import functions as f
from .frame import Frame
from .requests import MAX_SEQUENCE


class NotAPart(TradeError):
    """A frame does not belong to the answer that is being put together."""

    next_step = "read the identifier again from its first part"


class PartLost(TradeError):
    """The parts do not follow each other, or there are none, or the last one is missing."""

    next_step = "read the identifier again from its first part"


class TooManyParts(TradeError):
    """The meter says "more" behind part 255, the last one that can be asked for."""

    next_step = "ask for less at once: fewer blocks, one tariff"


@dataclass(frozen=True, slots=True)
class Assembly:
    """
    An answer as far as it has come; `add` returns the next state.

    parts      how many frames it holds, the first being part 0
    has_more   ask for `next_sequence`
    """

    address: str
    data_id: int
    payload: bytes = field(repr=False)
    parts: int
    has_more: bool

    @property
    def next_sequence(self) -> int:
        """SEQ of the follow-up read to send now."""
        return self.parts

    def add(self, frame: Frame) -> Assembly:
        """
        Add the next part; a first part (91, B1) starts the answer afresh.

        raises   NotAPart: error reply, request, other meter or identifier; PartLost: another SEQ than
                 the one asked for; TooManyParts
        """
        if frame.function == f.READ:
            return begin(frame)
        data_id = _part_id(frame)
        if frame.address != self.address or data_id != self.data_id or len(frame.data) < 5:
            raise NotAPart(f"a part of meter {frame.address}, not of {self.address}", address=frame.address)
        sequence = frame.data[-1]
        if not self.has_more or sequence != self.next_sequence:
            raise PartLost(f"part {sequence} came, {self.parts} was due", came=sequence, due=self.parts)
        if frame.has_more and sequence == MAX_SEQUENCE:
            raise TooManyParts(f"more than {MAX_SEQUENCE} parts", parts=self.parts)
        payload = self.payload + frame.data[4:-1]
        return Assembly(self.address, data_id, payload, self.parts + 1, frame.has_more)

    def whole(self) -> Frame:
        """
        Return the answer as one frame, its data field as long as it needs to be.

        raises   PartLost: parts are still missing
        """
        if self.has_more:
            raise PartLost(f"part {self.next_sequence} is missing", due=self.next_sequence)
        data = self.data_id.to_bytes(4, "little") + self.payload
        return Frame(self.address, f.READ | f.FROM_METER, data)


def begin(frame: Frame) -> Assembly:
    """
    Start an answer with its first part.

    raises   NotAPart: anything but 91 or B1 with an identifier
    """
    data_id = _part_id(frame)
    if frame.function != f.READ:
        raise NotAPart(
            f"control {frame.control:02X} does not begin an answer", control=f"{frame.control:02X}"
        )
    return Assembly(frame.address, data_id, frame.data[4:], 1, frame.has_more)


def reassemble(parts: Iterable[Frame]) -> Frame:
    """
    Put all parts of one answer together; a first part in the middle starts afresh.

    returns   one 91 frame, to be read by `values.read_values` like any other
    raises    NotAPart, PartLost, TooManyParts
    """
    assembly: Assembly | None = None
    for frame in parts:
        assembly = begin(frame) if assembly is None else assembly.add(frame)
    if assembly is None:
        raise PartLost("no part at all", due=0)
    return assembly.whole()


def _part_id(frame: Frame) -> int:
    data_id = frame.data_id
    if data_id is None or not frame.is_from_meter or frame.function not in (f.READ, f.READ_FOLLOW_UP):
        raise NotAPart(f"control {frame.control:02X} is no part of an answer", control=f"{frame.control:02X}")
    return data_id
