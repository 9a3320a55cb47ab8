"""The latest of several versions, and rows that ask for the same place in one batch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mingdu.core.types import Ints


def latest_places(version: Ints, *keys: Ints) -> Ints:
    """
    Return where the highest version of each key stands, in the order of the keys, the last one first.

    version  int64 (row,)
    keys     int64 (row,) each
    returns  int64 (key,)
    """
    order = np.lexsort((version, *keys))
    is_latest = np.zeros(len(order), dtype=bool)
    is_latest[-1:] = True
    for key in keys:
        is_latest[:-1] |= np.diff(key[order]) != 0
    latest: Ints = order[is_latest]
    return latest


def rounds_of(*keys: Ints) -> Iterator[Ints]:
    """
    Deal rows into rounds in which every key stands once; the k-th row of a key is in round k.

    keys     int64 (row,) each
    yields   int64 (…,)  rows of one round, in rising order
    """
    rows = len(keys[0])
    if not rows:
        return
    order = np.lexsort((np.arange(rows), *keys))
    begins = np.zeros(rows, dtype=bool)
    begins[0] = True
    for key in keys:
        begins[1:] |= np.diff(key[order]) != 0
    first = np.maximum.accumulate(np.where(begins, np.arange(rows), 0))
    nth = np.empty(rows, dtype=np.int64)
    nth[order] = np.arange(rows) - first
    for turn in range(int(nth.max()) + 1):
        yield np.flatnonzero(nth == turn)
