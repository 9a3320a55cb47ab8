"""How much an account used each day: from the registers at both midnights, else from the curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise

import numpy as np

from mingdu.base.database import reading_connection
from mingdu.core.instants import instant64, microseconds
from mingdu.core.quality import ESTIMATED, Quality
from mingdu.core.registers import PERIOD_REGISTERS, WH_PER_DIGIT, Register
from mingdu.core.types import Flags, Ints
from mingdu.core.usage import RegisterPairs, Remark, capacity_limit_wh, register_usage
from mingdu.faces.energy import EnergyDay, energy_of_days
from mingdu.metering.queries import Installed, installations, installations_between
from mingdu.metering.store.registers import StoredRegisters, fetch_between
from mingdu.metering.zone import midnight

REGISTERS = (Register.TOTAL, *PERIOD_REGISTERS)
USUAL_PERIODS = (Register.PEAK, Register.FLAT, Register.VALLEY)
EVIDENCE = (Quality.MEASURED, Quality.EDITED)
MICROSECONDS_PER_SECOND = 1_000_000


@dataclass(frozen=True)
class DayUse:
    """
    Energy of one civil day.

    total_wh      None: nothing is known of the day yet
    period_wh     of each period register of the meter (峰平谷); empty where they were not read
    is_estimated  a part of the curve was estimated, and no registers tell the day's energy
    is_partial    a part of the day has not come in
    """

    day: date
    total_wh: int | None = None
    period_wh: dict[Register, int] = field(default_factory=dict)
    is_estimated: bool = False
    is_partial: bool = False

    @property
    def shown_wh(self) -> dict[Register, int]:
        """Return the periods as a page names them: a period of few provinces only where it was used."""
        return {
            register: energy
            for register, energy in self.period_wh.items()
            if energy or register in USUAL_PERIODS
        }

    @property
    def rest_wh(self) -> int | None:
        """Energy of which the period is not known [Wh]; None where the periods are known or nothing is."""
        return None if self.period_wh else self.total_wh


def daily_use(usage_point_id: int, first_day: date, last_day: date) -> list[DayUse]:
    """
    Return a point's use day by day, both ends included; the account's door was asked before.

    A day's energy is what the registers moved between its midnights, meter by meter; where a midnight was not
    read it is the sum of the curve, with the curve's marks. Nothing is made up here.
    """
    days = [first_day + timedelta(days=n) for n in range((last_day - first_day).days + 1)]
    ids = np.array([usage_point_id], dtype=np.int64)
    span = midnight(first_day), midnight(last_day + timedelta(days=1))
    installed = installations_between(reading_connection(), ids, *span)
    if not len(installed):
        return [DayUse(day) for day in days]
    found = _by_registers(ids, days, span, installed)
    unread = [day for day in days if day not in found]
    if unread:
        found |= {curve.day: use_of_curve(curve) for curve in energy_of_days(usage_point_id, unread)}
    return [found[day] for day in days]


def latest_known(days: Sequence[DayUse]) -> DayUse | None:
    """Return the latest day of which something is known."""
    return next((use for use in reversed(days) if use.total_wh is not None), None)


def use_of_curve(curve: EnergyDay) -> DayUse:
    """Sum a day's curve up; what is missing of it leaves the day partial."""
    known = [energy for energy in curve.energy_wh if energy is not None]
    if not known:
        return DayUse(curve.day)
    return DayUse(
        curve.day,
        sum(known),
        is_estimated=any(mark in ESTIMATED for mark in curve.quality),
        is_partial=len(known) < len(curve.energy_wh),
    )


def _by_registers(
    ids: Ints, days: list[date], span: tuple[datetime, datetime], installed: Installed
) -> dict[date, DayUse]:
    """Return the days of which the total register was read at both ends of every meter's share."""
    conn = reading_connection()
    pairs = _Pairs(fetch_between(conn, ids, list(REGISTERS), span))
    for first, past in pairwise([*days, days[-1] + timedelta(days=1)]):
        pairs.add_day(first, _instant(first), _instant(past), installed)
    if not pairs.rows:
        return {}
    capacity_w = int(installations(conn, ids, span[1]).capacity_w[0])
    return {use.day: use for use in pairs.uses(capacity_w) if use.total_wh is not None}


@dataclass
class _Pairs:
    """Pairs of readings, one a day, register and meter; gathered, then subtracted all at once."""

    shown: dict[tuple[int, int, int], int]
    rows: list[tuple[int, int, int, int, int, int, int]]

    def __init__(self, found: StoredRegisters) -> None:
        """Take what was read; what is not evidence does not count."""
        found = found.take(np.isin(found.quality, EVIDENCE))
        columns = (found.meter_id, found.register, microseconds(found.read_at), found.digits)
        self.shown = {
            (meter, register, at): digits
            for meter, register, at, digits in zip(*(column.tolist() for column in columns), strict=True)
        }
        self.rows = []

    def add_day(self, day: date, begins: int, ends: int, installed: Installed) -> None:
        """Add a day's pairs of every register that all the meters of the day were read at."""
        held = np.flatnonzero((installed.valid_from < ends) & (installed.valid_to > begins)).tolist()
        for register in REGISTERS:
            shares = [self._pair(day, register, (begins, ends), installed, entry) for entry in held]
            if shares and None not in shares:
                self.rows += [share for share in shares if share is not None]

    def uses(self, capacity_w: int) -> list[DayUse]:
        """Return what was used on each day that has pairs; a register that fell says nothing."""
        day, register, start, end, digit_count, multiplier, seconds = np.array(self.rows, dtype=np.int64).T
        limit_wh = capacity_limit_wh(np.full(len(day), capacity_w, dtype=np.int64), seconds)
        scale = np.full(len(day), WH_PER_DIGIT, dtype=np.int64)
        usage = register_usage(RegisterPairs(start, end, digit_count, scale, multiplier, limit_wh))
        fell = (usage.remarks & Remark.NEGATIVE) > 0
        return [
            _use_of_day(int(each), day == each, register, usage.energy_wh, fell) for each in np.unique(day)
        ]

    def _pair(
        self, day: date, register: Register, edges: tuple[int, int], installed: Installed, entry: int
    ) -> tuple[int, int, int, int, int, int, int] | None:
        meter = int(installed.meter_id[entry])
        first = max(edges[0], int(installed.valid_from[entry]))
        past = min(edges[1], int(installed.valid_to[entry]))
        start, end = (self.shown.get((meter, int(register), at)) for at in (first, past))
        if start is None or end is None:
            return None
        digits, multiplier = int(installed.digits[entry]), int(installed.multiplier[entry])
        seconds = (past - first) // MICROSECONDS_PER_SECOND
        return day.toordinal(), int(register), start, end, digits, multiplier, seconds


def _use_of_day(ordinal: int, here: Flags, register: Ints, energy_wh: Ints, fell: Flags) -> DayUse:
    sums = {
        code: int(energy_wh[mine].sum(dtype=np.int64))
        for code in REGISTERS
        if (mine := here & (register == code)).any() and not fell[mine].any()
    }
    total = sums.pop(Register.TOTAL, None)
    return DayUse(date.fromordinal(ordinal), total, sums)


def _instant(day: date) -> int:
    return int(microseconds(np.array([instant64(midnight(day))]))[0])
