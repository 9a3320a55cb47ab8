"""
Sealed files (封存文件): opened once, checked whole, then read by the row groups that are needed.

The first time that a process opens a file its hash is compared with the manifest's; after that every page is
checked by its own checksum. What does not fit is an error that names the file, never a value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from mingdu.core.clock import day_number
from mingdu.core.instants import instant64
from mingdu.core.types import Flags, Ints
from mingdu.errors import TradeError

from .sealed_parts import SealedPart

# Footers of so many files stay in memory; each is about a thirtieth of its file.
OPEN_FILES = 32
PIECE_BYTES = 1 << 20


class SealedFileMissing(TradeError):
    """A file of the manifest is not in its place."""

    next_step = "fetch it from the latest backup: mingdu restore --to latest --into FOLDER, then copy sealed/"


class SealedFileDamaged(TradeError):
    """A sealed file has other bytes than were written."""

    next_step = "fetch it from the latest backup: mingdu restore --to latest --into FOLDER, then copy sealed/"


class SealingNotInstalled(TradeError):
    """Sealed months are read and written by pyarrow, which is not installed."""

    next_step = "install it: pip install 'mingdu[sealing]'"


@dataclass(frozen=True)
class Opened:
    """
    A file's footer and what it says of its row groups.

    rows    int64 (group,)
    bounds  lowest and highest value of a column, int64 (group,) each, by the column's name
    """

    path: Path
    footer: Any
    rows: Ints
    bounds: Mapping[str, tuple[Ints, Ints]]

    def groups(self, usage_point_ids: Ints, ranges: Mapping[str, tuple[int, int]]) -> list[int]:
        """Return the row groups that can hold any of the points (rising), and values in all the ranges."""
        low, high = self.bounds["usage_point_id"]
        begins = np.searchsorted(usage_point_ids, low, side="left")
        chosen: Flags = begins < np.searchsorted(usage_point_ids, high, side="right")
        for name, (first, last) in ranges.items():
            low, high = self.bounds[name]
            chosen &= (low <= last) & (high >= first)
        return [int(group) for group in np.flatnonzero(chosen)]


def arrow() -> Any:
    """Return pyarrow with its Parquet part; raises SealingNotInstalled."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError as cause:
        raise SealingNotInstalled(f"{cause.name} is not installed") from cause
    return pyarrow


def read_groups(
    part: SealedPart, columns: Sequence[str], usage_point_ids: Ints, ranges: Mapping[str, tuple[int, int]]
) -> Any:
    """
    Return the columns of the row groups that can hold what is asked, as an Arrow table; None: there is none.

    usage_point_ids  int64 (point,)  rising
    ranges           lowest and highest wanted value of columns that the footer has bounds of
    raises           SealedFileMissing, SealedFileDamaged, SealingNotInstalled
    """
    opened = open_sealed(part)
    groups = opened.groups(usage_point_ids, ranges)
    if not groups:
        return None
    with named_damage(part.path):
        return _file(opened).read_row_groups(groups, columns=list(columns), use_threads=False)


def read_whole(part: SealedPart, groups: Sequence[int]) -> Any:
    """Return some row groups with all their columns; raises as `read_groups`."""
    opened = open_sealed(part)
    with named_damage(part.path):
        return _file(opened).read_row_groups(list(groups), use_threads=False)


def open_sealed(part: SealedPart) -> Opened:
    """Return a file's footer; one that this process has not seen as it now lies there is checked whole."""
    path = part.path
    try:
        state = path.stat()
    except FileNotFoundError as cause:
        raise _missing(path) from cause
    if state.st_size != part.size_bytes:
        raise SealedFileDamaged(
            f"{path.name} has {state.st_size} bytes, {part.size_bytes} were written", path=str(path)
        )
    return _open(path, part.sha256, state.st_mtime_ns, state.st_ino)


def check_bytes(path: Path, sha256: str) -> None:
    """Compare a file's bytes with their hash; raises SealedFileMissing, SealedFileDamaged."""
    try:
        found = hash_of(path)
    except FileNotFoundError as cause:
        raise _missing(path) from cause
    if found != sha256:
        raise SealedFileDamaged(f"{path.name} is not what was written: its hash is {found}", path=str(path))


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


@contextmanager
def named_damage(path: Path) -> Iterator[None]:
    """Give what pyarrow says of a file that cannot be read our own name."""
    try:
        yield
    except FileNotFoundError as cause:
        raise _missing(path) from cause
    except (arrow().ArrowException, OSError) as cause:
        raise SealedFileDamaged(f"{path.name} cannot be read: {cause}", path=str(path)) from cause


@lru_cache(maxsize=OPEN_FILES)
def _open(path: Path, sha256: str, changed_ns: int, inode: int) -> Opened:
    """The last two tell a file that was put in the place of another."""
    check_bytes(path, sha256)
    with named_damage(path):
        footer = arrow().parquet.read_metadata(path)
        groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
        rows = np.array([group.num_rows for group in groups], dtype=np.int64)
        return Opened(path, footer, rows, _bounds(groups))


def _bounds(groups: list[Any]) -> dict[str, tuple[Ints, Ints]]:
    bounds = {}
    for place in range(groups[0].num_columns if groups else 0):
        columns = [group.column(place) for group in groups]
        if all(column.is_stats_set and column.statistics.has_min_max for column in columns):
            low = np.array([_number(column.statistics.min) for column in columns], dtype=np.int64)
            high = np.array([_number(column.statistics.max) for column in columns], dtype=np.int64)
            bounds[columns[0].path_in_schema] = low, high
    return bounds


def _number(value: int | date | datetime) -> int:
    """Days as day numbers, instants as microseconds."""
    if isinstance(value, datetime):
        return int(instant64(value).astype(np.int64))
    return day_number(value) if isinstance(value, date) else value


def _file(opened: Opened) -> Any:
    return arrow().parquet.ParquetFile(opened.path, metadata=opened.footer, page_checksum_verification=True)


def _missing(path: Path) -> SealedFileMissing:
    return SealedFileMissing(f"{path.name} is not in {path.parent}", path=str(path))
