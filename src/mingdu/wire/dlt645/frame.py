"""
The frame of DL/T 645: `FE… | 68 | A0…A5 | 68 | C | L | DATA | CS | 16`.

FE bytes wake the line; meters send 0 to 7 of them, and they are not in the checksum. CS is the sum of
all bytes from the first 68 to the end of DATA, modulo 256. Both editions (2007, 1997) share the frame.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from mingdu.errors import TradeError

from .bcd import NotBcd, TooLong
from .functions import FROM_METER, FUNCTION_BITS, HAS_MORE, IS_ERROR, function_of, standard_of

PREAMBLE: Final = 0xFE
START: Final = 0x68
END: Final = 0x16
# The standard adds OFFSET to every data byte on the way out; it is taken off once, here.
OFFSET: Final = 0x33
HEADER_BYTES: Final = 10
# Start to end without data: header, checksum, end.
EMPTY_FRAME_BYTES: Final = HEADER_BYTES + 2
# A reply to "read" holds at most 200 bytes of data (writes less).
MAX_DATA_BYTES: Final = 200
MAX_FRAME_BYTES: Final = EMPTY_FRAME_BYTES + MAX_DATA_BYTES
# What one call of `decode_frames` takes; a longer capture goes through the stream splitter.
MAX_INPUT_BYTES: Final = 1 << 20

ADDRESS_BYTES: Final = 6
BROADCAST: Final = "999999999999"
ANY_METER: Final = "AAAAAAAAAAAA"

_TAKE_OFF: Final = bytes((value - OFFSET) & 0xFF for value in range(256))
_ADD: Final = bytes((value + OFFSET) & 0xFF for value in range(256))


class BadStart(TradeError):
    """One of the two start bytes 68 is not where it must be."""

    next_step = "check where the capture begins"


class CutFrame(TradeError):
    """The bytes end before the frame does."""

    next_step = "wait for more bytes, or read again"


class BadChecksum(TradeError):
    """The sum of the bytes is not the checksum that was sent."""

    next_step = "read again"


class BadEnd(TradeError):
    """The frame does not end with 16."""

    next_step = "read again"


class LengthMismatch(TradeError):
    """The length byte and the bytes that are there disagree."""

    next_step = "read again; if it stays, the meter or the converter counts wrong"


class TrailingBytes(TradeError):
    """Bytes are left over after the last whole frame."""

    next_step = "cut the input after the end byte 16"


@dataclass(frozen=True, slots=True)
class Frame:
    """
    One frame, either direction.

    address    as printed on the meter: 12 digits, high first; AA = any digit pair (wildcard)
    control    control byte C
    data       data field after −33H, in wire order
    preamble   how many FE stood (or shall stand) before the first 68

    The data field is not in the repr: some requests carry a password (see `shown_data`).
    """

    address: str
    control: int
    data: bytes = field(default=b"", repr=False)
    preamble: int = 0

    @property
    def is_from_meter(self) -> bool:
        """D7: set by meters only. A head end that sees it clear hears its own echo."""
        return self.control & FROM_METER != 0

    @property
    def is_error(self) -> bool:
        """D6: the meter refused; `data` is the error word."""
        return self.control & IS_ERROR != 0

    @property
    def has_more(self) -> bool:
        """D5: the answer goes on; ask for it with a follow-up read."""
        return self.control & HAS_MORE != 0

    @property
    def function(self) -> int:
        """D4…D0."""
        return self.control & FUNCTION_BITS

    @property
    def direction(self) -> str:
        """Return "from_meter" or "to_meter"."""
        return "from_meter" if self.is_from_meter else "to_meter"

    @property
    def standard(self) -> str:
        """Edition that the control code belongs to."""
        return standard_of(self.control, self.data)

    @property
    def data_id(self) -> int | None:
        """Data identifier of a 2007 frame (0x00010000 = 00 01 00 00), None if it carries none."""
        span = identifier_span(self, self.standard)
        return int.from_bytes(self.data[span[0] : span[1]], "little") if span else None


def identifier_span(frame: Frame, standard: str) -> tuple[int, int] | None:
    """Return where in the data field the identifier stands (4 bytes in 2007, 2 in 1997), or None."""
    function = function_of(standard, frame.control)
    offset = function.id_in_reply if frame.is_from_meter else function.id_in_request
    width = 2 if standard.endswith("1997") else 4
    if offset is None or frame.is_error or len(frame.data) < offset + width:
        return None
    return offset, offset + width


def password_span(frame: Frame, standard: str) -> tuple[int, int]:
    """Return (first, end) of the bytes of the data field that are a password; (0, 0) = none."""
    function = function_of(standard, frame.control)
    if frame.is_error:
        return (0, 0)
    return function.password_in_reply if frame.is_from_meter else function.password_in_request


def shown_data(frame: Frame) -> str:
    """Return the data field as hex for logs and screens, password bytes as `**`."""
    first, end = password_span(frame, frame.standard)
    return "".join("**" if first <= at < end else f"{byte:02x}" for at, byte in enumerate(frame.data))


def decode_frame(data: bytes) -> Frame:
    """
    Decode exactly one frame, preamble allowed.

    raises   BadStart, CutFrame, TooLong, LengthMismatch, BadChecksum, BadEnd, TrailingBytes
    """
    frame, end = decode_frame_at(data, 0)
    if end != len(data):
        raise _trailing(data, end)
    return frame


def decode_frames(data: bytes) -> tuple[Frame, ...]:
    """
    Decode one frame or several that follow each other, each with its own preamble.

    raises   as `decode_frame`; TooLong above MAX_INPUT_BYTES
    """
    if len(data) > MAX_INPUT_BYTES:
        raise TooLong(f"{len(data)} bytes at once, {MAX_INPUT_BYTES} allowed", bytes=len(data))
    frame, end = decode_frame_at(data, 0)
    frames = [frame]
    while end < len(data):
        if not _looks_like_frame(data, end):
            raise _trailing(data, end)
        frame, end = decode_frame_at(data, end)
        frames.append(frame)
    return tuple(frames)


def decode_frame_at(data: bytes, at: int) -> tuple[Frame, int]:
    """
    Decode the frame whose preamble or start byte stands at `at`; return it and where it ends.

    raises   BadStart, CutFrame, TooLong, LengthMismatch, BadChecksum, BadEnd
    """
    start = at
    size = len(data)
    while start < size and data[start] == PREAMBLE:
        start += 1
    if size < start + HEADER_BYTES or data[start] != START or data[start + 7] != START:
        raise _bad_header(data, start)
    length = data[start + 9]
    end = start + EMPTY_FRAME_BYTES + length
    if length > MAX_DATA_BYTES:
        raise TooLong(f"length byte says {length}, {MAX_DATA_BYTES} allowed", length=length)
    if size < end or sum(data[start : end - 2]) & 0xFF != data[end - 2] or data[end - 1] != END:
        raise _bad_body(data, start, end)
    return (
        Frame(
            data[start + 6 : start : -1].hex().upper(),
            data[start + 8],
            data[start + HEADER_BYTES : end - 2].translate(_TAKE_OFF),
            start - at,
        ),
        end,
    )


def encode_frame(frame: Frame) -> bytes:
    """
    Return the bytes of a frame, preamble included.

    raises   NotBcd: the address is not 12 digits (AA pairs allowed from the high end);
             TooLong: more than MAX_DATA_BYTES of data
    """
    if len(frame.data) > MAX_DATA_BYTES:
        raise TooLong(f"{len(frame.data)} bytes of data, {MAX_DATA_BYTES} allowed", length=len(frame.data))
    body = bytearray((START, *address_bytes(frame.address), START, frame.control, len(frame.data)))
    body += frame.data.translate(_ADD)
    body += bytes((sum(body) & 0xFF, END))
    return bytes((PREAMBLE,)) * frame.preamble + bytes(body)


def address_bytes(address: str) -> bytes:
    """
    Return an address in wire order, low byte first; fewer than 12 digits are padded high with 0.

    raises   NotBcd: a character that is not a digit, outside leading AA pairs; more than 12
    """
    padded = address.zfill(2 * ADDRESS_BYTES)
    digits = padded
    while digits.startswith("AA"):
        digits = digits[2:]
    if len(padded) != 2 * ADDRESS_BYTES or not (digits.isascii() and (digits.isdecimal() or not digits)):
        raise NotBcd(f"address {address!r} is not 12 digits", address=address)
    return bytes.fromhex(padded)[::-1]


def _looks_like_frame(data: bytes, at: int) -> bool:
    """After a whole frame: a header with both start bytes is another frame, anything else is left over."""
    while at < len(data) and data[at] == PREAMBLE:
        at += 1
    return len(data) > at + 7 and data[at] == START == data[at + 7]


def _trailing(data: bytes, end: int) -> TrailingBytes:
    left = len(data) - end
    return TrailingBytes(f"{left} bytes after the frame", bytes=left, offset=end)


def _bad_header(data: bytes, start: int) -> TradeError:
    """Name what is wrong with the first ten bytes."""
    for offset in (start, start + 7):
        if offset < len(data) and data[offset] != START:
            return BadStart(f"byte {offset} is {data[offset]:02X}, must be 68", offset=offset)
    missing = start + HEADER_BYTES - len(data)
    return CutFrame(f"the header lacks {missing} of {HEADER_BYTES} bytes", missing=missing)


def _bad_body(data: bytes, start: int, end: int) -> TradeError:
    """Name what is wrong behind a good header; the length byte itself may be the wrong one."""
    present = len(data) - start - EMPTY_FRAME_BYTES
    length = data[start + 9]
    if length != present and _length_byte_is_wrong(data, start, end):
        return LengthMismatch(
            f"length byte says {length}, {present} bytes of data are there", stated=length, present=present
        )
    if len(data) < end:
        return CutFrame(f"{end - len(data)} bytes are missing", missing=end - len(data))
    computed = sum(data[start : end - 2]) & 0xFF
    if computed != data[end - 2]:
        return BadChecksum(
            f"checksum {data[end - 2]:02X}, computed {computed:02X}",
            stated=f"{data[end - 2]:02X}",
            computed=f"{computed:02X}",
        )
    return BadEnd(f"byte {end - 1} is {data[end - 1]:02X}, must be 16", offset=end - 1)


def _length_byte_is_wrong(data: bytes, start: int, end: int) -> bool:
    """
    Tell a wrong length byte from a cut or damaged frame.

    The bytes must end with 16. Then either the sum fits the bytes that are there (with the length
    byte as sent, or put right), or neither checksum nor end stand where the length byte puts them.
    """
    if len(data) < start + EMPTY_FRAME_BYTES or data[-1] != END:
        return False
    summed = sum(data[start:-2])
    put_right = summed - data[start + 9] + len(data) - start - EMPTY_FRAME_BYTES
    if data[-2] in (summed & 0xFF, put_right & 0xFF):
        return True
    if len(data) < end:
        return False
    return data[end - 1] != END and data[end - 2] != sum(data[start : end - 2]) & 0xFF
