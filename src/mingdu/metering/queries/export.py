"""The readings of a span as lines of the long form: what was imported comes out again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from mingdu.base.actors import Actor
from mingdu.base.database import reading_connection
from mingdu.base.permissions import require, scope
from mingdu.core.clock import day_number
from mingdu.core.instants import aware
from mingdu.core.quality import Quality
from mingdu.core.registers import CHANNEL_SCALE, REGISTER_SCALE, Register
from mingdu.core.types import Ints
from mingdu.metering.store.columns import Connection
from mingdu.metering.store.curves import Days, fetch_days
from mingdu.metering.store.registers import fetch_between
from mingdu.metering.zone import INTERVAL_MINUTES, intervals_of, midnight, zone
from mingdu.wire.dlt645.bcd import decimal_text

from .points import codes_of_ids, point_buckets, points

HEADER = "usage_point,channel|register,time,value,unit,quality"


def export_lines(
    by: Actor, first_day: date, end_day: date, interval_minutes: int = INTERVAL_MINUTES
) -> Iterator[str]:
    """
    Yield header and lines of the latest versions, bucket by bucket.

    Registers read from the first midnight to that of the end day, both included; then the intervals of the
    days, the end day excluded, of curves with such an interval: a file has one, as its import has. Values
    are what the meters show, before the multiplier.
    """
    require(by, "metering.read")
    units = scope(by, "metering.read").unit_ids
    yield HEADER
    conn = reading_connection()
    for bucket in point_buckets():
        found = points(conn, bucket)
        seen = [units is None or unit in units for unit in found.unit_ids.tolist()]
        ids = found.ids[seen]
        codes = codes_of_ids(conn, ids)
        names = [codes[point] for point in ids.tolist()]
        yield from _register_lines(conn, ids, names, first_day, end_day)
        for offset in range((end_day - first_day).days):
            yield from _curve_lines(conn, ids, names, first_day + timedelta(days=offset), interval_minutes)


def _register_lines(
    conn: Connection, ids: Ints, names: list[str], first_day: date, end_day: date
) -> Iterator[str]:
    here = zone()
    found = fetch_between(conn, ids, list(Register), (midnight(first_day), midnight(end_day)))
    columns = found.place.tolist(), found.register.tolist(), found.digits.tolist(), found.quality.tolist()
    for place, code, digits, mark, read_at in zip(*columns, found.read_at, strict=True):
        register = Register(code)
        unit, decimals = REGISTER_SCALE[register]
        time = aware(read_at).astimezone(here).isoformat()
        value = decimal_text(digits, decimals)
        yield f"{names[place]},{register.name},{time},{value},{unit},{Quality(mark).name.lower()}"


def _curve_lines(conn: Connection, ids: Ints, names: list[str], day: date, minutes: int) -> Iterator[str]:
    here, intervals = zone(), intervals_of(day, minutes)
    step = timedelta(minutes=minutes)
    times = [(midnight(day) + step * n).astimezone(here).isoformat() for n in range(intervals)]
    marks = [quality.name.lower() for quality in Quality]
    for channel, (unit, _) in CHANNEL_SCALE.items():
        stored = fetch_days(conn, ids, Days(day_number(day), 1, intervals), int(channel))
        columns = stored.place, stored.values, stored.quality, stored.decimals
        for place, values, quality, decimals in zip(*(column.tolist() for column in columns), strict=True):
            head = f"{names[place]},{channel.name}"
            yield from (
                f"{head},{time},{decimal_text(digits, decimals)},{unit},{marks[mark]}"
                for time, digits, mark in zip(times, values, quality, strict=True)
                if mark != Quality.MISSING
            )
