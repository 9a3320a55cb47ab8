"""Runs of flagged intervals: a twin that walks, pieces cut at midnight, reduction."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays

from day_blocks import column
from mingdu.core.runs import find_runs, reduce_runs, trailing_run

BEFORE = column(0, 7)


def runs_twin(flags: Any) -> list[tuple[int, int, int, int, int]]:
    """Row, day, first, last and length so far of every piece, walking through each row."""
    pieces: list[list[int]] = []
    for row in range(2):
        run = int(BEFORE[row])
        for day, point in np.ndindex(flags.shape[1:]):
            goes_on = bool(flags[row, day, point])
            run = run + 1 if goes_on else 0
            if goes_on and point > 0 and flags[row, day, point - 1]:
                pieces[-1][3:] = [point, run]
            elif goes_on:
                pieces.append([row, day, point, point, run])
    return [(piece[0], piece[1], piece[2], piece[3], piece[4]) for piece in pieces]


@settings(max_examples=100, deadline=None)
@given(arrays(np.bool_, (2, 3, 4)))
def test_agrees_with_the_twin(flags: Any) -> None:
    runs = find_runs(flags, BEFORE)
    found = zip(runs.row, runs.day, runs.first, runs.last, runs.length, strict=True)
    assert [tuple(map(int, piece)) for piece in found] == runs_twin(flags)
    flat = flags.reshape(2, 12)
    last = {piece[0]: piece[4] for piece in runs_twin(flags) if piece[1] == 2 and piece[3] == 3}
    assert trailing_run(flat, BEFORE).tolist() == [last.get(0, 0), last.get(1, 0)]


@settings(max_examples=40, deadline=None)
@given(arrays(np.bool_, (2, 3, 4)))
def test_reduces_each_piece_to_its_sum(flags: Any) -> None:
    values = np.arange(24, dtype=np.int64).reshape(2, 3, 4)
    runs = find_runs(flags, BEFORE)
    sums = reduce_runs(np.add, values[flags], runs)
    pieces = zip(runs.row, runs.day, runs.first, runs.last, strict=True)
    assert sums.tolist() == [values[row, day, first : last + 1].sum() for row, day, first, last in pieces]


def test_takes_the_chosen_pieces() -> None:
    runs = find_runs(np.array([[[True, False, True, True]]]), column(0))
    chosen = runs.take(runs.length >= 2)
    assert (len(chosen), chosen.first.tolist(), chosen.last.tolist()) == (1, [2], [3])
