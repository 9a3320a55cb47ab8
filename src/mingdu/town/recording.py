"""What the meters of one bucket record: registers, curves that are their differences, and the faults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mingdu.core.registers import Register
from mingdu.core.types import Flags, Ints
from mingdu.town.daily import day_energy, interval_energy
from mingdu.town.factory import Factory
from mingdu.town.faults import LOSSY, Fault, Kind, counted_percent, fault_days, faulty_intervals, plant
from mingdu.town.profiles import PERIODS, by_period, period_sums
from mingdu.town.roster import FACTORY, QUESTIONED, Roster, roster_of
from mingdu.town.span import INTERVALS, Span
from mingdu.town.weather import Weather

# Registers show eight digits: after 999,999.99 kWh comes zero.
REGISTER_TOP = 100_000_000
# Home i = 42 reaches this on the last midnight [digits]; with hundreds and tens swapped 6,538.47 kWh.
QUESTIONED_END_DIGITS = 635_847
# A new meter comes with a little on it, from its test bench [digits by period].
NEW_METER_DIGITS = (31, 27, 44)


class DayCurves(NamedTuple):
    """One day of a bucket: digits int64 (point, 96) and missing bool (point, 96)."""

    digits: Ints
    missing: Flags


class Exchange(NamedTuple):
    """Registers on both sides of a meter exchange (换表), digits by register."""

    at_interval: int
    last: dict[Register, int]
    first: dict[Register, int]


def register_digits(period_wh: Ints, scale_wh: Ints) -> dict[Register, Ints]:
    """
    Show running energies on eight-digit registers.

    period_wh  int64 (point, day, 3)  running PEAK, FLAT, VALLEY by the meter [Wh]
    scale_wh   int64 (point,)         worth of a digit [Wh]
    returns    TOTAL, PEAK, FLAT, VALLEY, each int64 (point, day); TOTAL counts the sum, so it may differ from
               the sum of the displayed periods by up to two digits, as in a real meter
    """
    scale_wh = scale_wh[:, None]
    total = period_wh.sum(axis=-1, dtype=np.int64) // scale_wh % REGISTER_TOP
    parts = {period: period_wh[..., k] // scale_wh % REGISTER_TOP for k, period in enumerate(PERIODS)}
    return {Register.TOTAL: total, **parts}


def curve_digits(midnight_wh: Ints, interval_wh: Ints, scale_wh: Ints) -> Ints:
    """
    Return the interval digits as differences of the floored running register, int64 (point, 96).

    midnight_wh  int64 (point,)     running total at the day's start [Wh]
    interval_wh  int64 (point, 96)  counted energy [Wh]
    """
    running = midnight_wh[:, None] + interval_wh.cumsum(axis=1, dtype=np.int64)
    edges = np.concatenate([midnight_wh[:, None], running], axis=1) // scale_wh[:, None]
    return np.diff(edges, axis=1)


@dataclass(frozen=True)
class Bucket:
    """
    One bucket of points with everything that is known of them.

    true_wh    int64 (point, day, 3)      true energy by period [Wh]
    running_wh int64 (point, day + 1, 3)  what the meter in place has counted at each midnight [Wh]
    """

    seed: int
    span: Span
    weather: Weather
    roster: Roster
    factory: Factory
    faults: list[Fault]
    true_wh: Ints
    running_wh: Ints

    def row(self, point: int) -> int:
        """Return the row of a point."""
        return point - int(self.roster.number[0])

    def true_day(self, offset: int) -> Ints:
        """Return the true energy of every interval of one day, int64 (point, 96) [Wh]."""
        return self.true_rows(np.arange(len(self.roster.number)), offset)

    def true_rows(self, rows: Ints, offset: int) -> Ints:
        """Return the same for some rows."""
        day, is_rest = self.span.day(offset), bool(self.weather.is_rest[offset])
        energy = interval_energy(self.seed, self.roster, rows, day, self.true_wh[rows, offset], is_rest)
        energy[self.roster.number[rows] == FACTORY] = self.factory.import_wh[offset]
        return energy

    def counted_day(self, offset: int) -> Ints:
        """Return what the meters count on one day, int64 (point, 96) [Wh]; negative where one runs back."""
        return self.counted_rows(np.arange(len(self.roster.number)), offset)

    def counted_rows(self, rows: Ints, offset: int) -> Ints:
        """Return the same for some rows."""
        energy = self.true_rows(rows, offset)
        for fault in self._faults_on(offset):
            if fault.kind in LOSSY:
                here = rows == self.row(fault.point)
                energy[here] = energy[here] * counted_percent(fault, offset) // 100
        return energy

    def recorded_day(self, offset: int) -> DayCurves:
        """Return the curves of one day as the meters hold them."""
        counted = self.counted_day(offset)
        digits = curve_digits(self.running_wh[:, offset].sum(axis=-1), counted, self.roster.scale_wh)
        missing = np.zeros(digits.shape, dtype=np.bool_)
        for fault in self._faults_on(offset):
            row, part = self.row(fault.point), faulty_intervals(fault, offset)
            if fault.kind is Kind.GAP:
                missing[row, part] = True
            elif fault.kind is Kind.SPIKE:
                digits[row, part] = self.spike_digits(fault)
            elif fault.kind is Kind.EXCHANGE:
                digits[row] = self._exchange_day(fault, counted[row])
        digits[missing] = 0
        return DayCurves(digits, missing)

    def registers(self, offsets: Ints) -> dict[Register, Ints]:
        """Return the registers frozen at the midnights that begin these days, each int64 (point, day)."""
        return register_digits(self.running_wh[:, offsets], self.roster.scale_wh)

    def exchange(self, fault: Fault) -> Exchange:
        """Return what was read from the old and the new meter."""
        row, offset = self.row(fault.point), fault.start // INTERVALS
        before = self.true_rows(np.array([row]), offset)
        before[:, fault.start % INTERVALS :] = 0
        last_wh = self.running_wh[row, offset] + period_sums(before)[0]
        scale = self.roster.scale_wh[row : row + 1]
        return Exchange(fault.start, _single(last_wh, scale), _single(_new_meter_wh(scale), scale))

    def running_day(self, row: int, offset: int, *, is_new: bool) -> Ints:
        """
        Return a meter's running periods at the 97 quarter hours of a day, int64 (97, 3) [Wh].

        The old meter counts on from the midnight before, a new one back from the midnight after; the two
        differ only on the day of an exchange, each being right on its own side.
        """
        counted = by_period(self.counted_rows(np.array([row]), offset)[0]).cumsum(axis=0, dtype=np.int64)
        since_midnight = np.concatenate([np.zeros((1, len(PERIODS)), dtype=np.int64), counted])
        if is_new:
            return np.asarray(self.running_wh[row, offset + 1] - since_midnight[-1] + since_midnight)
        return np.asarray(self.running_wh[row, offset] + since_midnight)

    def spike_digits(self, fault: Fault) -> int:
        """Return what the curve shows at a spike: many times the contract capacity for a quarter hour."""
        row = self.row(fault.point)
        return fault.size * int(self.roster.capacity_w[row]) // 4 // int(self.roster.scale_wh[row])

    def _faults_on(self, offset: int) -> list[Fault]:
        return [fault for fault in self.faults if offset in fault_days(fault)]

    def _exchange_day(self, fault: Fault, counted: Ints) -> Ints:
        """Take the differences of the old register up to the exchange and of the new one after it."""
        row, offset, part = self.row(fault.point), fault.start // INTERVALS, fault.start % INTERVALS
        scale = self.roster.scale_wh[row : row + 1]
        old = curve_digits(self.running_wh[row, offset].sum(keepdims=True), counted[None, :part], scale)
        new = curve_digits(_new_meter_wh(scale).sum(keepdims=True), counted[None, part:], scale)
        return np.concatenate([old[0], new[0]])


def bucket_at(seed: int, index: int, points: int, span: Span, weather: Weather, factory: Factory) -> Bucket:
    """Make one bucket; it needs nothing of any other."""
    roster = roster_of(seed, index, points)
    true_wh = day_energy(seed, roster, span, weather)
    true_wh[roster.number == FACTORY] = period_sums(factory.import_wh)
    faults = plant(seed, roster, span)
    empty = np.empty((0,), dtype=np.int64)
    draft = Bucket(seed, span, weather, roster, factory, faults, true_wh, empty)
    return Bucket(seed, span, weather, roster, factory, faults, true_wh, _running(draft))


def _running(bucket: Bucket) -> Ints:
    """Add up what the meters count, day by day, and set each register's start."""
    counted = bucket.true_wh.copy()
    for fault in bucket.faults:
        row = bucket.row(fault.point)
        for offset in fault_days(fault) if fault.kind in LOSSY else ():
            counted[row, offset] = period_sums(bucket.counted_rows(np.array([row]), offset))[0]
    start = _start_wh(bucket)
    running = np.concatenate(
        [start[:, None], start[:, None] + counted.cumsum(axis=1, dtype=np.int64)], axis=1
    )
    for fault in bucket.faults:
        if fault.kind is Kind.EXCHANGE:
            _put_new_meter(running, bucket, fault)
    return running


