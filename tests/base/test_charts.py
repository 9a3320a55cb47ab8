"""Charts: every figure is drawn to scale, marked by how sure it is, and written in the table."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from mingdu.base.charts import DESK, HEIGHT, PHONE, Bar, Chart, Mark, Words, bar_chart, line_chart

WORDS = Words("Use a day", "Day", ("peak", "valley"), "kWh", lambda wh: f"{wh / 1000:.1f}")
ONE = Words("Load", "Time", ("power",), "kW", str)


def rects(chart: Chart) -> list[dict[str, str]]:
    return [
        dict(node.attrib)
        for node in ElementTree.fromstring(chart.svg).iter()
        if node.tag == "rect" and "y" in node.attrib
    ]


def test_stacks_parts_from_the_zero_line_to_scale() -> None:
    low, high = rects(bar_chart([Bar("12-30", (4_000, 6_000))], WORDS))
    assert (low["class"], high["class"]) == ("s1", "s2")
    assert float(high["height"]) == pytest.approx(1.5 * float(low["height"]), abs=0.2)
    assert float(high["y"]) + float(high["height"]) == pytest.approx(float(low["y"]), abs=0.11)


def test_marks_estimated_and_provisional_bars() -> None:
    bars = [Bar("a", (1, 1), Mark.ESTIMATED), Bar("b", (1, 1), Mark.PROVISIONAL)]
    assert [rect["class"] for rect in rects(bar_chart(bars, WORDS))] == [
        "s1",
        "hatch",
        "s2",
        "hatch",
        "s1 dim",
        "s2 dim",
    ]


def test_writes_the_same_figures_as_a_table() -> None:
    chart = bar_chart([Bar("12-30", (4_000, None)), Bar("12-31", (0, 2_500))], WORDS)
    assert chart.rows == [("12-30", ["4.0", "–"]), ("12-31", ["0.0", "2.5"])]
    assert (chart.head, chart.names, chart.unit) == ("Day", ("peak", "valley"), "kWh")


def test_breaks_the_line_where_nothing_is_known() -> None:
    points: list[int | None] = [1, 2, None, 3]
    chart = line_chart([Bar(str(at), (value,)) for at, value in enumerate(points)], ONE)
    path = re.search(r' d="([^"]+)"', chart.svg)
    assert path is not None and re.sub(r"[\d. ]+", "", path[1]) == "MLM"


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("count", [0, 1, 13, 96])
def test_stays_within_its_frame(width: int, count: int) -> None:
    chart = bar_chart([Bar(f"12-{at:02}", (at * 777, 5)) for at in range(count)], WORDS, width=width)
    for rect in rects(chart):
        assert float(rect["x"]) >= 0 and float(rect["x"]) + float(rect["width"]) <= width
        assert float(rect["y"]) >= 0 and float(rect["y"]) + float(rect["height"]) <= HEIGHT


def test_labels_never_overlap_and_the_newest_is_there() -> None:
    chart = bar_chart([Bar(f"12-{at:02}", (at, 0)) for at in range(1, 31)], WORDS)
    labels = re.findall(r'<text x="([\d.]+)" y="\d+" text-anchor="middle">(12-\d\d)', chart.svg)
    places = sorted(float(x) for x, _ in labels)
    assert "12-30" in {word for _, word in labels}
    assert min(after - before for before, after in pairwise(places)) >= 5 * 7


def test_words_are_escaped() -> None:
    chart = bar_chart([Bar("<b>", (1, 1))], Words("<i>", "Day", ("a", "b"), "kWh", str))
    assert "<b>" not in chart.svg and "<i>" not in chart.svg
