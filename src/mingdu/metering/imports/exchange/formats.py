"""Which exchange format a file has, told by its first bytes, and what reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from mingdu.metering.exchange import ExchangeFormat
from mingdu.wire.exchange.green_button.read import ATOM, read_feed
from mingdu.wire.exchange.iec61968.read import NAMESPACE, read_meter_readings
from mingdu.wire.exchange.lines import BOM
from mingdu.wire.exchange.mscons.read import read_mscons
from mingdu.wire.exchange.nem.blocks import read_nem
from mingdu.wire.exchange.series import Piece

HEAD_BYTES: Final = 64 * 1024
PIECE_BYTES: Final = 256 * 1024
ZIP: Final = b"PK\x03\x04"


Reader = Callable[[Iterable[bytes]], Iterator[Piece]]
READERS: Final[dict[ExchangeFormat, Reader]] = {
    ExchangeFormat.NEM12: read_nem,
    ExchangeFormat.NEM13: read_nem,
    ExchangeFormat.GREEN_BUTTON: read_feed,
    ExchangeFormat.IEC61968: read_meter_readings,
    ExchangeFormat.MSCONS: read_mscons,
}


def tell_format(head: bytes) -> ExchangeFormat | None:
    """Tell the format by the first bytes of a file; None: it may be a table, or one of our own forms."""
    start = head.removeprefix(BOM).lstrip()
    if start.startswith(ZIP):
        return ExchangeFormat.TABLE
    if start.startswith(b"100,"):
        version = start[4:9].decode("ascii", "replace").lower()
        return ExchangeFormat(version) if version in ("nem12", "nem13") else None
    if start.startswith((b"UNA", b"UNB")):
        return ExchangeFormat.MSCONS
    if start.startswith(b"<") and NAMESPACE.encode() in start:
        return ExchangeFormat.IEC61968
    if start.startswith(b"<") and ATOM.strip().encode() in start:
        return ExchangeFormat.GREEN_BUTTON
    return None


def head_of(path: Path) -> bytes:
    """Return the first bytes of a file, as many as a format is told by."""
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def bytes_of(path: Path) -> Iterator[bytes]:
    """Yield a file in pieces."""
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece
