"""Decode many equal replies at once: one buffer in, columns out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .bcd import SIGN_BIT
from .frame import EMPTY_FRAME_BYTES, END, HEADER_BYTES, OFFSET, START, LengthMismatch
from .functions import FROM_METER, READ

Ints: TypeAlias = NDArray[np.int64]
Octets: TypeAlias = NDArray[np.uint8]
Flags: TypeAlias = NDArray[np.bool_]

_ID_BYTES: Final = 4
_MIN_REPLY_BYTES: Final = EMPTY_FRAME_BYTES + _ID_BYTES
# 18 digits fit int64.
MAX_SLOT_BYTES: Final = 9
# Frames are turned into columns by blocks that stay in the processor's cache.
BLOCK_FRAMES: Final = 1 << 14
_NOT_BCD: Final = 255
_BCD: Final = np.array(
    [10 * (octet >> 4) + (octet & 15) if octet >> 4 < 10 > octet & 15 else _NOT_BCD for octet in range(256)],
    dtype=np.uint8,
)


@dataclass(frozen=True, slots=True)
class ReplyColumns:
    """
    Columns of n replies with k slots each.

    address   int64 (n,)     meter address as a number, 12 digits
    data_id   int64 (n,)     data identifier
    digits    int64 (n, k)   whole digits of the format; 0 where not good
    good      bool  (n,)     start, control, length, checksum, end and every BCD digit are right
    """

    address: Ints
    data_id: Ints
    digits: Ints
    good: Flags


def decode_replies(
    buffer: Octets, frame_bytes: int, *, slot_bytes: int = 4, signed: bool = False
) -> ReplyColumns:
    """
    Decode equal-length 91 replies that stand one after another without preamble.

    buffer        uint8 (n * frame_bytes,)
    frame_bytes   length of every frame
    slot_bytes    width of one value behind the identifier; k of them fill the data field
    signed        the top bit of each value is its sign
    raises        LengthMismatch: the buffer is no whole number of frames, or the frames no whole number of
                  slots
    A missing slot (FF…FF) and the separators of old meters are not good here; decode those frames singly.
    """
    slots, over = divmod(frame_bytes - _MIN_REPLY_BYTES, slot_bytes) if slot_bytes > 0 else (0, 1)
    if slots < 1 or over or slot_bytes > MAX_SLOT_BYTES or buffer.size % frame_bytes:
        raise LengthMismatch(
            f"{buffer.size} bytes are no frames of {frame_bytes} with slots of {slot_bytes}",
            bytes=buffer.size,
            frame_bytes=frame_bytes,
            slot_bytes=slot_bytes,
        )
    frames = buffer.reshape(-1, frame_bytes)
    count = len(frames)
    columns = ReplyColumns(
        np.zeros(count, np.int64),
        np.zeros(count, np.int64),
        np.zeros((count, slots), np.int64),
        np.zeros(count, np.bool_),
    )
    for first in range(0, count, BLOCK_FRAMES):
        rows = slice(first, first + BLOCK_FRAMES)
        _decode_block(np.ascontiguousarray(frames[rows].T), columns, rows, slot_bytes, signed)
    return columns


def _decode_block(octets: Octets, out: ReplyColumns, rows: slice, slot_bytes: int, signed: bool) -> None:
    """Decode one block, octets uint8 (frame_bytes, frames): each place of the frame is one row."""
    good = _framed(octets)
    # uint8 wraps on purpose: the standard's −33H is modulo 256.
    data = octets[HEADER_BYTES:-2] - np.uint8(OFFSET)
    address, is_bcd = _whole(octets[1:7], signed=False)
    good &= is_bcd
    for slot in range(out.digits.shape[1]):
        first = _ID_BYTES + slot * slot_bytes
        digits, is_bcd = _whole(data[first : first + slot_bytes], signed=signed)
        out.digits[rows, slot] = digits
        good &= is_bcd
    out.address[rows] = np.where(good, address, 0)
    out.data_id[rows] = data[0] + (data[1].astype(np.int64) << 8 | data[2].astype(np.int64) << 16)
    out.data_id[rows] += data[3].astype(np.int64) << 24
    out.digits[rows] *= good[:, None]
    out.good[rows] = good


def _framed(octets: Octets) -> Flags:
    """Check everything about the frame but its digits."""
    summed = np.add.reduce(octets[:-2], axis=0, dtype=np.uint8)
    good: Flags = summed == octets[-2]
    good &= (octets[0] == START) & (octets[7] == START) & (octets[-1] == END)
    good &= octets[8] == READ | FROM_METER
    good &= octets[9] == len(octets) - EMPTY_FRAME_BYTES
    return good


def _whole(octets: Octets, *, signed: bool) -> tuple[Ints, Flags]:
    """Turn BCD, low byte first, (bytes, frames) into whole digits and a mask of what is BCD."""
    negative = octets[-1] & SIGN_BIT != 0
    highest = octets[-1] & ~np.uint8(SIGN_BIT) if signed else octets[-1]
    pairs = _BCD[highest]
    is_bcd = pairs != _NOT_BCD
    digits = pairs.astype(np.int64)
    for octet in octets[-2::-1]:
        pairs = _BCD[octet]
        is_bcd &= pairs != _NOT_BCD
        digits *= 100
        digits += pairs
    return (np.where(negative, -digits, digits) if signed else digits), is_bcd
