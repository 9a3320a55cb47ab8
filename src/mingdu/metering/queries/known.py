"""A value as it was known at a time: of any channel or register, at any point and instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from mingdu.base.actors import Actor
from mingdu.base.database import reading_connection
from mingdu.base.permissions import require
from mingdu.core.quality import Quality
from mingdu.core.registers import CHANNEL_SCALE, REGISTER_SCALE, Channel, Register
from mingdu.metering.store.point_days import point_days
from mingdu.metering.zone import midnight, zone
from mingdu.wire.dlt645.bcd import decimal_text

from .points import usage_point_of
from .registers import registers_as_known

VERB = "metering.read"


@dataclass(frozen=True)
class KnownValue:
    """
    What was known of one value.

    value     decimal text in the unit, before the multiplier; None where nothing was known, or it was missing
    quality   name of Quality
    version   0: nothing was stored
    begin     begin of the interval, or the instant of the reading
    minutes   of the interval; 0 for a register
    known_at  as known then
    """

    usage_point: str
    item: str
    begin: datetime
    minutes: int
    value: str | None
    unit: str
    quality: str
    version: int
    known_at: datetime

    def as_json(self) -> dict[str, Any]:
        """Return the value as plain values."""
        instants = {"begin": self.begin, "known_at": self.known_at}
        return {**vars(self), **{name: at.astimezone(zone()).isoformat() for name, at in instants.items()}}


def known_value(
    by: Actor, code: str, item: Channel | Register, at: datetime, known_at: datetime
) -> KnownValue:
    """
    Return the value of the interval that holds an instant, or of the register read at exactly it.

    raises  NotPermitted, UnknownUsagePoint
    """
    require(by, VERB)
    point = usage_point_of(by, code).pk
    if isinstance(item, Channel):
        return _of_curve(code, point, item, (at, known_at))
    return _of_register(code, point, item, (at, known_at))


def _of_curve(code: str, point: int, channel: Channel, when: tuple[datetime, datetime]) -> KnownValue:
    at, known_at = when
    civil = at.astimezone(zone()).date()
    (day,) = point_days(reading_connection(), point, [civil], channel, known_at)
    step = timedelta(minutes=day.minutes)
    place = (at - midnight(civil)) // step
    mark = Quality(int(day.quality[place]))
    value = None if mark is Quality.MISSING else decimal_text(int(day.values[place]), day.decimals)
    return KnownValue(
        code, channel.name, midnight(civil) + step * place, day.minutes, value, CHANNEL_SCALE[channel].unit,
        mark.name.lower(), day.version, known_at,
    )  # fmt: skip


def _of_register(code: str, point: int, register: Register, when: tuple[datetime, datetime]) -> KnownValue:
    at, known_at = when
    ids = np.array([point], dtype=np.int64)
    found = registers_as_known(reading_connection(), ids, [register], at, known_at)
    unit, decimals = REGISTER_SCALE[register]
    mark = Quality(int(found.quality[0, 0]))
    value = None if mark is Quality.MISSING else decimal_text(int(found.digits[0, 0]), decimals)
    return KnownValue(
        code, register.name, at, 0, value, unit, mark.name.lower(), int(found.version[0, 0]), known_at
    )
