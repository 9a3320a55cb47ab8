"""Finds the rows of each asked key, as a database's join does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mingdu.core.types import Ints


def match_rows(asked: Ints, found: Ints) -> tuple[Ints, Ints]:
    """
    Return every pair of an asked key and a row that has it; a key that is asked twice has its rows twice.

    asked    int64 (asked,)
    found    int64 (row,)
    returns  int64 (pair,) which of the asked, int64 (pair,) which row
    """
    order = np.argsort(found, kind="stable")
    rising = found[order]
    begins = np.searchsorted(rising, asked, side="left")
    counts = np.searchsorted(rising, asked, side="right") - begins
    place = np.repeat(np.arange(len(asked)), counts)
    within = np.arange(len(place)) - np.repeat(np.cumsum(counts) - counts, counts)
    return place, order[np.repeat(begins, counts) + within]


def joint_keys(asked: Sequence[Ints], found: Sequence[Ints]) -> tuple[Ints, Ints]:
    """Make one number of the columns of a key, the same for equal keys on both sides."""
    count = len(asked[0])
    joint = np.zeros(count + len(found[0]), dtype=np.int64)
    for ours, theirs in zip(asked, found, strict=True):
        distinct, number = np.unique(np.concatenate([ours, theirs]), return_inverse=True)
        _, joint = np.unique(joint * len(distinct) + number.reshape(-1), return_inverse=True)
        joint = joint.reshape(-1)
    return joint[:count], joint[count:]
