"""Charts drawn by the server as SVG, with the same figures as a table; the theme's classes colour them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

# Widths of the drawing in its own units: text keeps its size on a phone and on a desk.
PHONE = 360
DESK = 760
HEIGHT = 210
_TOP, _BOTTOM, _LEFT, _RIGHT = 24, 24, 44, 6
_LETTER = 7


class Mark(Enum):
    """How sure the figures of a bar are."""

    MEASURED = ""
    ESTIMATED = "estimated"
    PROVISIONAL = "dim"


@dataclass(frozen=True)
class Bar:
    """One bar, its parts from the zero line upwards; None: nothing is known here."""

    label: str
    parts: tuple[int | None, ...]
    mark: Mark = Mark.MEASURED


@dataclass(frozen=True)
class Chart:
    """A drawing with what its table needs: head of the first column, names, unit, (label, figures) rows."""

    svg: SafeString
    head: str
    names: tuple[str, ...]
    unit: str
    rows: list[tuple[str, list[str]]]


@dataclass(frozen=True)
class Words:
    """
    What a chart says: a title for those who listen, head of the labels, series, unit, how to write.

    every   label each so-manieth bar, counted from the first; 0: as many as fit, counted from the newest
    """

    title: str
    head: str
    names: tuple[str, ...]
    unit: str
    write: Callable[[int], str]
    every: int = 0


def bar_chart(bars: Sequence[Bar], words: Words, *, width: int = PHONE) -> Chart:
    """
    Draw stacked bars; estimated ones are hatched, provisional ones lighter.

    bars   parts in the smallest whole unit; `words.write` turns it into the unit that is shown
    """
    high = max((sum(part or 0 for part in bar.parts) for bar in bars), default=0)
    frame = _Frame(width, len(bars), high)
    drawn = format_html_join("", "{}", ((_bar(bar, index, frame),) for index, bar in enumerate(bars)))
    body = format_html("{}{}{}", _grid(frame, words), drawn, _labels(bars, frame, words.every))
    return _chart(body, bars, words, width)


def line_chart(bars: Sequence[Bar], words: Words, *, width: int = PHONE) -> Chart:
    """Draw the first part of each bar as a line, broken where nothing is known, hatched where estimated."""
    high = max((bar.parts[0] or 0 for bar in bars), default=0)
    frame = _Frame(width, len(bars), high)
    marked = format_html_join(
        "", "{}", ((_band(index, frame),) for index, bar in enumerate(bars) if bar.mark is Mark.ESTIMATED)
    )
    path = format_html('{}<path class="line" d="{}"/>', marked, _path(bars, frame))
    return _chart(
        format_html("{}{}{}", _grid(frame, words), path, _labels(bars, frame, words.every)),
        bars,
        words,
        width,
    )


@dataclass(frozen=True)
class _Frame:
    """The drawing's scales."""

    width: int
    count: int
    high: int

    @property
    def top(self) -> int:
        """The figure at the upper edge: one, two or five times a power of ten, so that the grid is round."""
        step = 10 ** max(0, len(str(self.high)) - 1)
        return next((step * factor for factor in (1, 2, 4, 5, 8, 10) if step * factor >= self.high), 1) or 1

    @property
    def slot(self) -> float:
        """The width for one bar with the gap beside it."""
        return (self.width - _LEFT - _RIGHT) / max(1, self.count)

    def y(self, figure: int) -> float:
        """Where a figure stands."""
        return HEIGHT - _BOTTOM - figure / self.top * (HEIGHT - _TOP - _BOTTOM)

    def x(self, index: int) -> float:
        """Where a bar's slot begins."""
        return _LEFT + index * self.slot


def _grid(frame: _Frame, words: Words) -> SafeString:
    lines = (
        (frame.y(step), frame.top * quarter // 4)
        for quarter in range(5)
        for step in [frame.top * quarter // 4]
    )
    rows = format_html_join(
        "",
        '<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/><text x="{}" y="{}" text-anchor="end">{}</text>',
        (
            (
                _LEFT,
                frame.width - _RIGHT,
                f"{y:.1f}",
                f"{y:.1f}",
                _LEFT - 5,
                f"{y + 4:.1f}",
                words.write(figure),
            )
            for y, figure in lines
        ),
    )
    zero = f"{frame.y(0):.1f}"
    return format_html(
        '{}<line class="axis" x1="{}" x2="{}" y1="{}" y2="{}"/>',
        rows,
        _LEFT,
        frame.width - _RIGHT,
        zero,
        zero,
    )


def _bar(bar: Bar, index: int, frame: _Frame) -> SafeString:
    gap = min(6.0, frame.slot * 0.2)
    ends = list(accumulate(part or 0 for part in bar.parts))
    style = "dim" if bar.mark is Mark.PROVISIONAL else ""
    rects = []
    for series, (part, end) in enumerate(zip(bar.parts, ends, strict=True), start=1):
        if part:
            place = (
                frame.x(index) + gap / 2,
                frame.y(end),
                frame.slot - gap,
                frame.y(end - part) - frame.y(end),
            )
            box = tuple(f"{number:.1f}" for number in place)
            rects.append((f"s{series} {style}".strip(), *box))
            if bar.mark is Mark.ESTIMATED:
                rects.append(("hatch", *box))
    return format_html_join("", '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>', rects)


def _band(index: int, frame: _Frame) -> SafeString:
    """Hatch the ground behind one bar of a line."""
    box = tuple(f"{number:.1f}" for number in (frame.x(index), _TOP, frame.slot, HEIGHT - _TOP - _BOTTOM))
    return format_html_join(
        "",
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>',
        (("s2 dim", *box), ("hatch", *box)),
    )


def _labels(bars: Sequence[Bar], frame: _Frame, every: int) -> SafeString:
    wide = max((len(bar.label) for bar in bars), default=1) * _LETTER
    # Under its bar, but never over the right edge.
    places = (min(frame.x(at) + frame.slot / 2, frame.width - wide / 2) for at in range(len(bars)))
    shown = [(f"{x:.1f}", HEIGHT - 7, bar.label) for x, bar in zip(places, bars, strict=True)]
    fitting = max(1, -(-(wide + 8) // max(1, int(frame.slot))))
    # Counted from the newest, so that the last label is always there.
    kept = shown[::every] if every else shown[::-1][::fitting]
    return format_html_join("", '<text x="{}" y="{}" text-anchor="middle">{}</text>', kept)


def _path(bars: Sequence[Bar], frame: _Frame) -> str:
    steps, is_open = [], False
    for index, bar in enumerate(bars):
        figure = bar.parts[0]
        if figure is not None:
            point = f"{frame.x(index) + frame.slot / 2:.1f} {frame.y(figure):.1f}"
            steps.append(f"{'L' if is_open else 'M'}{point}")
        is_open = figure is not None
    return "".join(steps)


def _chart(body: SafeString, bars: Sequence[Bar], words: Words, width: int) -> Chart:
    svg = format_html(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}'
        '<text x="0" y="10">{}</text></svg>',
        width, HEIGHT, words.title, _HATCH, body, words.unit,
    )  # fmt: skip
    rows = [(bar.label, ["–" if part is None else words.write(part) for part in bar.parts]) for bar in bars]
    return Chart(svg, words.head, words.names, words.unit, rows)


_HATCH = format_html(
    '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate({})"><rect width="3" height="6" class="hatching"/></pattern></defs>',
    45,
)
