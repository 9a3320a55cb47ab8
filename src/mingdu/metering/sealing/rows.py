"""What a sealed file holds, in chapters: curves by channel, all registers in one; and its hash."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

from mingdu.core.types import Ints


@dataclass(frozen=True)
class Names:
    """What a reader of a file calls what we number."""

    points: Mapping[int, str]
    meters: Mapping[int, str]


class Rows(Protocol):
    """Whole rows of a bulk table, sorted by their key."""

    def __len__(self) -> int: ...

    @property
    def numbers(self) -> Mapping[str, Ints]:
        """Return the columns of numbers by name."""

    @property
    def readings(self) -> int:
        """Count the values in the rows."""

    def digest(self) -> bytes:
        """Hash the rows as the table holds them: not one bit may differ."""

    def joined(self, other: Self) -> Self:
        """Return the rows of both, sorted."""

    def table(self, names: Names) -> Any:
        """Return the rows as an Arrow table."""


Chapters = Mapping[int, Rows]


def content_hash(chapters: Chapters) -> str:
    """Hash the rows of all chapters, in rising order of their numbers; hexadecimal digits."""
    digest = hashlib.sha256()
    for number in sorted(chapters):
        digest.update(number.to_bytes(8, "little") + chapters[number].digest())
    return digest.hexdigest()


def merged(these: Chapters, those: Chapters) -> Chapters:
    """Return the rows of both."""
    both = {number: these[number].joined(those[number]) for number in these.keys() & those.keys()}
    return {**these, **those, **both}


def count_rows(chapters: Chapters) -> int:
    """Count the rows of all chapters."""
    return sum(map(len, chapters.values()))


def hash_numbers(columns: Mapping[str, Ints]) -> Any:
    """Start a hash with columns of numbers, each named."""
    digest = hashlib.sha256()
    for name, column in columns.items():
        digest.update(name.encode() + len(column).to_bytes(8, "little") + column.astype("<i8").tobytes())
    return digest
