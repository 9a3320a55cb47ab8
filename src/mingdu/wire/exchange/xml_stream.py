"""
XML in pieces to the elements that are wanted, one at a time; bounded, and deaf to everything but elements.

The parser is expat, fed by hand. A document type (and with it every entity) is refused at its first byte,
nothing is ever fetched, and depth, size of a token and size of one wanted element have limits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from .series import BadRecord

MOST_DEPTH: Final = 64
MOST_TOKEN_BYTES: Final = 1 << 20
MOST_TEXT: Final = 1 << 16
MOST_ELEMENTS: Final = 300_000


class NotXml(BadRecord):
    """The file is not well-formed from here on; what came before was read."""


class ForbiddenXml(BadRecord):
    """The file declares a document type or entities; files of these formats never need them."""

    next_step = "ask the sender for the file without a DOCTYPE"


class XmlTooLarge(BadRecord):
    """An element is deeper, longer or has more inside than any honest file."""

    next_step = "check that the file is what its name says, or ask for it in several files"


@dataclass(slots=True)
class Element:
    """
    One element with what is inside. tag and attribute names: "namespace name", or "name" alone.

    line   where its start tag stands, from 1
    """

    tag: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def first(self, *path: str) -> Element | None:
        """The first element down a path of tags, None if there is none."""
        here: Element | None = self
        for tag in path:
            here = next((each for each in here.children if each.tag == tag), None) if here else None
        return here

    def every(self, tag: str) -> Iterator[Element]:
        """Children of one tag."""
        return (each for each in self.children if each.tag == tag)

    def text_of(self, *path: str) -> str:
        """Text of the first element down a path, empty if there is none."""
        found = self.first(*path)
        return found.text.strip() if found else ""


def wanted_elements(pieces: Iterable[bytes], wanted: frozenset[str]) -> Iterator[Element]:
    """
    Yield each outermost wanted element when its end has come; the rest of the file is passed over.

    wanted   tags as "namespace name"
    raises   NotXml, ForbiddenXml, XmlTooLarge; elements that ended before are yielded first
    """
    builder = _Builder(wanted)
    fed = 0
    for piece in pieces:
        # A piece may be a whole file: hand it over in parts, so that the limits bite inside it.
        for at in range(0, len(piece), MOST_TOKEN_BYTES):
            part = piece[at : at + MOST_TOKEN_BYTES]
            fed += len(part)
            yield from _feed(builder, part, is_last=False)
            if fed - builder.parser.CurrentByteIndex > MOST_TOKEN_BYTES:
                raise XmlTooLarge("a token without an end", line=builder.line, expected="at most 1 MiB")
    yield from _feed(builder, b"", is_last=True)


def _feed(builder: _Builder, part: bytes, *, is_last: bool) -> Iterator[Element]:
    fault: BadRecord | None = None
    try:
        builder.parser.Parse(part, is_last)
    except expat.ExpatError as error:
        fault = NotXml(f"not well-formed: {error}", line=max(error.lineno, 1), column=error.offset + 1)
    except (ValueError, LookupError) as error:
        # An encoding that expat asks Python for, and that Python does not know or that has wide characters.
        fault = NotXml(f"encoding: {error}", line=1, expected="UTF-8")
    except BadRecord as error:
        fault = error
    yield from builder.take()
    if fault:
        raise fault


class _Builder:
    """Handlers of the parser: keep what is inside wanted elements, forget the rest."""

    def __init__(self, wanted: frozenset[str]) -> None:
        self.wanted = wanted
        self.open: list[Element] = []
        self.done: list[Element] = []
        self.depth = self.count = 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        refuse: Callable[..., None] = self._refuse
        self.parser.StartDoctypeDeclHandler = refuse
        self.parser.EntityDeclHandler = refuse

    @property
    def line(self) -> int:
        return self.parser.CurrentLineNumber

    def take(self) -> list[Element]:
        """Hand out what has ended."""
        done, self.done = self.done, []
        return done

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise XmlTooLarge("nested too deep", line=self.line, expected=f"at most {MOST_DEPTH} deep")
        if not self.open and tag not in self.wanted:
            return
        self.count = self.count + 1 if self.open else 1
        if self.count > MOST_ELEMENTS:
            raise XmlTooLarge("too many elements in one", line=self.line, expected=f"at most {MOST_ELEMENTS}")
        element = Element(tag, attributes, self.line)
        if self.open:
            self.open[-1].children.append(element)
        self.open.append(element)

    def _end(self, tag: str) -> None:
        self.depth -= 1
        if self.open:
            element = self.open.pop()
            if not self.open:
                self.done.append(element)

    def _characters(self, text: str) -> None:
        if not self.open:
            return
        element = self.open[-1]
        element.text += text
        if len(element.text) > MOST_TEXT:
            raise XmlTooLarge("a text is too long", line=self.line, expected=f"at most {MOST_TEXT}")

    def _refuse(self, *declared: object) -> None:
        raise ForbiddenXml("a document type", line=self.line, value=declared[0], expected="no DOCTYPE")
