"""What the tests of the exchange formats share: golden files, cutting into pieces, damaging."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hypothesis import strategies as st

GOLDEN = Path(__file__).parents[2] / "golden" / "exchange"


def golden(name: str, *, line_end: bytes = b"\n") -> bytes:
    """Bytes of one golden file, with the line ends that its format wants."""
    return (GOLDEN / name).read_bytes().replace(b"\r\n", b"\n").replace(b"\n", line_end)


def pieces_of(raw: bytes, size: int) -> Iterator[bytes]:
    """Cut into pieces of one size."""
    for at in range(0, len(raw), size):
        yield raw[at : at + size]


@st.composite
def damaged(draw: st.DrawFn, raw: bytes) -> bytes:
    """Overwrite, take out, double or insert a few stretches, perhaps cut the end."""
    body = bytearray(raw)
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, max(len(body) - 1, 0)))
        length = draw(st.integers(0, 12))
        new = draw(
            st.binary(max_size=8) | st.sampled_from([b"\n", b",", b"<", b">", b"'", b"+", b'"', b"9" * 30])
        )
        body[at : at + length] = new if draw(st.booleans()) else bytes(body[at : at + length]) * 2
    return bytes(body[: draw(st.integers(0, len(body)))]) if draw(st.booleans()) else bytes(body)
