"""Looking at register readings, as columns for mass work: the subjects above bill from these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from mingdu.core.instants import aware, instant64, microseconds
from mingdu.core.quality import Quality
from mingdu.core.registers import Register
from mingdu.core.types import Bytes, Flags, Ints, Times
from mingdu.metering.store.columns import Connection
from mingdu.metering.store.registers import StoredRegisters, fetch_at
from mingdu.metering.zone import midnight

from .points import installations, installations_between


@dataclass(frozen=True)
class RegisterValues:
    """
    Readings of some points and registers at one instant.

    digits, version, meter_id  int64 (point, register)  0 where not found
    quality                    uint8 (point, register)  MISSING where not found
    found                      bool (point, register)
    """

    digits: Ints
    version: Ints
    meter_id: Ints
    quality: Bytes
    found: Flags


def register_values(
    conn: Connection, usage_point_ids: Ints, registers: Sequence[Register], at: datetime
) -> RegisterValues:
    """
    Return the latest version of readings taken at exactly this instant.

    Where two meters were read at once, at an exchange, the reading is that of the new one; use
    `register_segments` for energy across an exchange. Nothing is ever interpolated. For mass work, not
    filtered by actor.
    """
    return _values(conn, usage_point_ids, registers, at, None)


def registers_as_known(
    conn: Connection, usage_point_ids: Ints, registers: Sequence[Register], at: datetime, known_at: datetime
) -> RegisterValues:
    """Return readings of an instant as they were known at another: only versions recorded until then."""
    return _values(conn, usage_point_ids, registers, at, known_at)


def latest_freeze(
    conn: Connection, usage_point_id: int, register: Register, days: Sequence[date]
) -> date | None:
    """
    Return the latest of some days at whose midnight a register was read and is not in doubt.

    In one look at the database; not filtered by actor.
    """
    midnights = {midnight(day): day for day in days}
    found = fetch_at(conn, np.array([usage_point_id], dtype=np.int64), (register,), list(midnights))
    read = found.read_at[found.quality < Quality.MISSING]
    return midnights[aware(read.max())] if len(read) else None


@dataclass(frozen=True)
class Segments:
    """
    A span of time cut at the exchanges of meters: one entry a point and meter, by point and time.

    row                           int64 (segment,)           which of the asked points
    meter_id, multiplier, digits  int64 (segment,)
    starts_at, ends_at            datetime64[us] (segment,)  UTC
    start, end                    RegisterValues of shape (segment, register) at those instants, of that meter
    """

    row: Ints
    meter_id: Ints
    multiplier: Ints
    digits: Ints
    starts_at: Times
    ends_at: Times
    start: RegisterValues
    end: RegisterValues

    def __len__(self) -> int:
        return len(self.row)


def register_segments(
    conn: Connection,
    usage_point_ids: Ints,
    registers: Sequence[Register],
    span: tuple[datetime, datetime],
    known_at: datetime | None = None,
) -> Segments:
    """
    Return start and end readings of every meter that hung at the points in a half-open span.

    Energy of the span is the sum over its segments; points without an exchange have one.
    known_at  only versions recorded until then
    """
    installed = installations_between(conn, usage_point_ids, *span)
    first, past_last = (microseconds(np.array([instant64(edge)]))[0] for edge in span)
    starts = np.maximum(installed.valid_from, first)
    ends = np.minimum(installed.valid_to, past_last)
    instants = [aware(np.datetime64(edge, "us")) for edge in np.unique([starts, ends]).tolist()]
    found = fetch_at(conn, usage_point_ids, registers, instants, known_at)
    keys = _Keys(installed.row, installed.meter_id)
    return Segments(
        row=installed.row,
        meter_id=installed.meter_id,
        multiplier=installed.multiplier,
        digits=installed.digits,
        starts_at=starts.astype("datetime64[us]"),
        ends_at=ends.astype("datetime64[us]"),
        start=_at_edge(found, keys, starts, registers),
        end=_at_edge(found, keys, ends, registers),
    )


@dataclass(frozen=True)
class _Keys:
    """Finds the segment of a point's row and a meter; segments lie in the order of rows, not of meters."""

    row: Ints
    meter_id: Ints

    def places(self, row: Ints, meter_id: Ints) -> tuple[Ints, Flags]:
        """Return the segment of each reading, and whether there is one."""
        # A meter's number stays far below 2**40, a row below 2**20.
        own, asked = self.row << 40 | self.meter_id, row << 40 | meter_id
        order = np.argsort(own)
        place = np.minimum(np.searchsorted(own[order], asked), max(len(own) - 1, 0))
        segment = order[place] if len(own) else np.zeros(0, dtype=np.int64)
        return segment, own[segment] == asked if len(own) else np.zeros(len(asked), dtype=bool)


def _at_edge(
    found: StoredRegisters, keys: _Keys, edges: Ints, registers: Sequence[Register]
) -> RegisterValues:
    segment, known = keys.places(found.place, found.meter_id)
    found = found.take(known)
    here = microseconds(found.read_at) == edges[segment[known]]
    return _spread(found.take(here), segment[known][here], len(edges), registers)


def _values(
    conn: Connection,
    usage_point_ids: Ints,
    registers: Sequence[Register],
    at: datetime,
    known_at: datetime | None,
) -> RegisterValues:
    found = fetch_at(conn, usage_point_ids, registers, [at], known_at)
    keys = np.stack([found.place, found.register])
    if np.unique(keys, axis=1).shape[1] < len(found):
        installed = installations(conn, usage_point_ids, at).meter_id
        # Written last, the reading of the installed meter stands.
        found = found.take(np.argsort(found.meter_id == installed[found.place], kind="stable"))
    return _spread(found, found.place, len(usage_point_ids), registers)


def _spread(found: StoredRegisters, row: Ints, rows: int, registers: Sequence[Register]) -> RegisterValues:
    codes = np.array([int(register) for register in registers], dtype=np.int64)
    order = np.argsort(codes)
    column = order[np.searchsorted(codes[order], found.register)]
    digits, version, meter_id = np.zeros((3, rows, len(codes)), dtype=np.int64)
    quality = np.full((rows, len(codes)), Quality.MISSING, dtype=np.uint8)
    digits[row, column], version[row, column] = found.digits, found.version
    meter_id[row, column], quality[row, column] = found.meter_id, found.quality
    return RegisterValues(digits, version, meter_id, quality, version > 0)
