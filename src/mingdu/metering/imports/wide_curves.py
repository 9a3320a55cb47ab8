"""The wide form of curves: a line is a usage point, channel and day, a cell an interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from mingdu.core.quality import Quality
from mingdu.core.registers import KWH_CHANNELS, Channel
from mingdu.core.types import AnyColumn, Flags, Ints
from mingdu.errors import TradeError
from mingdu.metering.intake.faults import Fault, first_faults
from mingdu.metering.readings import BadValue, CurveColumns, UnknownUsagePoint

from .cells import Cells, Numbers, read_numbers, read_texts
from .parsed import (
    NOT_KNOWN,
    BadLine,
    BadTime,
    Parsed,
    Part,
    Setting,
    UnknownChannel,
    UnknownUnit,
    read_day,
    read_distinct,
    units_of,
)

HEAD = ("usage_point", "channel", "day", "unit")
HEAD_CELLS = len(HEAD)


def is_wide_curves(header: list[str]) -> bool:
    """Tell whether this is the header: four names, then p1, p2 …"""
    points = [f"p{n}" for n in range(1, len(header) - HEAD_CELLS + 1)]
    return len(header) > HEAD_CELLS and tuple(header[:HEAD_CELLS]) == HEAD and header[HEAD_CELLS:] == points


def read_wide_curves(cells: Cells, header: list[str], setting: Setting) -> Parsed:
    """Read one chunk; an empty cell was not read."""
    texts = [read_texts(cells, column) for column in range(HEAD_CELLS)]
    points = setting.points.ids(texts[0])
    channels, no_channel = read_distinct(texts[1], _channel)
    days, no_day = read_distinct(texts[2], read_day)
    decimals, no_unit = _decimals(channels, texts[3], setting)
    numbers = read_numbers(cells, slice(HEAD_CELLS, None), decimals[:, np.newaxis])
    faults: list[Fault] = [
        (points == NOT_KNOWN, lambda row: named_error(UnknownUsagePoint, "usage_point", texts[0], row)),
        (no_channel, lambda row: named_error(UnknownChannel, "channel", texts[1], row)),
        (no_day, lambda row: named_error(BadTime, "day", texts[2], row)),
        (no_unit, lambda row: named_error(UnknownUnit, "unit", texts[3], row)),
        (np.any(numbers.is_bad, axis=1), lambda row: bad_cell(cells, header, numbers, HEAD_CELLS, row)),
    ]
    good, found = first_faults(len(cells), faults)
    quality = np.where(numbers.is_empty, np.uint8(Quality.MISSING), np.uint8(Quality.MEASURED))
    curves = CurveColumns(points, days, channels, numbers.digits, quality)
    part = Part(kept_with(curves.take(good), setting.decimals), cells.line[good][:, np.newaxis])
    return Parsed([part], [BadLine(int(cells.line[row]), error) for row, error in found])


def bad_cell(cells: Cells, header: list[str], numbers: Numbers, first_column: int, row: int) -> TradeError:
    """Name the first cell of a line that is no number."""
    column = first_column + int(np.argmax(numbers.is_bad[row]))
    text = bytes(cells.buffer[cells.begin[row, column] : cells.end[row, column]])[:40].decode(
        "utf-8", "replace"
    )
    return BadValue(
        f"{header[column]} = {text!r} is no value of this unit", column=header[column], value=text
    )


def named_error(kind: type[TradeError], name: str, texts: AnyColumn, row: int) -> TradeError:
    """Make the error of a cell that could not be read, with its text."""
    text = texts[row].decode("utf-8", "replace")
    return kind(f"{name} {text!r}", **{name: text})


def kept_with(curves: CurveColumns, decimals: int) -> CurveColumns:
    """Return curves whose energies have so many decimals; other channels have their own."""
    is_energy = np.isin(curves.channel, list(KWH_CHANNELS))
    return replace(curves, decimals=np.where(is_energy, decimals, curves.scale))


def _decimals(channels: Ints, units: AnyColumn, setting: Setting) -> tuple[Ints, Flags]:
    """Return the decimals that make each line's values whole digits, and where the unit does not fit."""
    decimals, no_unit = np.zeros(len(channels), dtype=np.int64), np.ones(len(channels), dtype=bool)
    for code in np.unique(channels[channels > 0]).tolist():
        here = channels == code
        decimals[here], no_unit[here] = read_distinct(
            units[here], _reader_of(units_of(setting.scale_of(Channel(code))))
        )
    return decimals, no_unit


def _reader_of(known: dict[str, int]) -> Callable[[str], int | None]:
    return lambda text: known.get(text.lower())


def _channel(text: str) -> int | None:
    channel = Channel.__members__.get(text.upper())
    return None if channel is None else int(channel)
