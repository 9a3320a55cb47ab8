"""The long form: a line is one value of one channel's interval or of one register."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from mingdu.core.curves import DIGITS_MAX, DIGITS_MIN
from mingdu.core.instants import instant64
from mingdu.core.quality import Quality
from mingdu.core.registers import REGISTER_SCALE, Channel, Register, Scale
from mingdu.core.types import AnyColumn, Bytes, Flags, Ints
from mingdu.metering.intake.checks import CLOCK_TOLERANCE
from mingdu.metering.intake.days import Intervals, gather_days
from mingdu.metering.intake.faults import Fault, first_faults
from mingdu.metering.readings import (
    WHICHEVER_METER,
    BadValue,
    FutureReading,
    RegisterColumns,
    UnknownUsagePoint,
)
from mingdu.metering.zone import civil_days, day_starts

from .cells import Cells, read_numbers, read_texts
from .parsed import (
    NOT_KNOWN,
    BadLine,
    BadTime,
    Parsed,
    Part,
    Setting,
    UnknownChannel,
    UnknownQuality,
    UnknownUnit,
    distinct_texts,
    instant_reader,
    read_distinct,
    units_of,
)
from .wide_curves import kept_with, named_error

SECOND_NAMES = ("channel", "register", "channel|register")
TAIL = ("time", "value", "unit", "quality")
VALUE = 3
# Channels and registers share one column of codes.
CHANNEL_CODES = 1_000
QUALITIES = {
    "": Quality.MEASURED,
    "estimated": Quality.ESTIMATED_FLAT,
    **{quality.name.lower(): quality for quality in Quality},
}
NO_DECIMALS = 99


def is_long(header: list[str]) -> bool:
    """Tell whether this is the header of the long form; the second name may be any of three."""
    right_head = header[:1] == ["usage_point"] and header[1:2] and header[1] in SECOND_NAMES
    return bool(right_head) and tuple(header[2:]) == TAIL


def read_long(cells: Cells, header: list[str], setting: Setting) -> Parsed:
    """Read one chunk; a value of quality missing, or an empty one of that quality, says nothing."""
    texts = [read_texts(cells, column) for column in range(len(header))]
    points = setting.points.ids(texts[0])
    codes, no_code = read_distinct(texts[1], _code)
    instants, no_time = read_distinct(texts[2], instant_reader(setting.zone))
    decimals = _decimals(codes, texts[4], setting)
    quality, no_quality = read_distinct(texts[5], _quality)
    no_unit = decimals == NO_DECIMALS
    numbers = read_numbers(cells, slice(VALUE, VALUE + 1), np.where(no_unit, 0, decimals)[:, np.newaxis])
    digits, is_interval = numbers.digits[:, 0], codes >= CHANNEL_CODES
    wide = is_interval & ((digits > DIGITS_MAX) | (digits < DIGITS_MIN))
    no_value = numbers.is_bad[:, 0] | wide | (numbers.is_empty[:, 0] & (quality != Quality.MISSING))
    interval = np.timedelta64(setting.interval_minutes, "m")
    off_grid = _off_grid(instants, is_interval & ~no_time, interval)
    faults: list[Fault] = [
        (points == NOT_KNOWN, lambda row: named_error(UnknownUsagePoint, "usage_point", texts[0], row)),
        (no_code, lambda row: named_error(UnknownChannel, "channel", texts[1], row)),
        (no_time | off_grid, lambda row: named_error(BadTime, "time", texts[2], row)),
        (no_unit, lambda row: named_error(UnknownUnit, "unit", texts[4], row)),
        (no_quality, lambda row: named_error(UnknownQuality, "quality", texts[5], row)),
        (no_value, lambda row: _bad_value(cells, texts[3], row)),
        (
            is_interval & _is_future(instants, interval, setting.at),
            lambda row: named_error(FutureReading, "time", texts[2], row),
        ),
    ]
    good, found = first_faults(len(cells), faults)
    good &= quality != Quality.MISSING
    lines = Lines(points, codes, instants, digits, quality.astype(np.uint8), cells.line)
    parts = [_register_part(lines.take(good & ~is_interval))]
    gathered = gather_days(_intervals(lines.take(good & is_interval)), setting.interval_minutes)
    parts += [Part(kept_with(curves, setting.decimals), line) for curves, line in gathered]
    return Parsed(parts, [BadLine(int(cells.line[row]), error) for row, error in found])


@dataclass(frozen=True)
class Lines:
    """Good lines as columns; code is that of `_code`, instants are microseconds since 1970."""

    point: Ints
    code: Ints
    instant: Ints
    digits: Ints
    quality: Bytes
    line: Ints

    def take(self, rows: Flags | Ints) -> Lines:
        """Return the chosen lines."""
        return Lines(
            self.point[rows], self.code[rows], self.instant[rows], self.digits[rows], self.quality[rows],
            self.line[rows],
        )  # fmt: skip


def _code(text: str) -> int | None:
    name = text.upper()
    if name in Channel.__members__:
        return CHANNEL_CODES + Channel[name]
    register = Register.__members__.get(name)
    return None if register is None else int(register)


def _quality(text: str) -> int | None:
    quality = QUALITIES.get(text.lower())
    return None if quality is None else int(quality)


def _decimals(codes: Ints, units: AnyColumn, setting: Setting) -> Ints:
    """Return the decimals that make each value whole digits; NO_DECIMALS: unit and register do not fit."""
    decimals = np.full(len(codes), NO_DECIMALS, dtype=np.int64)
    for code in np.unique(codes).tolist():
        here = codes == code
        known = units_of(_scale(code, setting))
        texts, place = distinct_texts(units[here])
        read = [known.get(text.lower(), NO_DECIMALS) for text in texts]
        decimals[here] = np.array(read, dtype=np.int64)[place]
    return decimals


def _scale(code: int, setting: Setting) -> Scale:
    if code >= CHANNEL_CODES:
        return setting.scale_of(Channel(code - CHANNEL_CODES))
    return REGISTER_SCALE[Register(code)]


def _off_grid(instants: Ints, is_interval: Flags, interval: np.timedelta64) -> Flags:
    """Tell which intervals do not begin where one of their civil day begins."""
    off_grid = np.zeros(len(instants), dtype=bool)
    times = instants[is_interval].astype("datetime64[us]")
    off_grid[is_interval] = (times - day_starts(civil_days(times))) % interval != np.timedelta64(0)
    return off_grid


def _is_future(instants: Ints, interval: np.timedelta64, at: datetime) -> Flags:
    ends = instants.astype("datetime64[us]") + interval
    return np.greater(ends, instant64(at + CLOCK_TOLERANCE))


def _bad_value(cells: Cells, texts: AnyColumn, row: int) -> BadValue:
    text = texts[row].decode("utf-8", "replace")
    return BadValue(f"value {text!r} is no value of this unit", value=text)


def _intervals(lines: Lines) -> Intervals:
    return Intervals(
        lines.point, lines.code - CHANNEL_CODES, lines.instant.astype("datetime64[us]"), lines.digits,
        lines.quality, lines.line,
    )  # fmt: skip


def _register_part(lines: Lines) -> Part:
    readings = RegisterColumns(
        usage_point_id=lines.point,
        meter_id=np.full(len(lines.point), WHICHEVER_METER, dtype=np.int64),
        register=lines.code,
        read_at=lines.instant.astype("datetime64[us]"),
        digits=lines.digits,
        quality=lines.quality,
    )
    return Part(registers=readings, register_line=lines.line)
