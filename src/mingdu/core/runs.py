"""Runs of flagged intervals, cut at midnight but counted across it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mingdu.core.types import Flags, Ints


@dataclass(frozen=True)
class Runs:
    """
    Pieces of runs, one a row and day, in the order of row, day and interval; each column int64 (piece,).

    row, day, first, last  where the piece lies; `last` is inside
    length                 intervals of the whole run up to `last`, those of earlier days included
    begin                  flat position of `first` among the flagged intervals: for `reduceat`
    """

    row: Ints
    day: Ints
    first: Ints
    last: Ints
    length: Ints
    begin: Ints

    def __len__(self) -> int:
        return len(self.row)

    def take(self, chosen: Flags) -> Runs:
        """Return the chosen pieces; `begin` no longer tiles the flagged intervals."""
        return Runs(*(column[chosen] for column in self._columns()))

    def _columns(self) -> tuple[Ints, ...]:
        return self.row, self.day, self.first, self.last, self.length, self.begin


def find_runs(flags: Flags, run_before: Ints) -> Runs:
    """
    Find the runs of True in each row, days joined end to end.

    flags       bool (row, day, point)
    run_before  int64 (row,)  length of the run that ended with the interval before the first one
    returns     Runs
    """
    _, days, points = flags.shape
    at = np.flatnonzero(flags)
    row, in_row = np.divmod(at, days * points)
    day, point = np.divmod(in_row, points)
    joined = np.zeros(len(at), dtype=bool)
    joined[1:] = (np.diff(at) == 1) & (in_row[1:] > 0)
    run_begin = np.maximum.accumulate(np.where(joined, 0, np.arange(len(at))))
    begin = np.flatnonzero(~joined | (point == 0))
    end = np.append(begin[1:], len(at))[: len(begin)] - 1
    began = run_begin[begin]
    carried = np.where(in_row[began] == 0, run_before[row[began]], 0)
    return Runs(row[begin], day[begin], point[begin], point[end], end - began + 1 + carried, begin)


def trailing_run(flags: Flags, run_before: Ints) -> Ints:
    """
    Return the length of the run that ends with the last interval, zero where that one is not flagged.

    flags       bool (row, interval)
    run_before  int64 (row,)
    returns     int64 (row,)
    """
    falls = ~flags[:, ::-1]
    length: Ints = np.where(falls.any(axis=1), np.argmax(falls, axis=1), flags.shape[1] + run_before)
    return length


def reduce_runs(operation: np.ufunc, flagged: Ints, runs: Runs) -> Ints:
    """
    Reduce the flagged intervals of each piece to one figure; `runs` as `find_runs` gave them.

    operation  np.add, np.maximum, np.minimum
    flagged    int64 (interval,)  values of the flagged intervals, in order
    returns    int64 (piece,)
    """
    if not len(runs):
        return np.zeros(0, dtype=np.int64)
    reduced: Ints = operation.reduceat(flagged, runs.begin)
    return reduced
