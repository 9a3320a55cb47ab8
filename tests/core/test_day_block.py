"""A block refuses facts that contradict each other, and takes rows and estimates out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from day_blocks import block_of, column, curve, with_facts
from mingdu.core.day_block import BadBlock
from mingdu.core.quality import Quality
from mingdu.core.types import Ints

BLOCK = block_of(*curve("5x96 | 7x96"))


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("capacity_w", column(0)),
        ("capacity_w", column(10**12)),
        ("wh_per_digit", column(0)),
        ("multiplier", column(-1)),
        ("digit_count", column(12)),
        ("total", column(1, 2, -2)[np.newaxis]),
        ("total", column(1, 10**8, 2)[np.newaxis]),
        ("periods", np.full((1, 3, 5), 10**8)),
    ],
)
def test_refuses_a_fact_out_of_range(name: str, bad: Ints) -> None:
    with pytest.raises(BadBlock, match=f"{name} of row 0") as caught:
        with_facts(BLOCK, **{name: bad})
    assert caught.value.values["name"] == name


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("total", column(1, 2)[np.newaxis]),
        ("zero_run", column(1, 2)),
        ("like_day", np.zeros((1, 2, 95), dtype=np.int64)),
    ],
)
def test_refuses_a_column_of_another_shape(name: str, bad: Ints) -> None:
    with pytest.raises(BadBlock, match="a column of shape"):
        with_facts(BLOCK, **{name: bad})


def test_refuses_energy_that_leaves_the_whole_numbers() -> None:
    with_facts(BLOCK, multiplier=column(2**25))
    with pytest.raises(BadBlock, match="leave the whole numbers"):
        with_facts(BLOCK, multiplier=column(2**25), used_digits=column(2**40))
    with pytest.raises(BadBlock, match="leave the whole numbers"):
        with_facts(replace(BLOCK, values=BLOCK.values * 2**28), multiplier=column(2**25))


def test_numbers_its_days() -> None:
    assert BLOCK.days.numbers.tolist() == [20_788, 20_789]


def test_takes_rows_in_the_order_asked_for() -> None:
    values = np.arange(3, dtype=np.int64)[:, np.newaxis, np.newaxis] * np.ones((1, 1, 24), dtype=np.int64)
    block = with_facts(
        block_of(values, np.zeros(values.shape, dtype=np.uint8)), capacity_w=column(10, 11, 12)
    )
    taken = block.take(column(2, 0))
    assert taken.values[:, 0, 0].tolist() == [2, 0]
    assert taken.points.capacity_w.tolist() == [12, 10]
    assert taken.history.like_day.shape == (2, 2, 24)


def test_takes_estimates_out_and_nothing_else() -> None:
    quality = BLOCK.quality.copy()
    quality[0, 0, :4] = Quality.ESTIMATED_FLAT, Quality.PROVISIONAL, Quality.EDITED, Quality.ESTIMATED_LINEAR
    read = replace(BLOCK, quality=quality).without_estimates()
    assert read.values[0, 0, :5].tolist() == [0, 5, 5, 0, 5]
    assert read.missing[0, 0, :5].tolist() == [True, False, False, True, False]
    assert BLOCK.without_estimates() is BLOCK
