"""Write blocks as MeterReadings of IEC 61968-9: one canonical text for the same blocks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Final
from xml.sax.saxutils import escape

import numpy as np

from mingdu.errors import TradeError
from mingdu.wire.exchange.numbers import MOST_DECIMALS, write_number
from mingdu.wire.exchange.series import Block, Mark, Shape

from .qualities import CODE, CODES, mark_of
from .read import NAMESPACE
from .reading_type import write_type

HEAD: Final = f'<?xml version="1.0" encoding="UTF-8"?>\n<MeterReadings xmlns="{NAMESPACE}">\n'
MINUTE: Final = np.timedelta64(60, "s")


class Unwritable(TradeError):
    """A block cannot stand in MeterReadings: its times have no zone, or its unit or interval no code."""

    next_step = "give the times their zone, and the values a unit and an interval that the format knows"


def write_meter_readings(blocks: Iterable[Block]) -> Iterator[bytes]:
    """
    Write one MeterReading a block, in their order.

    raises   Unwritable; missing values are left out, for the format has no sign for them
    """
    yield HEAD.encode()
    for block in blocks:
        yield _meter_reading(block).encode()
    yield b"</MeterReadings>\n"


def _meter_reading(block: Block) -> str:
    channel = block.channel
    power = 3 if block.exponent >= 3 - MOST_DECIMALS and channel.unit not in ("V", "A", "") else 0
    if block.offset_minutes is None or block.exponent - power < -MOST_DECIMALS:
        raise Unwritable(f"{channel.point}: times without a zone, or values finer than the format holds")
    try:
        kind = f'<ReadingType ref="{write_type(channel, power)}"/>'
    except KeyError as error:
        raise Unwritable(f"{channel.point}: no code for {error}", unit=channel.unit) from error
    meter, point = _identity("Meter", channel.meter), _identity("UsagePoint", channel.point)
    rows = [_row(block, at, power) for at in range(len(block)) if block.quality[at] != Mark.MISSING]
    if channel.shape is Shape.INTERVAL:
        readings = "".join(f"<IntervalReadings>{row}</IntervalReadings>\n" for row in rows)
        readings = f"<IntervalBlocks>\n{readings}{kind}\n</IntervalBlocks>\n"
        return f"<MeterReading>\n{readings}{meter}{point}</MeterReading>\n"
    readings = "".join(f"<Readings>{row}{kind}</Readings>\n" for row in rows)
    return f"<MeterReading>\n{meter}{readings}{point}</MeterReading>\n"


def _row(block: Block, at: int, power: int) -> str:
    stamp, period = block.starts_at[at], ""
    if block.channel.interval_minutes:
        stamp = stamp + block.channel.interval_minutes * MINUTE
    if block.ends_at is not None:
        start, end = _stamp(block, at, stamp), _stamp(block, at, block.ends_at[at])
        period, stamp = f"<timePeriod><end>{end}</end><start>{start}</start></timePeriod>", block.ends_at[at]
    value = write_number(int(block.digits[at]), block.exponent - power)
    qualities = "".join(
        f'<ReadingQualities><ReadingQualityType ref="{code}"/></ReadingQualities>'
        for code in _codes(block, at)
    )
    return f"<timeStamp>{_stamp(block, at, stamp)}</timeStamp><value>{value}</value>{qualities}{period}"


def _codes(block: Block, at: int) -> list[str]:
    """The block's own codes where they are of this format and mean its mark."""
    mark, own = Mark(int(block.quality[at])), str(block.codes[at]).split()
    if own and all(CODE.fullmatch(code) for code in own) and mark_of(own) is mark:
        return own
    return [CODES[mark]]


def _stamp(block: Block, at: int, moment: np.datetime64) -> str:
    offset = dt.timedelta(minutes=int(block.offset_minutes[at]) if block.offset_minutes is not None else 0)
    utc: dt.datetime = moment.astype("datetime64[s]").item()
    return utc.replace(tzinfo=dt.UTC).astimezone(dt.timezone(offset)).isoformat()


def _identity(name: str, text: str) -> str:
    return f"<{name}><Names><name>{escape(text)}</name></Names></{name}>\n" if text else ""
