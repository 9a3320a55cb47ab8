"""Midnight freezes (零点冻结) of a block of days, made continuous across exchanges of meters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from mingdu.core.day_block import NO_TIME, NOT_READ, Freezes
from mingdu.core.instants import instant64, microseconds
from mingdu.core.quality import Quality
from mingdu.core.registers import PERIOD_REGISTERS, Register
from mingdu.core.types import Flags, Ints
from mingdu.metering.queries import Segments, installations_between, register_segments
from mingdu.metering.store.columns import Connection
from mingdu.metering.store.registers import StoredRegisters, fetch_at

# Energy first, as far as it is joined across exchanges; then what has no sense of another meter.
ENERGIES = (Register.TOTAL, *PERIOD_REGISTERS, Register.EXPORT_TOTAL)
DEMANDS = (Register.DEMAND, Register.DEMAND_TIME)
REGISTERS = (*ENERGIES, *DEMANDS)
EVIDENCE = (Quality.MEASURED, Quality.EDITED)


def read_freezes(
    conn: Connection, usage_point_ids: Ints, midnights: Sequence[datetime], digit_count: Ints
) -> Freezes:
    """
    Return the freezes at some midnights as if one meter had hung there all the time.

    After an exchange the new meter's registers are shifted by what the old one showed last less what the new
    one showed first, so that differences are the energy used. Where one of the two was not noted, or the
    multiplier changed, the midnights before the exchange count as not read.

    digit_count  int64 (point,)  the shifted register wraps at 10**digit_count
    """
    digits = np.full((len(usage_point_ids), len(midnights), len(REGISTERS)), NOT_READ, dtype=np.int64)
    meter_id = np.zeros(digits.shape, dtype=np.int64)
    found, column = _read_at(conn, usage_point_ids, REGISTERS, midnights)
    codes = np.array(REGISTERS, dtype=np.int64)
    order = np.argsort(codes)
    register = order[np.searchsorted(codes[order], found.register)]
    digits[found.place, column, register] = found.digits
    meter_id[found.place, column, register] = found.meter_id
    energies = digits[:, :, : len(ENERGIES)]
    # A meter that was put in at the last midnight is the one whose freeze stands there.
    past_last = midnights[-1] + timedelta(microseconds=1)
    exchanged = _exchanged(conn, usage_point_ids, (midnights[0], past_last))
    if len(exchanged):
        segments = register_segments(conn, usage_point_ids[exchanged], ENERGIES, (midnights[0], past_last))
        few = energies[exchanged]
        _join_meters(few, meter_id[exchanged, :, : len(ENERGIES)], segments, digit_count[exchanged])
        energies[exchanged] = few
        # The highest demand of another meter begins anew.
        digits[exchanged, :, len(ENERGIES) :] = NOT_READ
    demand, time = digits[:, :, -2], digits[:, :, -1]
    first_minute = int(midnights[0].timestamp()) // 60
    return Freezes(
        total=digits[:, :, 0],
        periods=digits[:, :, 1 : len(ENERGIES) - 1],
        export=digits[:, :, len(ENERGIES) - 1],
        demand=demand,
        demand_time=np.where(time == NOT_READ, NO_TIME, time - first_minute),
    )


def _exchanged(conn: Connection, usage_point_ids: Ints, span: tuple[datetime, datetime]) -> Ints:
    """Return the rows of the points where more than one meter hung in a span."""
    installed = installations_between(conn, usage_point_ids, *span)
    return np.flatnonzero(np.bincount(installed.row, minlength=len(usage_point_ids)) > 1)


def are_read(conn: Connection, usage_point_ids: Ints, midnights: Sequence[datetime]) -> Flags:
    """Tell which midnights have a freeze of the total, whichever meter's; bool (point, midnight)."""
    found, column = _read_at(conn, usage_point_ids, [Register.TOTAL], midnights)
    is_read = np.zeros((len(usage_point_ids), len(midnights)), dtype=bool)
    is_read[found.place, column] = True
    return is_read


def _read_at(
    conn: Connection, usage_point_ids: Ints, registers: Sequence[Register], midnights: Sequence[datetime]
) -> tuple[StoredRegisters, Ints]:
    """Return the readings that are evidence, and which of the midnights each was taken at."""
    found = fetch_at(conn, usage_point_ids, registers, midnights)
    found = found.take(np.isin(found.quality, EVIDENCE))
    instants = microseconds(np.array([instant64(each) for each in midnights]))
    return found, np.searchsorted(instants, microseconds(found.read_at))


def _join_meters(digits: Ints, meter_id: Ints, segments: Segments, digit_count: Ints) -> None:
    """Shift the registers of every later meter, in place; points with one meter are left alone."""
    exchanged = np.flatnonzero(segments.row[1:] == segments.row[:-1])
    shift = np.zeros(digits.shape[2], dtype=np.int64)
    for segment in exchanged.tolist():
        row = int(segments.row[segment])
        if segment == 0 or segments.row[segment - 1] != row:
            shift = np.zeros(digits.shape[2], dtype=np.int64)
        is_known = segments.end.found[segment] & segments.start.found[segment + 1]
        is_known &= segments.multiplier[segment] == segments.multiplier[segment + 1]
        step = segments.end.digits[segment] - segments.start.digits[segment + 1]
        shift = np.where(is_known, shift + step, 0)
        is_new = (meter_id[row] == segments.meter_id[segment + 1]) & (digits[row] != NOT_READ)
        wraps_at = 10 ** digit_count[row]
        digits[row] = np.where(is_new, (digits[row] + shift) % wraps_at, digits[row])
        is_lost = ~is_new & ~is_known
        digits[row] = np.where(is_lost, NOT_READ, digits[row])
