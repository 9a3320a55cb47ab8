"""The syntax of EDIFACT (ISO 9735, versions 3 and 4): bytes in pieces to segments, bounded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from mingdu.wire.exchange.series import BadRecord

MOST_SEGMENT_BYTES: Final = 16 * 1024
UNA_BYTES: Final = 9


class NotEdifact(BadRecord):
    """The file begins neither with UNA nor with UNB."""

    next_step = "name the format of the file"


class SegmentTooLong(BadRecord):
    """A segment does not end where every segment does."""

    next_step = "check the service characters in UNA, and that the file is not cut"


@dataclass(frozen=True, slots=True)
class Service:
    """Service characters, as UNA gives them or as the standard sets them."""

    component: bytes = b":"
    element: bytes = b"+"
    release: bytes = b"?"
    terminator: bytes = b"'"


@dataclass(frozen=True, slots=True)
class Segment:
    """
    One segment. elements: without the tag, each as its components.

    number   of the segment in the file, from 1 (UNA is not counted); most files are one line
    """

    tag: str
    elements: tuple[tuple[str, ...], ...]
    line: int
    number: int

    def at(self, element: int, component: int = 0) -> str:
        """One component, empty where it was left out."""
        components = self.elements[element] if element < len(self.elements) else ()
        return components[component] if component < len(components) else ""


def read_segments(pieces: Iterable[bytes]) -> Iterator[Segment]:
    """
    Read segments; line ends between them are passed over.

    raises   NotEdifact; SegmentTooLong (also for a last segment without an end)
    """
    source = _parts(pieces)
    buffer = b""
    for piece in source:
        buffer += piece
        if len(buffer.lstrip()) >= UNA_BYTES:
            break
    line = 1 + buffer[: len(buffer) - len(buffer.lstrip())].count(b"\n")
    buffer = buffer.lstrip()
    service = Service()
    if buffer.startswith(b"UNA") and len(buffer) >= UNA_BYTES:
        component, element, _, release, _, terminator = (buffer[at : at + 1] for at in range(3, UNA_BYTES))
        # A blank as release character means that there is none.
        service = Service(component, element, release.strip() or b"\0", terminator)
        buffer = buffer[UNA_BYTES:]
    elif not buffer.startswith(b"UNB"):
        raise NotEdifact("neither UNA nor UNB", line=line, value=buffer[:20], expected="UNA or UNB")
    yield from _segments(buffer, source, service, line)


def _parts(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Cut long pieces, for what follows copies the rest of one at every segment."""
    for piece in pieces:
        for at in range(0, len(piece), MOST_SEGMENT_BYTES):
            yield piece[at : at + MOST_SEGMENT_BYTES]


def _segments(buffer: bytes, source: Iterator[bytes], service: Service, line: int) -> Iterator[Segment]:
    number, encoding, from_ = 0, "latin-1", 0
    while True:
        end = _end(buffer, service, from_)
        if end < 0:
            if len(buffer) > MOST_SEGMENT_BYTES:
                raise SegmentTooLong("no end", line=line, value=buffer[:40], segment=number + 1)
            # What was searched is not searched again, but for a release character that stands last.
            from_ = max(len(buffer) - 1, 0)
            piece = next(source, None)
            if piece is None:
                break
            buffer += piece
            continue
        raw, buffer, from_ = buffer[:end], buffer[end + 1 :], 0
        body = raw.lstrip()
        line += raw[: len(raw) - len(body)].count(b"\n")
        if body:
            number += 1
            segment = _segment(body, service, encoding, (line, number))
            if segment.tag == "UNB" and segment.at(0) == "UNOY":
                encoding = "utf-8"
            yield segment
        line += body.count(b"\n")
    if buffer.strip():
        raise SegmentTooLong("the last segment has no end", line=line, value=buffer[:40], segment=number + 1)


def _end(buffer: bytes, service: Service, from_: int) -> int:
    """Where the next terminator stands that is not released; −1 if there is none."""
    at = buffer.find(service.terminator, from_)
    while at >= 0 and _is_released(buffer, at, service):
        at = buffer.find(service.terminator, at + 1)
    return at


def _is_released(buffer: bytes, at: int, service: Service) -> bool:
    count = 0
    while at - count > 0 and buffer[at - count - 1 : at - count] == service.release:
        count += 1
    return count % 2 == 1


def _segment(body: bytes, service: Service, encoding: str, where: tuple[int, int]) -> Segment:
    component = service.component.decode("latin-1")
    if service.release not in body:
        tag, *plain = body.split(service.element)
        texts = (tuple(each.decode(encoding, "replace").split(component)) for each in plain)
        return Segment(tag.decode("latin-1"), tuple(texts), *where)
    tag, *elements = _split(body, service.element, service)
    components = tuple(
        tuple(_plain(each, service, encoding) for each in _split(element, service.component, service))
        for element in elements
    )
    return Segment(tag.decode("latin-1"), components, *where)


def _split(raw: bytes, mark: bytes, service: Service) -> list[bytes]:
    parts, from_, at = [], 0, raw.find(mark)
    while at >= 0:
        if not _is_released(raw, at, service):
            parts.append(raw[from_:at])
            from_ = at + 1
        at = raw.find(mark, at + 1)
    return [*parts, raw[from_:]]


def _plain(raw: bytes, service: Service, encoding: str) -> str:
    """Take the release characters off and decode."""
    if service.release in raw:
        kept, at = bytearray(), 0
        while at < len(raw):
            at += raw[at : at + 1] == service.release
            kept += raw[at : at + 1]
            at += 1
        raw = bytes(kept)
    return raw.decode(encoding, "replace")
