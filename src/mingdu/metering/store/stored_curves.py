"""Curves as they are found: the latest version of each, wherever its rows lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mingdu.core.types import Bytes, Flags, Ints

from .latest import latest_places


@dataclass(frozen=True)
class Days:
    """Consecutive civil days: number of the first (days since 1970-01-01), how many, intervals of each."""

    first: int
    count: int
    points: int = 96


@dataclass(frozen=True)
class StoredCurves:
    """
    The latest version of each curve found.

    place            int64 (found,)          which of the asked
    version          int64 (found,)
    values, quality  int64, uint8 (found, point)
    decimals         int64 (found,)          of the values' digits
    other            int64 (other,)          asked places that are stored with another interval
    other_minutes    int64 (other,)          that interval [min]
    other_version    int64 (other,)
    other_is_guess   bool (other,)           nothing of it was read
    """

    place: Ints
    version: Ints
    values: Ints
    quality: Bytes
    decimals: Ints
    other: Ints
    other_minutes: Ints
    other_version: Ints
    other_is_guess: Flags

    def take(self, rows: Flags) -> StoredCurves:
        """Return the chosen ones of those found."""
        if rows.all():
            return self
        return replace(
            self, place=self.place[rows], version=self.version[rows], values=self.values[rows],
            quality=self.quality[rows], decimals=self.decimals[rows],
        )  # fmt: skip


def newest(parts: Sequence[StoredCurves]) -> StoredCurves:
    """Return the highest version of each place, whichever part holds it; one place and version is in one."""
    places = [part.place for part in parts] + [part.other for part in parts]
    versions = [part.version for part in parts] + [part.other_version for part in parts]
    latest = latest_places(np.concatenate(versions), np.concatenate(places))
    found = sum(len(part.place) for part in parts)
    kept, other = latest[latest < found], latest[latest >= found] - found
    return StoredCurves(
        place=np.concatenate([part.place for part in parts])[kept],
        version=np.concatenate([part.version for part in parts])[kept],
        values=np.concatenate([part.values for part in parts])[kept],
        quality=np.concatenate([part.quality for part in parts])[kept],
        decimals=np.concatenate([part.decimals for part in parts])[kept],
        other=np.concatenate([part.other for part in parts])[other],
        other_minutes=np.concatenate([part.other_minutes for part in parts])[other],
        other_version=np.concatenate([part.other_version for part in parts])[other],
        other_is_guess=np.concatenate([part.other_is_guess for part in parts])[other],
    )
