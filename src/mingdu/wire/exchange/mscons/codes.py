"""Codes of MSCONS: OBIS, quantities, units, times. Source: BDEW, MSCONS MIG 2.4; OBIS: IEC 62056-6-1."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from mingdu.wire.exchange.series import BadRecord, Kind, Mark
from mingdu.wire.exchange.units import read_unit

OBIS: Final = re.compile(
    r"([0-9]{1,3})-([0-9]{1,3}):([0-9A-Z]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})(?:[*&][0-9]{1,3})?", re.ASCII
)
ELECTRICITY: Final = "1"
REGISTER, INTERVALS, DEMANDS = ("8",), ("9", "29"), ("2", "6")

_KINDS: Final = {
    "1": Kind.ACTIVE_IMPORT,
    "2": Kind.ACTIVE_EXPORT,
    "3": Kind.REACTIVE_IMPORT,
    "4": Kind.REACTIVE_EXPORT,
    "5": Kind.REACTIVE_Q1,
    "6": Kind.REACTIVE_Q2,
    "7": Kind.REACTIVE_Q3,
    "8": Kind.REACTIVE_Q4,
    "9": Kind.APPARENT,
    "16": Kind.ACTIVE_NET,
    "13": Kind.POWER_FACTOR,
}
_PHASED: Final = {
    f"{first + 20 * at}": (kind, phase)
    for first, kind in (
        (21, Kind.ACTIVE_IMPORT),
        (22, Kind.ACTIVE_EXPORT),
        (31, Kind.CURRENT),
        (32, Kind.VOLTAGE),
    )
    for at, phase in enumerate("ABC")
}
_UNITS: Final = {
    "KWT": ("W", 3),
    "MAW": ("W", 6),
    "KVR": ("var", 3),
    "K3": ("varh", 3),
    "VLT": ("V", 0),
    "AMP": ("A", 0),
}
_KIND_UNITS: Final = {
    Kind.VOLTAGE: ("V", 0),
    Kind.CURRENT: ("A", 0),
    Kind.POWER_FACTOR: ("", 0),
    Kind.APPARENT: ("VAh", 3),
}

# Qualifiers of QTY (DE 6063).
MARKS: Final = {
    "220": Mark.MEASURED,  # true value
    "79": Mark.MEASURED,  # sum of true values
    "67": Mark.ESTIMATED,  # substitute
    "201": Mark.ESTIMATED,  # proposed
    "Z30": Mark.ESTIMATED,  # interpolated
    "187": Mark.PROVISIONAL,  # forecast
    "Z18": Mark.PROVISIONAL,  # preliminary
    "20": Mark.SUSPECT,  # not to be used
}
_FORMATS: Final = {
    "102": 8,
    "203": 12,
    "204": 14,
    "303": 12,
    "304": 14,
}
_ZONE: Final = re.compile(r"([+-])([0-9]{2})(?::?([0-9]{2}))?", re.ASCII)


class BadCode(BadRecord):
    """An OBIS code, unit or time cannot be read."""


def read_obis(code: str) -> tuple[Kind, str, str] | None:
    """Return kind, phase and tariff of a code; None if it is no OBIS code; Kind.OTHER if not electricity."""
    found = OBIS.fullmatch(code)
    if not found:
        return None
    medium, quantity, value, tariff = found[1], found[3], found[4], found[5]
    register = "" if tariff == "0" else tariff
    kind, phase = _PHASED.get(quantity, (_KINDS.get(quantity, Kind.OTHER), ""))
    if medium != ELECTRICITY:
        return Kind.OTHER, "", register
    if value in DEMANDS and quantity in ("1", "2"):
        return Kind.DEMAND, phase, register
    if value == "7" and quantity in ("1", "2", "16"):
        return Kind.POWER, phase, register
    return kind, phase, register


def unit_of(name: str, kind: Kind, *, line: int) -> tuple[str, int]:
    """
    Base unit and power of ten; where a quantity names no unit, what the profiles set for its kind.

    raises   BadCode: the unit is not known, and the kind is
    """
    if not name:
        energy = "varh" if kind.value.startswith("reactive") else "Wh"
        return ("W", 3) if kind in (Kind.DEMAND, Kind.POWER) else _KIND_UNITS.get(kind, (energy, 3))
    unit = _UNITS.get(name) or read_unit(name)
    if unit is not None:
        return unit
    if kind is Kind.OTHER:
        return "", 0
    raise BadCode(f"unit {name[:10]!r}", line=line, value=name, expected="KWH, KWT, K3 …")


def read_time(text: str, form: str, *, line: int) -> tuple[dt.datetime, int | None]:
    """
    Read a DTM value; 24:00 is the next midnight.

    returns   civil time, and its offset from UTC in minutes if it names one
    raises    BadCode
    """
    length = _FORMATS.get(form, 0)
    digits = re.match(r"[0-9]*", text, re.ASCII)
    body = digits[0] if digits else ""
    zone = _ZONE.fullmatch(text[len(body) :])
    is_zoned = form in ("303", "304")
    if len(body) != length or not length or is_zoned != bool(zone) or (not is_zoned and body != text):
        raise _refused(text, form, line)
    hour, minute, second = int(body[8:10] or 0), int(body[10:12] or 0), int(body[12:14] or 0)
    is_midnight = (hour, minute) == (24, 0)
    try:
        moment = (
            dt.datetime(  # noqa: DTZ001
                int(body[:4]), int(body[4:6]), int(body[6:8]), 0 if is_midnight else hour, minute, second
            )
            + dt.timedelta(days=is_midnight)
        )
    except (ValueError, OverflowError) as error:
        raise _refused(text, form, line) from error
    if moment.year < 1900 or moment.year > 9000:
        raise _refused(text, form, line)
    if zone is None:
        return moment, None
    minutes = int(zone[2]) * 60 + int(zone[3] or 0)
    return moment, -minutes if zone[1] == "-" else minutes


def _refused(text: str, form: str, line: int) -> BadCode:
    return BadCode(
        f"time {text[:20]!r} in format {form[:5]!r}", line=line, value=text, expected="DTM 102, 203, 303"
    )
