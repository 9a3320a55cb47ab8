"""What a month's end still lacks (缺抄): the registers of a book's points, as columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from mingdu.base.database import reading_connection
from mingdu.core.registers import DEMAND_TIMES, STATUS_WORDS, Register
from mingdu.core.types import Flags, Ints
from mingdu.metering.queries import installations, register_values
from mingdu.metering.zone import midnight

# What a person reads off a display.
REGISTERS = tuple(register for register in Register if register not in (*DEMAND_TIMES, *STATUS_WORDS))
_TOTAL = REGISTERS.index(Register.TOTAL)
_SOME_DAYS_LATER = 32


def month_end(month: date) -> datetime:
    """Return the instant that ends a month, named by its first day: the freeze that its cycle reads."""
    return midnight(date.fromordinal(month.toordinal() + _SOME_DAYS_LATER).replace(day=1))


@dataclass(frozen=True)
class DuePoints:
    """
    What each point is read for at a month's end; the columns of registers are those of REGISTERS.

    is_hung   bool (point,)           a meter hung there at that instant, so that it can be read
    is_asked  bool (point, register)  what the point showed at the month's start, and always the total
    is_read   bool (point, register)  a reading of that instant is stored
    """

    is_hung: Flags
    is_asked: Flags
    is_read: Flags

    @property
    def lacks(self) -> Flags:
        """Tell of each point whether a register is missing that a reader could read there."""
        lacks: Flags = self.is_hung & (self.is_asked & ~self.is_read).any(axis=1)
        return lacks

    def registers(self, row: int) -> tuple[Register, ...]:
        """Return what one point is read for."""
        return tuple(REGISTERS[column] for column in np.flatnonzero(self.is_asked[row]))


def due_points(usage_point_ids: Ints, month: date) -> DuePoints:
    """Return what points are read for at the end of a month, row for row; the door was asked before."""
    conn, end = reading_connection(), month_end(month)
    is_asked = register_values(conn, usage_point_ids, REGISTERS, midnight(month)).found
    is_asked[:, _TOTAL] = True
    is_hung = installations(conn, usage_point_ids, end).found
    return DuePoints(is_hung, is_asked, registers_read(usage_point_ids, month))


def registers_read(usage_point_ids: Ints, month: date) -> Flags:
    """Return bool (point, register): which of REGISTERS have a reading of the month's end."""
    return register_values(reading_connection(), usage_point_ids, REGISTERS, month_end(month)).found


def asked_mask(registers: list[list[int]]) -> Flags:
    """Return bool (stop, register) from the numbers of the registers that each stop asks for."""
    column = {int(register): place for place, register in enumerate(REGISTERS)}
    mask = np.zeros((len(registers), len(REGISTERS)), dtype=bool)
    for row, numbers in enumerate(registers):
        mask[row, [column[number] for number in numbers]] = True
    return mask
