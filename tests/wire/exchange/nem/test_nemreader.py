"""The same files read by nemreader (its own parser, in float): times, values and quality agree."""

from __future__ import annotations

from collections import defaultdict

import pytest

from mingdu.wire.exchange.nem.blocks import read_nem
from mingdu.wire.exchange.series import Shape, blocks_of
from mingdu.wire.exchange.units import read_unit
from wire.exchange.files import GOLDEN, golden

pytestmark = pytest.mark.long


@pytest.mark.parametrize("name", ["nem12.csv", "nem13.csv"])
def test_every_value_agrees(name: str) -> None:
    from nemreader import NEMFile  # here, not above: `make test` collects this file without the peers

    theirs = NEMFile(str(GOLDEN / name)).nem_data().readings
    ours = defaultdict(list)
    for block in blocks_of(list(read_nem([golden(name)]))):
        if block.channel.shape is not Shape.REGISTER:
            ours[block.channel.point, block.channel.code].append(block)
    assert {(point, code) for point in theirs for code in theirs[point]} == set(ours)
    for (point, code), blocks in ours.items():
        readings = iter(theirs[point][code])
        for block in blocks:
            for at in range(len(block)):
                reading = next(readings)
                power = (read_unit(reading.uom) or ("", 0))[1]
                assert block.local[at].item() == reading.t_start
                assert int(block.digits[at]) * 10.0 ** (block.exponent - power) == pytest.approx(
                    reading.read_value
                )
                assert str(block.codes[at]).partition("/")[0] == reading.quality_method
        assert next(readings, None) is None
