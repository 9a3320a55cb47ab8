"""
Answers as a meter gives them, for the meters of the simulated town and for tests.

A payload is made first (energies, demands, clock …), then `read_reply` wraps the part that was asked for:

    payload = energies_payload([1_234_567, 200_000, …])
    frame = read_reply("202611230042", 0x0001FF00, payload)                 # 91, or B1 if it is long
    frame = read_reply("202611230042", 0x0001FF00, payload, sequence=1)     # 92, or B2
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Final

from . import functions as f
from .bcd import write_bcd
from .frame import BROADCAST, MAX_DATA_BYTES, Frame, address_bytes
from .identifiers import KW, KWH
from .requests import MAX_SEQUENCE, OutOfRange
from .times import date_bytes, minute_bytes, time_of_day_bytes

# Identifier and SEQ take five of the 200 bytes; the first part keeps the same size.
PART_BYTES: Final = MAX_DATA_BYTES - 5
NO_SUCH_DATA: Final = 0x02
NOT_AUTHORISED: Final = 0x04
OTHER_ERROR: Final = 0x01


def is_for(request: Frame, meter_address: str) -> bool:
    """Tell whether a meter is meant: its own address, the broadcast, or a wildcard whose rest fits."""
    if request.is_from_meter:
        return False
    if request.address == BROADCAST:
        return True
    wild = 0
    while request.address[wild : wild + 2] == "AA":
        wild += 2
    return request.address[wild:] == meter_address[wild:]


def wants_reply(request: Frame) -> bool:
    """Nobody answers a broadcast, nor a time sync in any case."""
    return request.address != BROADCAST and request.function != f.TIME_SYNC


def requested_sequence(request: Frame) -> int:
    """Return which part is asked for: 0 for a read, SEQ for a follow-up read without fault, else 0."""
    is_follow_up = request.function == f.READ_FOLLOW_UP and len(request.data) == 5
    return request.data[4] if is_follow_up else 0


def read_reply(address: str, data_id: int, payload: bytes, sequence: int = 0) -> Frame:
    """
    Answer a read (sequence 0) or a follow-up read with the part of the payload that it asks for.

    raises   OutOfRange: the payload has no such part
    """
    parts = max(1, -(-len(payload) // PART_BYTES))
    if not 0 <= sequence < min(parts, MAX_SEQUENCE + 1):
        raise OutOfRange(f"part {sequence} of {parts}", sequence=sequence, parts=parts)
    more = f.HAS_MORE if sequence + 1 < parts else 0
    function = f.READ_FOLLOW_UP if sequence else f.READ
    part = payload[sequence * PART_BYTES : (sequence + 1) * PART_BYTES]
    tail = bytes((sequence,)) if sequence else b""
    return Frame(address, function | f.FROM_METER | more, data_id.to_bytes(4, "little") + part + tail)


def read_address_reply(address: str) -> Frame:
    """Answer 13 with the real address."""
    return Frame(address, f.READ_ADDRESS | f.FROM_METER, address_bytes(address))


def error_reply(request: Frame, address: str, word: int) -> Frame:
    """Refuse a request (D1 for a read) with an error word such as NO_SUCH_DATA."""
    return Frame(address, request.function | f.FROM_METER | f.IS_ERROR, bytes((word,)))


def done_reply(request: Frame, address: str) -> Frame:
    """Say that a write, freeze, clear or relay command was carried out (94, 96, 9A, 9B, 9C …)."""
    return Frame(address, request.function | f.FROM_METER)


def energies_payload(digits: Iterable[int], *, signed: bool = False) -> bytes:
    """
    Payload of one energy or of a block, total first: whole digits of 0.01 kWh.

    Also of a settlement and of a daily freeze block (`05 06 01 nn`): they have the same shape.
    """
    return b"".join(write_bcd(energy, KWH.width, signed=signed) for energy in digits)


def demands_payload(demands: Iterable[tuple[int, datetime | None]]) -> bytes:
    """Payload of one demand or of a block: whole digits of 0.0001 kW and when; None = never (zeros)."""
    return b"".join(
        write_bcd(digits, KW.width) + (minute_bytes(at) if at else bytes(5)) for digits, at in demands
    )


def freeze_time_payload(at: datetime) -> bytes:
    """Payload of `05 06 00 nn`: when that freeze was taken."""
    return minute_bytes(at)


def date_payload(on: date) -> bytes:
    """Payload of `04 00 01 01`: weekday and date."""
    return date_bytes(on)


def time_payload(at: time) -> bytes:
    """Payload of `04 00 01 02`: time of day."""
    return time_of_day_bytes(at)


def status_word_payload(word: int) -> bytes:
    """Payload of one status word, 16 bits."""
    return word.to_bytes(2, "little")


def absent_payload(width: int) -> bytes:
    """FF…FF: the phase or record does not exist."""
    return b"\xff" * width
