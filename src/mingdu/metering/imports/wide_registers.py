"""The wide form of registers: a line is a usage point and a time, a cell a register."""

from __future__ import annotations

import numpy as np

from mingdu.core.quality import Quality
from mingdu.core.registers import REGISTER_SCALE, Register
from mingdu.metering.intake.faults import Fault, first_faults
from mingdu.metering.readings import WHICHEVER_METER, RegisterColumns, UnknownUsagePoint

from .cells import Cells, read_numbers, read_texts
from .parsed import (
    NOT_KNOWN,
    BadLine,
    BadTime,
    Parsed,
    Part,
    Setting,
    UnknownUnit,
    instant_reader,
    read_distinct,
)
from .wide_curves import bad_cell, named_error

HEAD = ("usage_point", "time", "unit")
HEAD_CELLS = len(HEAD)
# Files give reactive registers in kvarh and demand in kW beside energies in kWh; the unit cell says kWh.
UNIT = "kwh"


def is_wide_registers(header: list[str]) -> bool:
    """Tell whether this is the header: three names, then names of registers, each once."""
    names = header[HEAD_CELLS:]
    known = all(name in Register.__members__ for name in names)
    return tuple(header[:HEAD_CELLS]) == HEAD and bool(names) and known and len(set(names)) == len(names)


def read_wide_registers(cells: Cells, header: list[str], setting: Setting) -> Parsed:
    """Read one chunk; an empty cell was not read."""
    texts = [read_texts(cells, column) for column in range(HEAD_CELLS)]
    points = setting.points.ids(texts[0])
    instants, no_time = read_distinct(texts[1], instant_reader(setting.zone))
    _, no_unit = read_distinct(texts[2], lambda text: 0 if text.lower() == UNIT else None)
    registers = [Register[name] for name in header[HEAD_CELLS:]]
    decimals = np.array([REGISTER_SCALE[register].decimals for register in registers], dtype=np.int64)
    numbers = read_numbers(cells, slice(HEAD_CELLS, None), decimals)
    faults: list[Fault] = [
        (points == NOT_KNOWN, lambda row: named_error(UnknownUsagePoint, "usage_point", texts[0], row)),
        (no_time, lambda row: named_error(BadTime, "time", texts[1], row)),
        (no_unit, lambda row: named_error(UnknownUnit, "unit", texts[2], row)),
        (np.any(numbers.is_bad, axis=1), lambda row: bad_cell(cells, header, numbers, HEAD_CELLS, row)),
    ]
    good, found = first_faults(len(cells), faults)
    row, column = np.nonzero(good[:, np.newaxis] & ~numbers.is_empty)
    readings = RegisterColumns(
        usage_point_id=points[row],
        meter_id=np.full(len(row), WHICHEVER_METER, dtype=np.int64),
        register=np.array(registers, dtype=np.int64)[column],
        read_at=instants[row].astype("datetime64[us]"),
        digits=numbers.digits[row, column],
        quality=np.full(len(row), Quality.MEASURED, dtype=np.uint8),
    )
    part = Part(registers=readings, register_line=cells.line[row])
    return Parsed([part], [BadLine(int(cells.line[each]), error) for each, error in found])
