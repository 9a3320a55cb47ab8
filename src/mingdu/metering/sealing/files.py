"""Writes sealed files whole or not at all, and reads them whole."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any, Final

import numpy as np

from mingdu.core.quality import Quality
from mingdu.errors import TradeError
from mingdu.metering.readings import Source
from mingdu.metering.store.sealed_files import arrow, hash_of, open_sealed, read_whole
from mingdu.metering.store.sealed_parts import Part, SealedPart, month_folder
from mingdu.metering.zone import zone

from .curve_rows import curve_rows
from .register_rows import CHAPTER, register_rows
from .rows import Chapters, Names

# Small groups of rows are read alone: a point's month of one channel lies in one or two of them.
GROUP_ROWS: Final = {Part.CURVES: 512, Part.REGISTERS: 4_096}
# Deltas, bit-packed, then zstd: the smallest that readers of the last five years know (decision 10).
DELTAS: Final = {
    Part.CURVES: {"values.list.element": "DELTA_BINARY_PACKED"},
    Part.REGISTERS: {"digits": "DELTA_BINARY_PACKED", "read_at": "DELTA_BINARY_PACKED"},
}
LEVEL = 3
WORDS = {
    Part.CURVES: "values: digits of each interval before the multiplier, 0 where missing; "
    "value = digits / 10^decimals in unit; quality: one mark an interval, null: all measured; "
    "the highest version of a usage point, channel and day holds",
    Part.REGISTERS: "digits: what the register showed, before the multiplier; value = digits / 10^decimals "
    "in unit; the highest version of a usage point, register, meter and instant holds",
}


class NoPlaceToSeal(TradeError):
    """The folder of the sealed files cannot be written."""

    next_step = "make room, or give the folder back to the system's user"


@dataclass(frozen=True)
class Seal:
    """Which file is made: its part, month, bucket and number, and by which program."""

    part: Part
    month: date
    bucket: int
    number: int
    program: str


def write_sealed(seal: Seal, chapters: Chapters, names: Names) -> SealedPart:
    """
    Write the chapters into a file that is durable before it has its name; a cut leaves no file of that name.

    raises  NoPlaceToSeal
    """
    folder = month_folder(seal.month)
    partial = folder / f"{seal.bucket}.{seal.part.value}.partial"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(partial, seal, chapters, names)
        _sync(partial)
        made = SealedPart(
            seal.part, seal.month, seal.bucket, seal.number, hash_of(partial), partial.stat().st_size
        )
        partial.replace(made.path)
        for each in (folder, folder.parent):
            _sync(each)
    except OSError as cause:
        raise NoPlaceToSeal(f"{partial.name}: {cause}", folder=str(folder)) from cause
    return made


def read_sealed(part: SealedPart) -> Chapters:
    """Read a file whole; raises SealedFileMissing, SealedFileDamaged."""
    opened = open_sealed(part)
    everything = list(range(len(opened.rows)))
    if part.part is Part.REGISTERS:
        return {CHAPTER: register_rows(read_whole(part, everything))}
    channel = opened.bounds["channel_id"][0]
    return {
        int(number): curve_rows(read_whole(part, np.flatnonzero(channel == number).tolist()))
        for number in np.unique(channel)
    }


def files_of(part: Part, month: date, bucket: int) -> Iterator[Path]:
    """Yield the files of a bucket's month, those among them that no manifest names."""
    return month_folder(month).glob(f"{bucket}.*.{part.value}.parquet")


def _write(path: Path, seal: Seal, chapters: Chapters, names: Names) -> None:
    tables = (chapters[number].table(names) for number in sorted(chapters))
    first = next(tables)
    schema = first.schema.with_metadata({"mingdu": json.dumps(_legend(seal), ensure_ascii=False)})
    with arrow().parquet.ParquetWriter(path, schema, **_options(seal.part, first)) as writer:
        for table in chain([first], tables):
            writer.write_table(table.cast(schema), row_group_size=GROUP_ROWS[seal.part])


def _options(part: Part, table: Any) -> dict[str, Any]:
    deltas = DELTAS[part]
    names = [name for name in table.column_names if name not in ("values", "quality", *deltas)]
    numbers = [name for name in names if name.endswith(("_id", "_minutes")) or name in ("day", "decimals")]
    return {
        "compression": "zstd",
        "compression_level": LEVEL,
        "use_dictionary": [*names, "quality.list.element"],
        "column_encoding": deltas,
        "write_statistics": [*numbers, "read_at", "recorded_at"],
        "write_page_checksum": True,
    }


def _legend(seal: Seal) -> dict[str, Any]:
    """What a reader of the file alone must know."""
    return {
        "schema": f"mingdu/sealed-{seal.part.value}/1",
        "month": f"{seal.month:%Y-%m}",
        "bucket": seal.bucket,
        "seal_number": seal.number,
        "zone": str(zone()),
        "program": seal.program,
        "words": WORDS[seal.part],
        "quality": {int(mark): mark.name for mark in Quality},
        "source": {int(source): source.name for source in Source},
    }


def _sync(path: Path) -> None:
    """Bring a file's bytes, or a folder's names, to the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
