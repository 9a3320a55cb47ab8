"""Time-of-use periods (分时电价): which hours belong to which register, and floated prices."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

import numpy as np

from mingdu.core.money import UnitPrice
from mingdu.core.registers import Register
from mingdu.core.tariff import RATIO_ONE, PeriodRow
from mingdu.core.types import Ints
from mingdu.errors import TradeError

MINUTES_OF_DAY = 24 * 60
MONTHS = range(1, 13)
NO_REGISTER = -1


class OverlappingPeriods(TradeError):
    """Two periods claim the same time."""

    next_step = "give every hour, and every day of validity, to one period only"


class HoursNotCovered(TradeError):
    """Some hours of a day belong to no period."""

    next_step = "add the missing hours to one of the periods"


def check_hours(rows: Sequence[PeriodRow]) -> None:
    """
    Refuse hours that overlap or leave a gap in any month of the year.

    raises  OverlappingPeriods, HoursNotCovered: with the month and the first time of day concerned
    """
    for month in MONTHS:
        registers_by_minute(rows, month)


def registers_by_minute(rows: Sequence[PeriodRow], month: int) -> Ints:
    """
    Tell which register counts each minute of a day in this month.

    rows     rows of the price table
    month    1 … 12
    returns  int64 (1440,) number of the `Register`
    raises   OverlappingPeriods, HoursNotCovered
    """
    registers = np.full(MINUTES_OF_DAY, NO_REGISTER, dtype=np.int64)
    for row in rows:
        if month in row.months:
            _give(registers, row, month)
    uncovered = np.flatnonzero(registers == NO_REGISTER)
    if uncovered.size:
        at = _clock(int(uncovered[0]))
        raise HoursNotCovered(f"in month {month} no period holds at {at}", month=month, at=at)
    return registers


def floated_price(price_nyuan_per_kwh: int, ratio: int, decimals: int | None) -> UnitPrice:
    """
    Price of a period: the base times the ratio, exact, or rounded half up where the notice says so.

    price_nyuan_per_kwh  base price [nyuan/kWh]
    ratio                [1/10,000]
    decimals             None: not rounded (Yunnan); 4: to 0.01 fen (Guangdong)
    returns              the smallest exact UnitPrice
    source               notices in the facts 2.3; 粤发改价格[2021]331号 for the rounding
    """
    amount, parts = price_nyuan_per_kwh * ratio, RATIO_ONE
    if decimals is not None:
        step = Decimal(1).scaleb(9 - decimals)
        nyuan = Decimal(amount) / parts
        return UnitPrice(int((nyuan / step).quantize(Decimal(1), ROUND_HALF_UP) * step))
    while parts > 1 and amount % 10 == 0:
        amount, parts = amount // 10, parts // 10
    return UnitPrice(amount, parts)


def _give(registers: Ints, row: PeriodRow, month: int) -> None:
    for start, end in row.spans:
        taken = np.flatnonzero(registers[start:end] != NO_REGISTER)
        if taken.size:
            minute = start + int(taken[0])
            other = Register(int(registers[minute])).name
            raise OverlappingPeriods(
                f"in month {month} both {other} and {row.register.name} hold at {_clock(minute)}",
                month=month,
                at=_clock(minute),
                periods=[other, row.register.name],
            )
        registers[start:end] = int(row.register)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
