"""What is stored of a span as blocks of the exchange formats, as a stream of latest versions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np

from mingdu.base.actors import Actor
from mingdu.base.database import reading_connection
from mingdu.base.permissions import require, scope
from mingdu.core.clock import INTERVALS
from mingdu.core.instants import aware, instant64
from mingdu.core.quality import ESTIMATED, Quality
from mingdu.core.registers import CHANNEL_SCALE, REGISTER_SCALE, Channel, Register
from mingdu.core.types import Bytes, Ints, Times
from mingdu.metering.exchange import BASES, CURVE_KINDS, REGISTER_KINDS, TARIFF_NUMBERS
from mingdu.metering.store.columns import Connection
from mingdu.metering.store.point_days import PointDay, point_days
from mingdu.metering.store.registers import fetch_between
from mingdu.metering.zone import midnight, zone
from mingdu.wire.exchange import series
from mingdu.wire.exchange.series import Block, Mark, Shape

from .points import codes_of_ids, point_buckets, points
from .scales import multipliers_at

ENERGY_UNITS: Final = ("kWh", "kvarh")
_MARKS: Final = np.array(
    [Mark.ESTIMATED if mark in ESTIMATED else Mark[mark.name] for mark in sorted(Quality)], dtype=np.uint8
)


@dataclass(frozen=True)
class Chosen:
    """
    What a format can say.

    channels, registers   of ours
    minutes               intervals of curves that are written
    codes                 the format's own quality code by Quality, where it has one beside the mark
    is_at_the_point       energies go out behind the multiplier
    """

    channels: tuple[Channel, ...]
    registers: tuple[Register, ...]
    minutes: tuple[int, ...] = INTERVALS
    codes: tuple[tuple[Quality, str], ...] = ()
    is_at_the_point: bool = False


def export_blocks(by: Actor, first_day: date, end_day: date, chosen: Chosen) -> Iterator[Block]:
    """
    Yield the registers, then the curves of every point that the actor may see, channel by channel.

    Registers read from the first midnight to that of the end day, both included; intervals of the days, the
    end day excluded. Neighbouring days of one interval and scale are one block. What is missing is in it.
    raises   NotPermitted
    """
    require(by, "metering.read")
    units = scope(by, "metering.read").unit_ids
    conn = reading_connection()
    days = [first_day + timedelta(days=offset) for offset in range((end_day - first_day).days)]
    for bucket in point_buckets():
        found = points(conn, bucket)
        seen = [units is None or unit in units for unit in found.unit_ids.tolist()]
        for point, code in sorted(codes_of_ids(conn, found.ids[seen]).items()):
            yield from _register_blocks(conn, (point, code), (first_day, end_day), chosen)
            for channel in chosen.channels:
                yield from _curve_blocks(conn, (point, code), channel, days, chosen)


def _register_blocks(
    conn: Connection, whose: tuple[int, str], span: tuple[date, date], chosen: Chosen
) -> Iterator[Block]:
    if not chosen.registers:
        return
    ids = np.array(whose[:1], dtype=np.int64)
    found = fetch_between(conn, ids, list(chosen.registers), (midnight(span[0]), midnight(span[1])))
    for code in np.unique(found.register).tolist():
        here, register = found.register == code, Register(code)
        unit, decimals = REGISTER_SCALE[register]
        base, power = BASES[unit]
        kind, tariff = REGISTER_KINDS[register]
        shape = Shape.MOMENT if kind is series.Kind.DEMAND else Shape.REGISTER
        channel = series.Channel(whose[1], "", kind, base, shape, None, "", TARIFF_NUMBERS[tariff])
        yield _block(channel, found.read_at[here], found.digits[here], power - decimals, found.quality[here])


def _curve_blocks(
    conn: Connection, whose: tuple[int, str], channel: Channel, days: list[date], chosen: Chosen
) -> Iterator[Block]:
    run: list[PointDay] = []
    for day in point_days(conn, whose[0], days, channel):
        is_stored = day.version > 0 and day.minutes in chosen.minutes
        if run and not (is_stored and _goes_on(run[-1], day)):
            yield _curve_block(conn, whose, channel, run, chosen)
            run = []
        run += [day] * is_stored
    if run:
        yield _curve_block(conn, whose, channel, run, chosen)


def _goes_on(before: PointDay, day: PointDay) -> bool:
    is_like = (before.minutes, before.decimals) == (day.minutes, day.decimals)
    return is_like and before.day + timedelta(days=1) == day.day


def _curve_block(
    conn: Connection, whose: tuple[int, str], channel: Channel, run: list[PointDay], chosen: Chosen
) -> Block:
    minutes, unit = run[0].minutes, CHANNEL_SCALE[channel].unit
    base, power = BASES[unit]
    kind, phase = CURVE_KINDS[channel]
    is_energy = unit in ENERGY_UNITS
    shape, length = (Shape.INTERVAL, minutes) if is_energy else (Shape.MOMENT, None)
    digits = np.concatenate([day.values for day in run])
    step = np.timedelta64(minutes * 60_000_000, "us")
    starts: Times = instant64(midnight(run[0].day)) + np.arange(len(digits)) * step
    if chosen.is_at_the_point and unit in (*ENERGY_UNITS, "kW"):
        digits = digits * multipliers_at(conn, np.full(len(digits), whose[0]), starts)
    of = series.Channel(whose[1], "", kind, base, shape, length, phase=phase)
    quality = np.concatenate([day.quality for day in run])
    return _block(of, starts, digits, power - run[0].decimals, quality, dict(chosen.codes))


def _block(
    channel: series.Channel,
    starts: Times,
    digits: Ints,
    exponent: int,
    quality: Bytes,
    codes: dict[Quality, str] | None = None,
) -> Block:
    names = np.array([(codes or {}).get(mark, "") for mark in sorted(Quality)])
    return Block(
        channel,
        starts.astype("datetime64[s]"),
        offset_minutes(starts),
        digits,
        exponent,
        _MARKS[quality],
        names[quality],
        np.zeros(len(digits), dtype=np.int64),
        np.zeros(len(digits), dtype=np.bool_),
    )


def offset_minutes(instants: Times) -> Ints:
    """Return the utility's civil time less UTC at each instant, int64 (value,) [min]."""
    hours, place = np.unique(instants.astype("datetime64[h]"), return_inverse=True)
    offsets = [aware(hour.astype("datetime64[us]")).astimezone(zone()).utcoffset() for hour in hours]
    minutes = [int((offset or timedelta()).total_seconds()) // 60 for offset in offsets]
    return np.array(minutes, dtype=np.int64)[place.reshape(-1)]
