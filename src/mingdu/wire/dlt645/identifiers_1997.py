"""
The few data identifiers of DL/T 645-1997 (two bytes, DI1 DI0) that old meters are still read by.

9010 … 901F, 9020, 9110, 9120, B611, C010, C011, C030 and C032 are in the facts (most of them in real
frames); the other rows are general knowledge of the standard, marked [K].
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from .formats import ADDRESS, DATE, TIME_OF_DAY, Item, number
from .identifiers import KVARH, KW, KWH, Layout

_BLOCK: Final = 0xF
# Bits 2 and 3 of DI1: now, last settlement, the one before; the last two [K].
_SETTLEMENT_BITS: Final = 0x0C
_MAX_SETTLEMENT: Final = 2
# (DI1 without the settlement, high half of DI0).
_ENERGIES: Final = {
    (0x90, 0x1): ("forward_active_energy", KWH),
    (0x90, 0x2): ("reverse_active_energy", KWH),
    (0x91, 0x1): ("forward_reactive_energy", KVARH),
    (0x91, 0x2): ("reverse_reactive_energy", KVARH),
}
_INSTANTS: Final = {
    0x1: ("voltage", number(2, 0, "V")),
    0x2: ("current", number(2, 2, "A")),  # [K]
}
_PHASES: Final = {1: "a", 2: "b", 3: "c"}
_PLAIN: Final = {
    0xB630: Layout((Item("active_power_total", KW),)),  # [K]
    0xC010: Layout((Item("weekday", number(1)), Item("date", DATE))),
    0xC011: Layout((Item("time_of_day", TIME_OF_DAY),)),
    0xC030: Layout((Item("active_constant", number(3, 0, "imp/kWh")),)),
    0xC032: Layout((Item("meter_number", ADDRESS),)),
}


@lru_cache(maxsize=4096)
def layout_of_1997(data_id: int) -> Layout | None:
    """Return what follows this identifier in a reply, or None if the table does not know it."""
    di1, di0 = data_id.to_bytes(2, "big")
    if di1 == 0xB6 and di0 >> 4 in _INSTANTS:
        return _instant(di0)
    return _PLAIN.get(data_id) or _energy(di1, di0)


def _instant(di0: int) -> Layout | None:
    name, form = _INSTANTS[di0 >> 4]
    low = di0 & 0xF
    phases = tuple(_PHASES.values()) if low == _BLOCK else (_PHASES[low],) if low in _PHASES else ()
    items = tuple(Item(f"{name}_{phase}", form) for phase in phases)
    return Layout(items, low == _BLOCK) if items else None


def _energy(di1: int, di0: int) -> Layout | None:
    row = _ENERGIES.get((di1 & ~_SETTLEMENT_BITS, di0 >> 4))
    settlement = (di1 & _SETTLEMENT_BITS) >> 2
    if row is None or settlement > _MAX_SETTLEMENT:
        return None
    name, form = row
    low = di0 & 0xF
    tariffs = range(_BLOCK) if low == _BLOCK else (low,)
    return Layout(tuple(Item(name, form, tariff, settlement) for tariff in tariffs), low == _BLOCK)
