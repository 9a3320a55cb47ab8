"""
Decode with value, ours against PyPI `dlt645`, on the same frames, equal results asserted.

    python bench/decode.py

Prints the median of several runs: frames a second, and how many times the peer. Three ways of ours: frame by
frame to a described value, frame by frame to whole digits, and columns of equal replies.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import numpy as np
from dlt645.common.transform import bcd_to_float, bytes_to_int
from dlt645.model.data.data_handler import get_data_item
from dlt645.protocol.protocol import DLT645Protocol

from mingdu.wire.dlt645.columns import decode_replies
from mingdu.wire.dlt645.frame import decode_frame, encode_frame
from mingdu.wire.dlt645.replies import energies_payload, read_reply
from mingdu.wire.dlt645.values import read_values

FRAMES: Final = 50_000
COLUMN_COPIES: Final = 20
RUNS: Final = 5
SEED: Final = 1
DATA_ID: Final = 0x00010000
# The peer takes the top bit of every energy for a sign, so that a forward register from 800,000.00 kWh on
# comes out negative; forward energy has no sign. Both agree below.
DIGITS_BELOW: Final = 80_000_000

Result = TypeVar("Result")


def main() -> None:
    """Run all and print one line each."""
    frames = make_frames(FRAMES)
    peer_rate, peer = timed(lambda: decode_by_peer(frames), len(frames))
    printed_rate, printed = timed(lambda: decode_printed(frames), len(frames))
    whole_rate, whole = timed(lambda: decode_whole(frames), len(frames))
    buffer = np.frombuffer(b"".join(frames) * COLUMN_COPIES, dtype=np.uint8)
    size = len(frames[0])
    column_rate, columns = timed(lambda: decode_replies(buffer, size), len(frames) * COLUMN_COPIES)

    assert columns.good.all()
    assert columns.digits[: len(frames), 0].tolist() == whole
    assert np.array_equal(columns.digits[:, 0].reshape(COLUMN_COPIES, -1), np.tile(whole, (COLUMN_COPIES, 1)))
    assert [float(text) for text in printed] == peer
    assert [round(value * 100) for value in peer] == whole

    print(f"decode with value, {len(frames)} frames, median of {RUNS} runs; equal results asserted")
    for name, rate in (
        ("PyPI dlt645 3.2.0, float", peer_rate),
        ("ours, frame to decimal text", printed_rate),
        ("ours, frame to whole digits", whole_rate),
        (f"ours, columns of {len(frames) * COLUMN_COPIES}", column_rate),
    ):
        print(f"{name:<34} {rate:>12,.0f} frames/s  {rate / peer_rate:>7.1f} x")


def make_frames(count: int) -> list[bytes]:
    """Make replies with the total of as many meters; the same every time."""
    chance = np.random.default_rng(SEED)
    addresses = chance.integers(0, 10**12, count).tolist()
    digits = chance.integers(0, DIGITS_BELOW, count).tolist()
    return [
        encode_frame(read_reply(f"{address:012d}", DATA_ID, energies_payload([energy])))
        for address, energy in zip(addresses, digits, strict=True)
    ]


def decode_by_peer(frames: Sequence[bytes]) -> list[float]:
    """Decode as the peer's client does on a reply to "read": frame, identifier, table, BCD to float."""
    values = []
    for raw in frames:
        frame = DLT645Protocol.deserialize(raw)
        item = get_data_item(bytes_to_int(frame.data[:4]))
        values.append(bcd_to_float(frame.data[4:8], item.data_format, "little"))
    return values


def decode_printed(frames: Sequence[bytes]) -> list[str]:
    """Decode to the decimal strings that are shown."""
    return [value.printed or "" for raw in frames for value in read_values(decode_frame(raw))]


def decode_whole(frames: Sequence[bytes]) -> list[int]:
    """Decode to the whole digits that are stored."""
    return [value.digits or 0 for raw in frames for value in read_values(decode_frame(raw))]


def timed(work: Callable[[], Result], count: int) -> tuple[float, Result]:
    """Return frames a second (median) and the last result."""
    seconds = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - begun)
    return count / statistics.median(seconds), result


if __name__ == "__main__":
    main()
