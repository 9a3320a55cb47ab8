"""
What can be asked of a meter (抄读项), and the DL/T 645-2007 requests that ask for it.

A poll names an item and a day in the utility's zone:

    daily_freeze, reactive_freeze, demand_freeze    the midnight freeze (零点冻结) at the begin of `day`
    settlement, reactive_settlement, demand         the settlement at the begin of `day`'s month
    load_profile                                    the 15-minute curve of `day`, both midnights included
    energy, energy_total, reactive_energy,
    demand_now, clock, status                       what the meter shows now; `day` does not matter

An item may need several reads; a freeze is asked for its own time first, so that the answer says by itself
which midnight it belongs to. The n-th last freeze is counted by the head end's clock: a meter whose clock
differs across midnight answers with another day, and the time read with it tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import Enum
from typing import Final

from mingdu.errors import TradeError
from mingdu.wire.dlt645.frame import Frame
from mingdu.wire.dlt645.identifiers import MAX_DAILY_FREEZE, MAX_SETTLEMENT
from mingdu.wire.dlt645.profile import PROFILE_FROM_TIME
from mingdu.wire.dlt645.requests import read, read_profile_blocks

# From midnight to midnight in quarter hours, both ends: 96 intervals have 97 ends. Every civil day of the
# zones in use has so many or fewer; the long day of a clock change loses its last hour [at most 99 blocks].
PROFILE_BLOCKS: Final = 97


class UnknownItem(TradeError):
    """A poll names an item that the head end cannot ask for."""

    next_step = "use one of the items in the message"


class NotYet(TradeError):
    """The day of a poll has not begun, so the meter cannot have it."""

    next_step = "wait for that day"


class TooLongAgo(TradeError):
    """The meter no longer keeps what is asked for."""

    next_step = "read the meter's registers now and estimate the gap"


class Kept(Enum):
    """How a meter counts back to what it keeps."""

    NOW = "now"
    DAILY = "daily"
    MONTHLY = "monthly"
    CURVE = "curve"


@dataclass(frozen=True, slots=True)
class Item:
    """Identifiers to read, their lowest byte 00 where the n of "n-th last" is put in."""

    kept: Kept
    data_ids: tuple[int, ...]


ITEMS: Final[dict[str, Item]] = {
    "daily_freeze": Item(Kept.DAILY, (0x05060000, 0x05060100)),
    "reactive_freeze": Item(Kept.DAILY, (0x05060000, 0x05060300, 0x05060400)),
    "demand_freeze": Item(Kept.DAILY, (0x05060000, 0x05060900)),
    "settlement": Item(Kept.MONTHLY, (0x0001FF00,)),
    "reactive_settlement": Item(Kept.MONTHLY, (0x0003FF00, 0x0004FF00)),
    "demand": Item(Kept.MONTHLY, (0x0101FF00,)),
    "load_profile": Item(Kept.CURVE, (PROFILE_FROM_TIME,)),
    "energy": Item(Kept.NOW, (0x0001FF00,)),
    # For meters that know no block.
    "energy_total": Item(Kept.NOW, (0x00010000,)),
    "reactive_energy": Item(Kept.NOW, (0x0003FF00,)),
    "demand_now": Item(Kept.NOW, (0x0101FF00,)),
    "clock": Item(Kept.NOW, (0x04000101, 0x04000102)),
    "status": Item(Kept.NOW, (0x04000503,)),
}

_DEPTH: Final = {Kept.DAILY: MAX_DAILY_FREEZE, Kept.MONTHLY: MAX_SETTLEMENT}


def requests_for(name: str, meter_address: str, day: date, today: date) -> tuple[Frame, ...]:
    """
    Return the reads of one item, in order; the meter address may be a wildcard.

    raises   UnknownItem; NotYet: `day` is after today; TooLongAgo: beyond the meter's depth
    """
    item = ITEMS.get(name)
    if item is None:
        raise UnknownItem(f"no item {name!r}; known are {', '.join(ITEMS)}", item=name)
    if item.kept is Kept.NOW:
        return tuple(read(meter_address, data_id) for data_id in item.data_ids)
    if day > today:
        raise NotYet(f"{name} of {day} cannot exist on {today}", day=f"{day}")
    if item.kept is Kept.CURVE:
        begin = datetime.combine(day, time())
        return tuple(
            read_profile_blocks(meter_address, each, PROFILE_BLOCKS, begin) for each in item.data_ids
        )
    nth = _nth_last(item.kept, day, today)
    if nth > _DEPTH[item.kept]:
        raise TooLongAgo(f"{name} of {day} is the {nth}th last, {_DEPTH[item.kept]} are kept", nth=nth)
    return tuple(read(meter_address, data_id + nth) for data_id in item.data_ids)


def _nth_last(kept: Kept, day: date, today: date) -> int:
    """Count back: today's midnight, and this month's begin, are the first last."""
    if kept is Kept.DAILY:
        return (today - day).days + 1
    return (today.year - day.year) * 12 + today.month - day.month + 1
