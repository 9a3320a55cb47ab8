"""Values of a foreign file to whole days and register readings, exact in the digits of what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from mingdu.core.clock import INTERVALS, BadInterval
from mingdu.core.curves import DIGITS_MAX, DIGITS_MIN
from mingdu.core.instants import instant64
from mingdu.core.quality import ESTIMATED, Quality
from mingdu.core.registers import CHANNEL_SCALE, KWH_CHANNELS, REGISTER_SCALE, Channel, Register
from mingdu.core.types import Bytes, Flags, Ints
from mingdu.errors import TradeError
from mingdu.metering.imports.parsed import BadTime, Part
from mingdu.metering.intake.checks import CLOCK_TOLERANCE
from mingdu.metering.intake.days import Intervals, gather_days
from mingdu.metering.intake.faults import Fault, first_faults
from mingdu.metering.queries.scales import decimals_near, multipliers_at
from mingdu.metering.readings import (
    WHICHEVER_METER,
    BadValue,
    CurveColumns,
    FutureReading,
    RegisterColumns,
)
from mingdu.metering.store.columns import Connection
from mingdu.metering.store.curves import StoredCurves, fetch_curves
from mingdu.metering.zone import civil_days, day_starts

from .report import ExchangeReport
from .values import Scaled, Values, scale_digits

GUESSES = (*ESTIMATED, Quality.PROVISIONAL)


@dataclass(frozen=True)
class Ground:
    """decimals: of energy curves where nothing near is stored; at: when it is."""

    conn: Connection
    at: datetime
    decimals: int
    report: ExchangeReport


def parts_of(values: Values, ground: Ground) -> Iterator[Part]:
    """
    Yield parts for the door; their "lines" are places in `values`, counted from 1.

    Intervals and registers that no day or register of ours can hold are refused in the report. A day that is
    stored already keeps its decimals; others have those of the point's latest stored day, or the ground's.
    """
    good = _sift(values, ground)
    places = np.arange(1, len(values) + 1)
    registers = good & (values.minutes == 0)
    if registers.any():
        yield _register_part(values, places[registers], ground)
    for minutes in np.unique(values.minutes[good & ~registers]).tolist():
        chosen = places[good & (values.minutes == minutes)]
        for curves, place in gather_days(_intervals(values, chosen), minutes):
            yield _curve_part(values, curves, place, ground)


def _sift(values: Values, ground: Ground) -> Flags:
    """Refuse what has no place in a day, or has not come yet."""
    length = values.minutes * np.timedelta64(60_000_000, "us")
    known = np.isin(values.minutes, (0, *INTERVALS))
    from_midnight = values.begin - day_starts(civil_days(values.begin))
    step = np.where(known & (values.minutes > 0), length, np.timedelta64(1, "us"))
    future = values.begin + length > instant64(ground.at + CLOCK_TOLERANCE)
    faults: list[Fault] = [
        (~known, lambda row: _bad_interval(int(values.minutes[row]))),
        (from_midnight % step != np.timedelta64(0), lambda row: _at(BadTime, values, row)),
        (future, lambda row: _at(FutureReading, values, row)),
    ]
    good, found = first_faults(len(values), faults)
    for row, error in found:
        ground.report.refuse(error, values.line[[row]])
    return good


def _intervals(values: Values, places: Ints) -> Intervals:
    """Intervals whose digits are not known yet: the day that is stored tells their scale."""
    chosen = values.take(places - 1)
    nothing = np.zeros(len(chosen), dtype=np.int64)
    return Intervals(chosen.point, chosen.code, chosen.begin, nothing, chosen.quality, places)


def _curve_part(values: Values, curves: CurveColumns, place: Ints, ground: Ground) -> Part:
    stored = fetch_curves(ground.conn, curves)
    decimals = _decimals(curves, stored, ground)
    row, interval = np.nonzero(place)
    entry = place[row, interval] - 1
    scaled = _scaled(values, entry, decimals[row], ground)
    fits = ~scaled.too_large & (scaled.digits <= DIGITS_MAX) & (scaled.digits >= DIGITS_MIN)
    _refuse_values(values, entry[~fits], ground)
    digits, quality, came = curves.values.copy(), curves.quality.copy(), place.copy()
    digits[row, interval] = np.where(fits, scaled.digits, 0)
    quality[row[~fits], interval[~fits]] = Quality.MISSING
    came[row[~fits], interval[~fits]] = 0
    quality = _with_stored_methods(digits, quality, stored, decimals)
    return Part(replace(curves, values=digits, quality=quality, decimals=decimals), came)


def _decimals(curves: CurveColumns, stored: StoredCurves, ground: Ground) -> Ints:
    """Decimals of each row, int64 (row,)."""
    decimals = np.zeros(len(curves), dtype=np.int64)
    days = int(curves.day.min()), int(curves.day.max()) + 1
    for code in np.unique(curves.channel).tolist():
        here = curves.channel == code
        decimals[here] = CHANNEL_SCALE[Channel(code)].decimals
        if code in KWH_CHANNELS:
            points = curves.usage_point_id[here]
            near = decimals_near(ground.conn, points, code, days)
            decimals[here] = [near.get(point, ground.decimals) for point in points.tolist()]
    decimals[stored.place] = stored.decimals
    return decimals


def _scaled(values: Values, entry: Ints, decimals: Ints, ground: Ground) -> Scaled:
    divisor = np.ones(len(entry), dtype=np.int64)
    behind = values.is_multiplied[entry]
    divisor[behind] = multipliers_at(ground.conn, values.point[entry[behind]], values.begin[entry[behind]])
    scaled = scale_digits(values.digits[entry], values.exponent[entry] + decimals, divisor)
    ground.report.rounded += int(np.count_nonzero(scaled.rounded | values.rounded[entry]))
    return scaled


def _with_stored_methods(digits: Ints, quality: Bytes, stored: StoredCurves, decimals: Ints) -> Bytes:
    """
    An estimate that is stored already keeps the method it was made by, which no format tells in full.

    Only where the value is the same: another value is another estimate.
    """
    if not len(stored.place):
        return quality
    own = digits[stored.place] == stored.values
    own &= np.isin(quality[stored.place], GUESSES) & np.isin(stored.quality, GUESSES)
    own &= (decimals[stored.place] == stored.decimals)[:, np.newaxis]
    kept = quality.copy()
    kept[stored.place] = np.where(own, stored.quality, quality[stored.place])
    return kept


def _register_part(values: Values, places: Ints, ground: Ground) -> Part:
    entry = places - 1
    decimals = np.array([REGISTER_SCALE[Register(code)].decimals for code in values.code[entry].tolist()])
    scaled = _scaled(values, entry, decimals.astype(np.int64), ground)
    _refuse_values(values, entry[scaled.too_large], ground)
    kept = entry[~scaled.too_large]
    readings = RegisterColumns(
        usage_point_id=values.point[kept],
        meter_id=np.full(len(kept), WHICHEVER_METER, dtype=np.int64),
        register=values.code[kept],
        read_at=values.begin[kept],
        digits=scaled.digits[~scaled.too_large],
        quality=values.quality[kept],
    )
    return Part(registers=readings, register_line=kept + 1)


def _refuse_values(values: Values, entries: Ints, ground: Ground) -> None:
    for entry in entries.tolist():
        shown = f"{values.digits[entry]}E{values.exponent[entry]}"
        error = BadValue(f"{shown} is more than a curve or register can hold", value=shown)
        ground.report.refuse(error, values.line[[entry]])


def _bad_interval(minutes: int) -> BadInterval:
    return BadInterval(f"an interval of {minutes} minutes", interval_minutes=minutes)


def _at(kind: type[TradeError], values: Values, row: int) -> TradeError:
    time = f"{values.begin[row].astype('datetime64[s]')}Z"
    return kind(f"{time} in {values.minutes[row]} minutes", time=time, minutes=int(values.minutes[row]))
