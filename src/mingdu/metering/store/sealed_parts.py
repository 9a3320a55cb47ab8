"""Which months of which buckets are sealed (封存): asked in the same statement as the rows themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings

from mingdu.core.clock import day_number, day_of
from mingdu.core.types import Ints
from mingdu.metering.zone import midnight, zone

from .buckets import BUCKET_POINTS
from .columns import Connection, fetch_row

# A column for the list of a SELECT. One statement sees one state of the database: either the rows of a
# bucket's month are in the table, or this names the file that holds them; a seal in between changes neither.
SEALED = """
    (SELECT jsonb_agg(jsonb_build_array(s.month, s.bucket, s.seal_number, s.sha256, s.size_bytes)
                      ORDER BY s.month, s.bucket)
     FROM metering_sealedpart s
     WHERE s.ended_at IS NULL AND s.part = %s AND s.month BETWEEN %s AND %s AND s.bucket BETWEEN %s AND %s)"""


# So many digits of a file's hash stand in its name.
NAME_DIGITS = 12


class Part(StrEnum):
    """What a sealed file holds."""

    CURVES = "curves"
    REGISTERS = "registers"


@dataclass(frozen=True)
class SealedPart:
    """A file of the manifest: which rows it holds, and what its bytes must be."""

    part: Part
    month: date
    bucket: int
    seal_number: int
    sha256: str
    size_bytes: int

    @property
    def path(self) -> Path:
        """Where the file lies."""
        name = f"{self.bucket}.{self.seal_number}.{self.sha256[:NAME_DIGITS]}.{self.part.value}.parquet"
        return month_folder(self.month) / name

    @property
    def days(self) -> tuple[int, int]:
        """Return the first day number of its month, and that of the next."""
        return day_number(self.month), day_number(next_month(self.month))

    def holds(self, usage_point_ids: Ints) -> Ints:
        """Return those of the points that are of its bucket, rising, each once."""
        return np.unique(usage_point_ids[usage_point_ids // BUCKET_POINTS == self.bucket])


# Values of the statement's parameters, in the order in which SEALED names them.
Wanted = tuple[str, date, date, int, int]


def sealed_folder() -> Path:
    """Return the folder of the sealed files."""
    folder: Path = settings.ENVIRONMENT.data_folder / "sealed"
    return folder


def month_folder(month: date) -> Path:
    """Return the folder of a month's files; each is named by its hash, so that none is ever written over."""
    return sealed_folder() / f"{month:%Y-%m}"


def wanted_days(days: tuple[int, int], usage_point_ids: Ints) -> Wanted:
    """Ask for the files of curves of some points and days, both ends included."""
    first, last = (day_of(number).replace(day=1) for number in days)
    return (Part.CURVES.value, first, last, *_buckets(usage_point_ids))


def wanted_instants(span: tuple[datetime, datetime], usage_point_ids: Ints) -> Wanted:
    """Ask for the files of registers of some points and instants, both ends included."""
    first, last = (at.astimezone(zone()).date().replace(day=1) for at in span)
    return (Part.REGISTERS.value, first, last, *_buckets(usage_point_ids))


def parts_of(part: Part, found: list[list[Any]] | None) -> list[SealedPart]:
    """Read what SEALED answered."""
    return [SealedPart(part, date.fromisoformat(month), *rest) for month, *rest in found or ()]


def sealed_parts(conn: Connection, wanted: Wanted) -> list[SealedPart]:
    """Return the files alone, where the rows in the tables are asked for in another way."""
    return parts_of(Part(wanted[0]), fetch_row(conn, f"SELECT {SEALED}", wanted)[0])


def month_span(month: date) -> tuple[datetime, datetime]:
    """Return the instants at which a civil month begins and ends."""
    return midnight(month), midnight(next_month(month))


def next_month(month: date) -> date:
    """Return the first day of the month after that of a day."""
    return (month.replace(day=1) + timedelta(days=31)).replace(day=1)


def _buckets(usage_point_ids: Ints) -> tuple[int, int]:
    if not len(usage_point_ids):
        return 0, -1
    return int(usage_point_ids.min()) // BUCKET_POINTS, int(usage_point_ids.max()) // BUCKET_POINTS
