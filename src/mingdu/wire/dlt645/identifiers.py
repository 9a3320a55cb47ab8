"""
Data identifiers of DL/T 645-2007 (数据标识 DI3 DI2 DI1 DI0) as tables, and the one door to them, `layout_of`.

Families stand under (DI3, DI2) and unfold by tariff, phase, settlement or freeze; the rest is a plain
table of whole identifiers. Rows marked [K] come from general knowledge of the standard and were not
checked against its text; the other rows stand in the facts and, where a real frame exists, in
tests/golden/dlt645_frames.csv.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from .formats import (
    ADDRESS,
    CLOCK,
    DATE,
    MINUTE,
    SECOND,
    TIME_OF_DAY,
    Format,
    Item,
    Kind,
    number,
)

BLOCK: Final = 0xFF
MAX_TARIFF: Final = 0x3F
MAX_SETTLEMENT: Final = 0x0C
MAX_DAILY_FREEZE: Final = 0x3E
MAX_EVENT_RECORD: Final = 0x0A

KWH: Final = number(4, 2, "kWh")
KWH_SIGNED: Final = number(4, 2, "kWh", signed=True)
KVARH: Final = number(4, 2, "kvarh")
KVARH_SIGNED: Final = number(4, 2, "kvarh", signed=True)
KVAH: Final = number(4, 2, "kVAh")
KW: Final = number(3, 4, "kW")
KW_SIGNED: Final = number(3, 4, "kW", signed=True)
KVAR: Final = number(3, 4, "kvar")
KVAR_SIGNED: Final = number(3, 4, "kvar", signed=True)
KVA: Final = number(3, 4, "kVA")
VOLT: Final = number(2, 1, "V")
AMPERE: Final = number(3, 3, "A", signed=True)
POWER_FACTOR: Final = number(2, 3, signed=True)
COUNT: Final = number(3)
YUAN: Final = number(4, 2, "CNY")


@dataclass(frozen=True, slots=True)
class Layout:
    """
    What follows the identifier in a reply.

    items      the slots in order
    is_block   a reply may stop after any of them: meters send fewer tariffs than were asked for
    width      bytes of all slots; follows from them
    """

    items: tuple[Item, ...]
    is_block: bool = False
    width: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", sum(item.width for item in self.items))


# DI3 = 00: (name, format) under DI2. Families 01–08 and the phases are in the facts; apparent energy [K].
_ENERGY_ORDER: Final = (
    ("forward_active_energy", KWH),
    ("reverse_active_energy", KWH),
    ("combined_reactive_1_energy", KVARH_SIGNED),
    ("combined_reactive_2_energy", KVARH_SIGNED),
    ("reactive_quadrant_1_energy", KVARH),
    ("reactive_quadrant_2_energy", KVARH),
    ("reactive_quadrant_3_energy", KVARH),
    ("reactive_quadrant_4_energy", KVARH),
)
_PHASE_FAMILY_START: Final = {"a": 0x15, "b": 0x29, "c": 0x3D}
ENERGIES: Final[dict[int, tuple[str, Format]]] = {
    0x00: ("combined_active_energy", KWH_SIGNED),
    **{0x01 + step: row for step, row in enumerate(_ENERGY_ORDER)},
    0x09: ("forward_apparent_energy", KVAH),
    0x0A: ("reverse_apparent_energy", KVAH),
    **{
        start + step: (f"{name}_{phase}", form)
        for phase, start in _PHASE_FAMILY_START.items()
        for step, (name, form) in enumerate(_ENERGY_ORDER)
    },
}

# DI3 = 01: maximum demand with the time it happened. 01 and 02 are in the facts, the rest [K].
DEMANDS: Final[dict[int, tuple[str, Format]]] = {
    0x01: ("forward_active_demand_max", KW),
    0x02: ("reverse_active_demand_max", KW),
    0x03: ("combined_reactive_1_demand_max", KVAR_SIGNED),
    0x04: ("combined_reactive_2_demand_max", KVAR_SIGNED),
    0x05: ("reactive_quadrant_1_demand_max", KVAR),
    0x06: ("reactive_quadrant_2_demand_max", KVAR),
    0x07: ("reactive_quadrant_3_demand_max", KVAR),
    0x08: ("reactive_quadrant_4_demand_max", KVAR),
    0x09: ("forward_apparent_demand_max", KVA),
    0x0A: ("reverse_apparent_demand_max", KVA),
}

# DI3 = 02: (name, format, first phase number) under DI2; 0 = the family has a total. 07–09 [K].
_PHASES: Final = ("total", "a", "b", "c")
INSTANTS: Final[dict[int, tuple[str, Format, int]]] = {
    0x01: ("voltage", VOLT, 1),
    0x02: ("current", AMPERE, 1),
    0x03: ("active_power", KW_SIGNED, 0),
    0x04: ("reactive_power", KVAR_SIGNED, 0),
    0x05: ("apparent_power", KVA, 0),
    0x06: ("power_factor", POWER_FACTOR, 0),
    0x07: ("phase_angle", number(2, 1, "°"), 1),
    0x08: ("voltage_distortion", number(2, 2, "%"), 1),
    0x09: ("current_distortion", number(2, 2, "%"), 1),
}

# DI3 = 05: freezes under DI2. Depths other than the daily one's [K].
FREEZES: Final[dict[int, tuple[str, int]]] = {
    0x00: ("timed_freeze", 0x3C),
    0x01: ("instant_freeze", 0x03),
    0x04: ("hourly_freeze", 0xFE),
    0x06: ("daily_freeze", MAX_DAILY_FREEZE),
}


def _one(name: str, form: Format) -> Layout:
    return Layout((Item(name, form),))


def _text(name: str, width: int) -> Layout:
    return _one(name, Format(Kind.TEXT, width))


_EVENT_TIMES: Final = (Item("started_at", SECOND), Item("ended_at", SECOND))
# 60 bytes: the times, then six total energies before and six after.
_COVER_RECORD: Final = Layout(
    (
        *_EVENT_TIMES,
        *(
            Item(f"{name}_{when}", form)
            for when in ("before", "after")
            for name, form in (*_ENERGY_ORDER[:2], *_ENERGY_ORDER[4:])
        ),
    )
)
_STATUS_WORD: Final = Format(Kind.BITS, 2)
_RELAY_WORD: Final = 3

PLAIN: Final[dict[int, Layout]] = {
    0x00900100: _one("remaining_energy", KWH),
    0x00900101: _one("overdrawn_energy", KWH),  # [K]
    0x00900200: _one("remaining_money", YUAN),
    0x00900201: _one("overdrawn_money", YUAN),  # [K]
    0x02800001: _one("neutral_current", AMPERE),  # [K]
    0x02800002: _one("frequency", number(2, 2, "Hz")),
    0x02800003: _one("active_power_minute_mean", KW_SIGNED),  # [K]
    0x02800004: _one("active_demand", KW_SIGNED),  # [K]
    0x02800005: _one("reactive_demand", KVAR_SIGNED),  # [K]
    0x02800006: _one("apparent_demand", KVA),  # [K]
    0x02800007: _one("temperature", number(2, 1, "°C", signed=True)),  # [K]
    0x02800008: _one("clock_battery_voltage", number(2, 2, "V")),  # [K]
    0x02800009: _one("reading_battery_voltage", number(2, 2, "V")),  # [K]
    0x0280000A: _one("battery_minutes", number(4, 0, "min")),  # [K]
    0x03110000: _one("power_fail_count", COUNT),
    0x03300000: _one("programming_count", COUNT),
    0x03300100: _one("meter_clear_count", COUNT),
    0x03300200: _one("demand_clear_count", COUNT),  # [K], one library has the event clears here
    0x03300300: _one("event_clear_count", COUNT),  # [K]
    0x03300D00: _one("cover_open_count", COUNT),
    0x03300E00: _one("terminal_cover_open_count", COUNT),
    0x04000101: Layout((Item("weekday", number(1)), Item("date", DATE))),
    0x04000102: _one("time_of_day", TIME_OF_DAY),
    0x04000103: _one("demand_period", number(1, 0, "min")),  # [K]
    0x0400010C: _one("clock", CLOCK),  # [K], newer meters
    0x04000306: _one("current_transformer_ratio", COUNT),  # [K]
    0x04000307: _one("voltage_transformer_ratio", COUNT),  # [K]
    0x04000401: _one("meter_address", ADDRESS),
    0x04000402: _one("meter_number", ADDRESS),
    0x04000403: _text("asset_code", 32),  # [K]
    0x04000404: _text("rated_voltage", 6),
    0x04000405: _text("rated_current", 6),  # [K]
    0x04000406: _text("maximum_current", 6),  # [K]
    0x04000409: _one("active_constant", number(3, 0, "imp/kWh")),  # [K]
    0x0400040A: _one("reactive_constant", number(3, 0, "imp/kvarh")),  # [K]
    **{0x04000500 + word: _one(f"status_word_{word}", _STATUS_WORD) for word in range(1, 8)},
    0x040005FF: Layout(tuple(Item(f"status_word_{word}", _STATUS_WORD) for word in range(1, 8)), True),
    **{
        0x04000B00 + nth: Layout(
            (Item(f"settlement_{nth}_hour", number(1)), Item(f"settlement_{nth}_day", number(1)))
        )
        for nth in (1, 2, 3)
    },
    0x1D000001: _one("trip_count", COUNT),
    0x1E000001: _one("close_count", COUNT),
    **{0x03110000 + nth: Layout(_EVENT_TIMES) for nth in range(1, MAX_EVENT_RECORD + 1)},
    **{
        0x03300000 + (cover << 8) + nth: _COVER_RECORD
        for cover in (0x0D, 0x0E)
        for nth in range(1, MAX_EVENT_RECORD + 1)
    },
}

RELAY_STATUS_ID: Final = 0x04000500 + _RELAY_WORD
# Load profile (负荷记录): 06 cc 00 0s; its records have their own module.
PROFILE_DI3: Final = 0x06


@lru_cache(maxsize=4096)
def layout_of(data_id: int) -> Layout | None:
    """Return what follows this identifier in a reply, or None if the table does not know it."""
    plain = PLAIN.get(data_id)
    if plain is not None:
        return plain
    di3, di2, di1, di0 = data_id.to_bytes(4, "big")
    unfold = _UNFOLD.get(di3)
    return unfold(di2, di1, di0) if unfold else None


def by_tariff(row: tuple[str, Format], tariff: int, settlement: int | None, *, is_timed: bool) -> Layout:
    """Unfold one family by tariff: 00 total, 01…3F one tariff, FF the block from the total on."""
    name, form = row
    tariffs = range(MAX_TARIFF + 1) if tariff == BLOCK else (tariff,)
    items = tuple(Item(name, form, number, settlement, is_timed) for number in tariffs)
    return Layout(items, tariff == BLOCK)


def _energy(di2: int, di1: int, di0: int) -> Layout | None:
    return _settled(ENERGIES.get(di2), di1, di0, is_timed=False)


def _demand(di2: int, di1: int, di0: int) -> Layout | None:
    return _settled(DEMANDS.get(di2), di1, di0, is_timed=True)


def _settled(
    row: tuple[str, Format] | None, tariff: int, settlement: int, *, is_timed: bool
) -> Layout | None:
    if row is None or settlement > MAX_SETTLEMENT or (tariff > MAX_TARIFF and tariff != BLOCK):
        return None
    return by_tariff(row, tariff, settlement, is_timed=is_timed)


def _instant(di2: int, di1: int, di0: int) -> Layout | None:
    row = INSTANTS.get(di2)
    if row is None or di0 != 0:
        return None
    name, form, first = row
    if di1 == BLOCK:
        return Layout(tuple(Item(f"{name}_{phase}", form) for phase in _PHASES[first:]), True)
    return _one(f"{name}_{_PHASES[di1]}", form) if first <= di1 < len(_PHASES) else None


def _freeze(di2: int, di1: int, di0: int) -> Layout | None:
    """05 kk 00 nn is the time of the n-th last freeze; 05 kk 01…0A nn hold energies, then demands [K]."""
    kind, depth = FREEZES.get(di2, ("", 0))
    if not 1 <= di0 <= depth:
        return None
    if di1 == 0:
        return _one(f"{kind}_at", MINUTE)
    row = FREEZE_CONTENTS.get(di1)
    if row is None:
        return None
    name, form, is_timed = row
    return Layout(by_tariff((f"{kind}_{name}", form), BLOCK, None, is_timed=is_timed).items, True)


# DI1 of a freeze. 01 and 02 are in the facts; 03–0A [K].
FREEZE_CONTENTS: Final[dict[int, tuple[str, Format, bool]]] = {
    **{1 + step: (name, form, False) for step, (name, form) in enumerate(_ENERGY_ORDER)},
    0x09: (*DEMANDS[0x01], True),
    0x0A: (*DEMANDS[0x02], True),
}

_UNFOLD: Final = {0x00: _energy, 0x01: _demand, 0x02: _instant, 0x05: _freeze}
