from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingdu.wire.exchange.green_button.local_time import LocalTime
from mingdu.wire.exchange.green_button.read import read_feed
from mingdu.wire.exchange.green_button.write import Feed, Unwritable, write_feed
from mingdu.wire.exchange.series import Block, Kind, Mark, Shape, blocks_of, faults_of
from wire.exchange.blocks import some_block
from wire.exchange.files import GOLDEN, golden

FEED = Feed(
    "Readings & more",
    "2026-11-02T00:00:00Z",
    defaultdict(lambda: "urn:uuid:00000000-0000-4000-8000-000000000000"),
    LocalTime(28800),
)


def written(blocks: list[Block]) -> bytes:
    return b"".join(write_feed(FEED, blocks))


@given(st.lists(st.integers(-(10**13), 10**13), min_size=1, max_size=30), st.integers(-6, 6))
@settings(max_examples=30, deadline=None)
def test_blocks_come_back_without_loss(digits: list[int], exponent: int) -> None:
    block = some_block(digits, exponent)
    pieces = list(read_feed([written([block, block])]))
    again, second = blocks_of(pieces)
    assert faults_of(pieces) == []
    assert list(again.digits) == list(second.digits) == digits
    assert again.exponent == exponent
    assert np.array_equal(again.starts_at, block.starts_at)
    assert np.array_equal(again.local, block.local)
    assert (again.channel.point, again.channel.kind) == (block.channel.point, block.channel.kind)


@pytest.mark.parametrize(
    ("kind", "unit", "shape"),
    [
        (Kind.ACTIVE_EXPORT, "Wh", Shape.INTERVAL),
        (Kind.REACTIVE_Q3, "varh", Shape.INTERVAL),
        (Kind.ACTIVE_IMPORT, "Wh", Shape.REGISTER),
        (Kind.DEMAND, "W", Shape.MOMENT),
        (Kind.VOLTAGE, "V", Shape.MOMENT),
        (Kind.POWER_FACTOR, "", Shape.MOMENT),
        (Kind.ACTIVE_IMPORT, "Wh", Shape.PERIOD),
    ],
)
def test_every_channel_comes_back(kind: Kind, unit: str, shape: Shape) -> None:
    block = some_block([1, 2], 0, kind=kind, unit=unit, shape=shape, phase="B")
    (again,) = blocks_of(list(read_feed([written([block])])))
    assert (again.channel.kind, again.channel.unit, again.channel.shape) == (kind, unit, shape)
    assert again.channel.phase == "B"
    if block.ends_at is not None:
        assert again.ends_at is not None
        assert np.array_equal(again.ends_at, block.ends_at)


def test_marks_come_back_and_missing_values_are_left_out() -> None:
    marks = [Mark.MEASURED, Mark.ESTIMATED, Mark.EDITED, Mark.PROVISIONAL, Mark.SUSPECT, Mark.MISSING]
    block = replace(some_block([1, 2, 3, 4, 5, 0], 0), quality=np.array(marks, np.uint8))
    (again,) = blocks_of(list(read_feed([written([block])])))
    assert list(again.quality) == marks[:5]
    alone = replace(some_block([0], 0), quality=np.array([Mark.MISSING], np.uint8))
    assert blocks_of(list(read_feed([written([alone])]))) == []


def test_the_golden_feed_written_and_read_again_is_the_same() -> None:
    (block,) = blocks_of(list(read_feed([golden("green_button.xml")])))
    eastern = replace(FEED, zone=LocalTime(-18000, 3600, "360E2000", "B40E2000"))
    (again,) = blocks_of(list(read_feed(write_feed(eastern, [block]))))
    assert np.array_equal(again.local, block.local)
    assert list(again.codes) == list(block.codes)


def test_refuses_what_a_feed_cannot_hold() -> None:
    good = some_block([1], 0)
    odd = [
        replace(good, offset_minutes=None),
        replace(good, exponent=12),
        some_block([1], 0, unit="therm"),
        some_block([10**15], 0),
        replace(some_block([1], 0, shape=Shape.PERIOD), ends_at=None),
    ]
    for block in odd:
        with pytest.raises(Unwritable):
            written([block])


@pytest.mark.long
def test_written_resources_are_valid_against_the_schema() -> None:
    from lxml import etree  # here, not above: `make test` collects this file without the peers

    schema = etree.XMLSchema(etree.parse(GOLDEN / "espi_subset.xsd"))
    blocks = [some_block([1, -2], -3), some_block([5], 0, kind=Kind.VOLTAGE, unit="V", shape=Shape.MOMENT)]
    root = etree.fromstring(written(blocks))
    resources = root.findall(".//{http://www.w3.org/2005/Atom}content/*")
    assert len(resources) == 1 + 1 + 2 * 3
    for resource in resources:
        schema.assertValid(resource)


@pytest.mark.long
def test_greenbutton_objects_reads_the_same_values(tmp_path: Path) -> None:
    from greenbutton_objects.parse import parse_feed

    path = tmp_path / "feed.xml"
    for raw in (golden("green_button.xml"), written([some_block([1000, 2500], -3)])):
        path.write_bytes(raw)
        (point,) = parse_feed(str(path))
        (reading,) = point.meterReadings
        (block,) = blocks_of(list(read_feed([raw])))
        theirs = [(each.timePeriod.start.timestamp(), each.value) for each in reading.intervalReadings]
        ours = zip(block.starts_at.astype(np.int64), block.digits * 10.0**block.exponent, strict=True)
        assert theirs == [(start, pytest.approx(value)) for start, value in ours]
        assert point.title == block.channel.point
