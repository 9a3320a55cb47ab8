"""Register readings out of sealed files, as the table's are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from mingdu.core.instants import instant64, microseconds
from mingdu.core.types import Bytes, Flags, Ints
from mingdu.metering.readings import RegisterColumns

from .matching import joint_keys, match_rows
from .sealed_curves import is_known, whole
from .sealed_files import read_groups
from .sealed_parts import SealedPart
from .stored_registers import StoredRegisters

COLUMNS = (
    "usage_point_id", "meter_id", "register_id", "read_at", "version", "digits", "quality", "recorded_at",
    "source", "evidence_id",
)  # fmt: skip


@dataclass(frozen=True)
class SealedRegisters:
    """
    Rows of a sealed file, int64 (row,) each.

    read_at, recorded_at  microseconds since 1970
    quality               uint8 (row,)
    """

    usage_point_id: Ints
    meter_id: Ints
    register: Ints
    read_at: Ints
    version: Ints
    digits: Ints
    quality: Bytes
    recorded_at: Ints
    source: Ints
    evidence_id: Ints

    def stored(self, place: Ints, row: Ints) -> StoredRegisters:
        """Return rows as answers to places, all versions of each."""
        return StoredRegisters(
            place, self.meter_id[row], self.register[row], self.read_at[row].astype("datetime64[us]"),
            self.version[row], self.digits[row], self.quality[row],
        )  # fmt: skip


def sealed_registers(parts: Sequence[SealedPart], keys: RegisterColumns) -> Iterator[StoredRegisters]:
    """Yield what the files hold for keys (point, meter, register, time); `place` is the row of the key."""
    asked = keys.usage_point_id, keys.meter_id, keys.register, microseconds(keys.read_at)
    for part in parts:
        rows = read_registers(part, part.holds(keys.usage_point_id))
        if rows is not None:
            found = rows.usage_point_id, rows.meter_id, rows.register, rows.read_at
            yield rows.stored(*match_rows(*joint_keys(asked, found)))


def sealed_at(
    parts: Sequence[SealedPart],
    ids: Ints,
    registers: Sequence[int],
    instants: Sequence[datetime],
    known_at: datetime | None,
) -> Iterator[StoredRegisters]:
    """Yield readings of some points and registers at exactly these instants; `place` is a point's row."""
    wanted = np.array([instant64(at) for at in instants], dtype="datetime64[us]").astype(np.int64)
    for rows in _of_points(parts, ids):
        yield _matched(rows, ids, registers, np.isin(rows.read_at, wanted), known_at)


def sealed_between(
    parts: Sequence[SealedPart],
    ids: Ints,
    registers: Sequence[int],
    span: tuple[datetime, datetime],
    known_at: datetime | None,
) -> Iterator[StoredRegisters]:
    """Yield readings of some points and registers in a span, both ends included."""
    first, last = (instant64(at).astype(np.int64) for at in span)
    for rows in _of_points(parts, ids):
        yield _matched(rows, ids, registers, (rows.read_at >= first) & (rows.read_at <= last), known_at)


def read_registers(part: SealedPart, ids: Ints) -> SealedRegisters | None:
    """Return the row groups that can hold some points (rising); None: there is none."""
    table = read_groups(part, COLUMNS, ids, {})
    return None if table is None else registers_of(table)


def registers_of(table: Any) -> SealedRegisters:
    """Take an Arrow table of register readings apart."""
    return SealedRegisters(
        usage_point_id=whole(table, "usage_point_id"),
        meter_id=whole(table, "meter_id"),
        register=whole(table, "register_id"),
        read_at=whole(table, "read_at", "int64"),
        version=whole(table, "version"),
        digits=whole(table, "digits"),
        quality=whole(table, "quality").astype(np.uint8),
        recorded_at=whole(table, "recorded_at", "int64"),
        source=whole(table, "source"),
        evidence_id=whole(table, "evidence_id"),
    )


def _of_points(parts: Sequence[SealedPart], ids: Ints) -> Iterator[SealedRegisters]:
    for part in parts:
        rows = read_registers(part, part.holds(ids))
        if rows is not None:
            yield rows


def _matched(
    rows: SealedRegisters, ids: Ints, registers: Sequence[int], is_then: Flags, known_at: datetime | None
) -> StoredRegisters:
    wanted = is_then & np.isin(rows.register, list(registers)) & is_known(rows.recorded_at, known_at)
    kept = np.flatnonzero(wanted)
    place, row = match_rows(ids, rows.usage_point_id[kept])
    return rows.stored(place, kept[row])
