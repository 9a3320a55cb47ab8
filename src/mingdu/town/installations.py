"""Which meter hung where, from when to when, and what its registers showed when it came and went."""

from __future__ import annotations

from typing import Any

import numpy as np

from mingdu.core.registers import Register
from mingdu.core.types import Ints
from mingdu.town.areas import AREA_MULTIPLIER
from mingdu.town.faults import Fault, Kind
from mingdu.town.identity import (
    area_meter_address,
    area_usage_point,
    meter_address,
    new_meter_address,
    usage_point_code,
)
from mingdu.town.model import Town
from mingdu.town.recording import Bucket
from mingdu.town.roster import AREAS

Row = dict[str, Any]
FIRST_MIDNIGHT: Ints = np.zeros(1, dtype=np.int64)


def bucket_installations(bucket: Bucket) -> list[Row]:
    """List the installations of a bucket's points; an exchanged point has two."""
    first = bucket.registers(FIRST_MIDNIGHT)
    exchanges = {fault.point: fault for fault in bucket.faults if fault.kind is Kind.EXCHANGE}
    rows: list[Row] = []
    for row, number in enumerate(bucket.roster.number.tolist()):
        multiplier = int(bucket.roster.multiplier[row])
        meter = _installation(usage_point_code(number), meter_address(number), multiplier)
        meter |= {"from": _iso(bucket, 0), "first_digits": _digits(first, row)}
        rows.append(meter)
        if number in exchanges:
            rows.append(_exchanged(bucket, meter, exchanges[number]))
    return rows


def area_installations(town: Town) -> list[Row]:
    """List the area meters."""
    first = town.areas.registers(FIRST_MIDNIGHT)
    return [
        {
            **_installation(area_usage_point(area), area_meter_address(area), AREA_MULTIPLIER),
            "from": town.span.time(0).isoformat(),
            "first_digits": _digits(first, area - 1),
        }
        for area in range(1, AREAS + 1)
    ]


def _installation(usage_point: str, meter: str, multiplier: int) -> Row:
    return {
        "usage_point": usage_point,
        "meter": meter,
        "multiplier": multiplier,
        "from": None,
        "to": None,
        "first_digits": None,
        "last_digits": None,
    }


def _exchanged(bucket: Bucket, old: Row, fault: Fault) -> Row:
    """Close the old installation, in place, and open the new one."""
    read, at = bucket.exchange(fault), _iso(bucket, fault.start)
    old |= {"to": at, "last_digits": {register.name: digits for register, digits in read.last.items()}}
    new = _installation(old["usage_point"], new_meter_address(fault.point), old["multiplier"])
    return new | {
        "from": at,
        "first_digits": {register.name: digits for register, digits in read.first.items()},
    }


def _digits(registers: dict[Register, Ints], row: int) -> dict[str, int]:
    return {register.name: int(digits[row, 0]) for register, digits in registers.items()}


def _iso(bucket: Bucket, interval: int) -> str:
    return bucket.span.time(interval).isoformat()
