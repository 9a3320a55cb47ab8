"""Chance of the town: one generator per (seed, purpose, bucket, part), so the order of work is free."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.random import Generator, Philox

BUCKET_POINTS = 2_500


class Purpose(IntEnum):
    """What a stream of chance is for. The numbers are part of the seed; never renumber them."""

    WEATHER = 1
    HOUSEHOLD = 2
    DAY = 3
    SHAPE = 4
    FAULTS = 5
    FACTORY = 6
    PEOPLE = 7
    AREA = 8


def stream(seed: int, purpose: Purpose, bucket: int = 0, part: int = 0) -> Generator:
    """
    Make the generator of one bucket and one part of it (usually a day's ordinal).

    Philox counts blocks in a 256-bit counter: the part sits in its third word, so the streams of two parts
    never meet. Only full-range unsigned integers and plain `integers` are drawn anywhere in the town; no
    logarithm or cosine can then differ between two machines.
    """
    key = np.array([seed, (purpose << 32) | bucket], dtype=np.uint64)
    counter = np.array([0, 0, part, 0], dtype=np.uint64)
    return Generator(Philox(key=key, counter=counter))


def bucket_of(number: int) -> int:
    """Return the bucket in which point `number` (1, 2, …) lives."""
    return (number - 1) // BUCKET_POINTS
