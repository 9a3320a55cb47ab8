"""Units of measure as files write them: base unit and power of ten."""

from __future__ import annotations

from typing import Final

PREFIXES: Final = {"": 0, "k": 3, "M": 6, "G": 9, "m": -3}
BASES: Final = ("Wh", "varh", "VAh", "W", "var", "VA", "V", "A")

# "M" and "m" differ in SI, but mega is what upper-case files mean: MWH. Milli is taken only from lower case.
_NAMES: Final = {
    (prefix + base).casefold() if prefix != "m" else prefix + base: (base, power)
    for base in BASES
    for prefix, power in PREFIXES.items()
}
_OTHER: Final = {
    "度": ("Wh", 3),
    "千瓦时": ("Wh", 3),
    "千瓦·时": ("Wh", 3),
    "兆瓦时": ("Wh", 6),
    "万千瓦时": ("Wh", 7),
    "瓦时": ("Wh", 0),
    "千乏时": ("varh", 3),
    "千瓦": ("W", 3),
    "瓦": ("W", 0),
    "千乏": ("var", 3),
    "伏": ("V", 0),
    "千伏": ("V", 3),
    "安": ("A", 0),
    "pf": ("", 0),
    "kw.h": ("Wh", 3),
    "kw·h": ("Wh", 3),
}


def read_unit(name: str) -> tuple[str, int] | None:
    """
    Read the name of a unit, in any case of letters: "KWH", "kWh", "千瓦时".

    returns   base unit and power of ten (kWh → "Wh", 3); None if it is not known
    """
    stripped = name.strip()
    return _NAMES.get(stripped) or _NAMES.get(stripped.casefold()) or _OTHER.get(stripped.casefold())


def write_unit(base: str, power: int) -> str:
    """Return the name with its prefix: ("Wh", 3) → "kWh"; raises ValueError where there is no prefix."""
    for prefix, own in PREFIXES.items():
        if own == power:
            return prefix + base
    raise ValueError(f"no prefix for 10**{power} {base}")
