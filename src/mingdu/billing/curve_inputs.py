"""Inputs of tariffs that bill the curve: sums of its intervals stand where registers stand for others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import psycopg

from mingdu.core.clock import day_of
from mingdu.core.curve_quantity import interval_registers
from mingdu.core.periods import sum_by_period
from mingdu.core.quality import ESTIMATED, Quality
from mingdu.core.registers import PERIOD_REGISTERS
from mingdu.core.tariff import Tariff
from mingdu.core.types import Ints
from mingdu.customers.queries import AgreementTerms
from mingdu.metering.queries import DayEnergies, energies_of_days, installations

from .inputs import Inputs, needed_registers
from .period import Period

# No sum of a curve comes near it, so nothing is taken for a roll-over.
NO_RANGE = 10**15
UNKNOWN = -1
SECONDS_A_MINUTE = 60
# The worst interval names the quality of the whole, from the best to the worst.
_BY_GRAVITY = np.array(
    [
        Quality.MEASURED, *ESTIMATED, Quality.EDITED, Quality.PROVISIONAL, Quality.SUSPECT, Quality.MISSING,
    ],
    dtype=np.int64,
)  # fmt: skip
_GRAVITY = np.argsort(_BY_GRAVITY)


def read_curve_inputs(
    conn: psycopg.Connection[Any], terms: AgreementTerms, tariff: Tariff, period: Period, zone: ZoneInfo
) -> Inputs:
    """
    Sum the curves of agreements of one tariff; what is missing is told in minutes, never guessed.

    In these inputs a digit is a watt-hour behind the multiplier, "from" is zero and "to" is the sum; the
    version is the latest of the days. raises IntervalAcrossPeriods.
    """
    registers, points = needed_registers(tariff), terms.usage_point_id
    rows, (starts_at, ends_at) = len(terms), period.instants(zone)
    summed = np.zeros((rows, len(registers)), dtype=np.int64)
    minutes, estimated, gravity, version = np.zeros((4, rows), dtype=np.int64)
    table = tariff.time_of_use.rows if tariff.time_of_use else ()
    for days in energies_of_days(conn, points, period.first, period.end):
        for day in np.unique(days.day).tolist():
            here = days.day == day
            is_there = days.quality[here] != Quality.MISSING
            place, energy_wh = days.place[here], np.where(is_there, days.energy_wh[here], 0)
            summed[place, 0] += energy_wh.sum(axis=1, dtype=np.int64)
            if table:
                codes = interval_registers(table, *_clock_of(day, days, zone), days.minutes)
                columns = [PERIOD_REGISTERS.index(register) for register in registers[1:]]
                summed[place, 1:] += sum_by_period(energy_wh, codes)[:, columns]
            minutes[place] += is_there.sum(axis=1) * days.minutes
            estimated[place] += np.isin(days.quality[here], ESTIMATED).sum(axis=1) * days.minutes
            worst = np.where(is_there, _GRAVITY[days.quality[here]], 0).max(axis=1)
            gravity[place] = np.maximum(gravity[place], worst)
            version[place] = np.maximum(version[place], days.version[here])
    shape = summed.shape
    nothing = np.zeros(rows, dtype=np.int64)
    return Inputs(
        terms=terms,
        registers=registers,
        from_digits=np.zeros(shape, dtype=np.int64),
        to_digits=summed,
        from_versions=np.zeros(shape, dtype=np.int64),
        to_versions=np.broadcast_to(version[:, np.newaxis], shape).copy(),
        quality=_BY_GRAVITY[gravity],
        missing=int((ends_at - starts_at).total_seconds()) // SECONDS_A_MINUTE - minutes,
        multiplier=np.ones(rows, dtype=np.int64),
        register_range=np.full(rows, NO_RANGE, dtype=np.int64),
        capacity_w=installations(conn, points, starts_at).capacity_w,
        is_one_meter=np.ones(rows, dtype=np.bool_),
        before_digits=np.full(rows, UNKNOWN, dtype=np.int64),
        contract_w=nothing,
        capacity_va=nothing,
        lacks_terms=np.zeros(rows, dtype=np.bool_),
        wh_per_digit=np.ones(rows, dtype=np.int64),
        estimated_minutes=estimated,
    )


def _clock_of(day: int, days: DayEnergies, zone: ZoneInfo) -> tuple[Ints, Ints]:
    """Month and civil clock at the begin of every interval of a day, int64 (interval,) each."""
    count = days.energy_wh.shape[1]
    begin = Period(day_of(day), day_of(day) + timedelta(days=1)).instants(zone)[0]
    shown = [(begin + timedelta(minutes=days.minutes) * n).astimezone(zone) for n in range(count)]
    clock = np.array([each.hour * 60 + each.minute for each in shown], dtype=np.int64)
    return np.full(count, day_of(day).month, dtype=np.int64), clock
