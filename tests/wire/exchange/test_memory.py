"""Files far larger than what is held, made on the fly: every reader stays within the same memory."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterable, Iterator

import pytest

from mingdu.wire.exchange.green_button.read import read_feed
from mingdu.wire.exchange.iec61968.read import read_meter_readings
from mingdu.wire.exchange.mscons.read import read_mscons
from mingdu.wire.exchange.nem.blocks import read_nem
from mingdu.wire.exchange.series import Block, Piece
from mingdu.wire.exchange.table.delimited import read_delimited
from mingdu.wire.exchange.table.mapping import guess_mapping
from mingdu.wire.exchange.table.rows import read_rows
from wire.exchange.files import golden

pytestmark = pytest.mark.long

MOST_KILOBYTES = 40_000


def repeated(head: bytes, body: bytes, tail: bytes, size: int) -> Iterator[bytes]:
    """A file of about `size` bytes; its middle is the same piece again and again."""
    yield head
    piece = body * (50_000 // len(body) + 1)
    for _ in range(size // len(piece)):
        yield piece
    yield tail


def around(raw: bytes, start: bytes, end: bytes) -> tuple[bytes, bytes, bytes]:
    """Cut a golden file into head, the part that is repeated, and tail."""
    first, last = raw.index(start), raw.index(end)
    return raw[:first], raw[first:last], raw[last:]


def table(pieces: Iterable[bytes]) -> Iterator[Piece]:
    rows = read_delimited(pieces)
    return read_rows(rows, guess_mapping(["户号", "时间", "示数"]))


FEED = golden("green_button.xml")
BLOCK = FEED[FEED.index(b"<entry><id>urn:uuid:5") : FEED.index(b"<entry><id>urn:uuid:4")]
FEED_HEAD = FEED.replace(BLOCK, b"").removesuffix(b"</feed>\n")
READINGS = golden("meter_readings.xml")

FILES: dict[str, tuple[Callable[[Iterable[bytes]], Iterator[Piece]], tuple[bytes, bytes, bytes], int]] = {
    "NEM12": (read_nem, around(golden("nem12.csv"), b"300,20261025", b"300,20261026"), 200_000_000),
    "CSV": (table, ("户号,时间,示数\n".encode(), b"7,2026-10-25 00:15,1234.5\n", b""), 50_000_000),
    "Green Button": (read_feed, (FEED_HEAD, BLOCK, b"</feed>"), 50_000_000),
    "MeterReadings": (
        read_meter_readings,
        around(READINGS, b"<m:MeterReading>", b"</m:MeterReadings>"),
        50_000_000,
    ),
    "MSCONS": (read_mscons, around(golden("mscons.edi"), b"QTY+220:4.250", b"QTY+67"), 50_000_000),
}


@pytest.mark.parametrize("name", FILES)
def test_a_large_file_is_read_in_constant_memory(name: str) -> None:
    read, (head, body, tail), size = FILES[name]

    def count(size: int) -> int:
        return sum(len(piece) for piece in read(repeated(head, body, tail, size)) if isinstance(piece, Block))

    count(1_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert count(size) > size // 1000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_KILOBYTES