def _start_wh(bucket: Bucket) -> Ints:
    """Take the drawn starts, but let a roll-over pass its top on its day and home 42 end on its figure."""
    start, scale = bucket.roster.start_wh.copy(), bucket.roster.scale_wh
    for fault in bucket.faults:
        if fault.kind is Kind.ROLL_OVER:
            row, offset = bucket.row(fault.point), fault.start // INTERVALS
            used = int(bucket.true_wh[row, :offset].sum() + bucket.true_wh[row, offset].sum() // 2)
            start[row] = _split(REGISTER_TOP * int(scale[row]) - used)
    for row in np.flatnonzero(bucket.roster.number == QUESTIONED).tolist():
        start[row] = _split(QUESTIONED_END_DIGITS * int(scale[row]) - int(bucket.true_wh[row].sum()))
    return start


def _split(total_wh: int) -> Ints:
    """Split a total over PEAK, FLAT, VALLEY about as homes use them."""
    peak, flat = total_wh * 45 // 100, total_wh * 30 // 100
    return np.array([peak, flat, total_wh - peak - flat], dtype=np.int64)


def _put_new_meter(running: Ints, bucket: Bucket, fault: Fault) -> None:
    """Let the midnights after an exchange show the new meter, in place."""
    row, offset = bucket.row(fault.point), fault.start // INTERVALS
    after = bucket.true_rows(np.array([row]), offset)
    after[:, : fault.start % INTERVALS] = 0
    new_wh = _new_meter_wh(bucket.roster.scale_wh[row : row + 1]) + period_sums(after)[0]
    running[row, offset + 1 :] += new_wh - running[row, offset + 1]


def _new_meter_wh(scale_wh: Ints) -> Ints:
    return np.array(NEW_METER_DIGITS, dtype=np.int64) * scale_wh


def _single(period_wh: Ints, scale_wh: Ints) -> dict[Register, int]:
    digits = register_digits(period_wh[None, None], scale_wh)
    return {register: int(value[0, 0]) for register, value in digits.items()}
