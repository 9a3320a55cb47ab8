"""Explain frames byte by byte, for `mingdu decode --explain`; passwords show as `**`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .describe import data_id_text, describe_value, frames_of
from .dlt645.formats import Value
from .dlt645.frame import EMPTY_FRAME_BYTES, HEADER_BYTES, Frame, identifier_span, password_span
from .dlt645.functions import error_names, function_of
from .dlt645.values import read_values


def explain(data: bytes, *, protocol: str | None = None) -> list[str]:
    """
    Return one line a range of bytes: where, the bytes, what they mean; data bytes are shown after −33H.

    raises   as `describe.describe`
    """
    lines: list[str] = []
    at = 0
    for frame, standard in frames_of(data, protocol):
        end = at + frame.preamble + EMPTY_FRAME_BYTES + len(frame.data)
        lines += _frame_lines(data[at:end], at, frame, standard)
        at = end
    return lines


def _frame_lines(raw: bytes, at: int, frame: Frame, standard: str) -> Iterator[str]:
    start = frame.preamble
    if start:
        yield _line(at, raw[:start].hex(), f"preamble, {start} bytes")
    at += start
    raw = raw[start:]
    function = function_of(standard, frame.control).name
    yield _line(at, raw[:1].hex(), f"start, {standard}")
    yield _line(at + 1, raw[1:7].hex(), f"address {frame.address}, low byte first")
    yield _line(at + 7, raw[7:8].hex(), "start of the body")
    flags = ", ".join(
        text for text, is_set in (("error", frame.is_error), ("more", frame.has_more)) if is_set
    )
    meaning = f"control: {frame.direction.replace('_', ' ')}, {function}{', ' + flags if flags else ''}"
    yield _line(at + 8, raw[8:9].hex(), meaning)
    yield _line(at + 9, raw[9:10].hex(), f"length: {len(frame.data)} bytes of data")
    yield from _data_lines(at + HEADER_BYTES, frame, standard)
    yield _line(at + len(raw) - 2, raw[-2:-1].hex(), "checksum, right")
    yield _line(at + len(raw) - 1, raw[-1:].hex(), "end")


def _data_lines(at: int, frame: Frame, standard: str) -> Iterator[str]:
    """Walk the data field from mark to mark; each mark is (first, end, meaning)."""
    done = 0
    for first, end, meaning in sorted(_marks(frame, standard)):
        if first > done:
            yield _data_line(at, frame, standard, (done, first), "other data")
        yield _data_line(at, frame, standard, (first, end), meaning)
        done = end
    if done < len(frame.data):
        yield _data_line(at, frame, standard, (done, len(frame.data)), "other data")


def _marks(frame: Frame, standard: str) -> list[tuple[int, int, str]]:
    if frame.is_error:
        names = ", ".join(error_names(standard, frame.data)) or "no name"
        return [(0, len(frame.data), f"error word: {names}")] if frame.data else []
    marks = []
    first, end = password_span(frame, standard)
    if end and first < len(frame.data):
        marks.append((first, min(end, len(frame.data)), "password, not shown"))
    span = identifier_span(frame, standard)
    if span:
        marks.append((*span, f"identifier {data_id_text(frame, standard)}"))
    return marks + _value_marks(frame, read_values(frame, standard))


def _value_marks(frame: Frame, values: Sequence[Value]) -> list[tuple[int, int, str]]:
    """Values stand at the end of the data field, one behind the other; else they are not placed."""
    first = len(frame.data) - sum(len(value.raw) for value in values)
    marks = []
    for value in values:
        if value.raw and frame.data[first : first + len(value.raw)] == value.raw:
            marks.append((first, first + len(value.raw), _value_text(value)))
        first += len(value.raw)
    return marks


def _value_text(value: Value) -> str:
    described = describe_value(value)
    name = " ".join(filter(None, (value.name, described["register"])))
    if value.printed is None:
        return f"{name}: {described['quality']}"
    unit = f" {described['unit']}" if described["unit"] else ""
    at = f" at {value.at}" if value.at else ""
    return f"{name} {value.printed}{unit}{at}"


def _data_line(at: int, frame: Frame, standard: str, span: tuple[int, int], meaning: str) -> str:
    first, end = password_span(frame, standard)
    shown = "".join(
        "**" if first <= place < end else f"{frame.data[place]:02x}" for place in range(span[0], span[1])
    )
    return _line(at + span[0], shown, meaning)


def _line(at: int, shown: str, meaning: str) -> str:
    """Format `  14–17  00 01 00 00  meaning`."""
    end = at + len(shown) // 2 - 1
    where = f"{at}" if end == at else f"{at}–{end}"
    pairs = " ".join(shown[place : place + 2].upper() for place in range(0, len(shown), 2))
    return f"{where:>9}  {pairs:<24}  {meaning}"
