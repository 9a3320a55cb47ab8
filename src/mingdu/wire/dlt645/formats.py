"""Data formats of DL/T 645 (数据格式): what the bytes of one slot mean, as whole digits or as text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import Enum, StrEnum
from typing import Final, TypeAlias

from .bcd import NotBcd, decimal_text, read_bcd


class Kind(Enum):
    """How the bytes are read. Times stand low first: seconds or minutes before hours, years last."""

    NUMBER = "digits with a fixed point"
    MINUTE = "mm hh DD MM YY"
    SECOND = "ss mm hh DD MM YY"
    DATE = "DD MM YY"
    TIME_OF_DAY = "ss mm hh"
    CLOCK = "ss mm hh WW DD MM YY"
    DIGITS = "digits that are a name, not a quantity"
    TEXT = "ASCII, last character first"
    BITS = "bits, printed as hex"


class SlotQuality(StrEnum):
    """What became of a slot."""

    MEASURED = "measured"
    # FF…FF: the phase or the record does not exist; a time of all zeros: it never happened.
    MISSING = "missing"
    NOT_BCD = "not_bcd"
    # Decimal digits that are no time of the calendar, like month 34.
    BAD_TIME = "bad_time"
    NOT_TEXT = "not_text"


@dataclass(frozen=True, slots=True)
class Format:
    """
    Format of one slot.

    width      bytes
    decimals   places after the point that the digits carry
    unit       printed unit, None where there is none
    signed     the top bit of the highest byte is the sign
    """

    kind: Kind
    width: int
    decimals: int = 0
    unit: str | None = None
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """
    One slot of an identifier: what it is called and how it is written.

    tariff       0 total, 1…63 tariff number, None where tariffs make no sense
    settlement   0 now, n = the n-th last settlement, None where settlements make no sense
    is_timed     the slot ends with the time it happened (mm hh DD MM YY)
    width        bytes of the slot, time included; follows from the others
    """

    name: str
    format: Format
    tariff: int | None = None
    settlement: int | None = None
    is_timed: bool = False
    width: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", self.format.width + (MINUTE.width if self.is_timed else 0))


@dataclass(frozen=True, slots=True)
class Value:
    """
    One decoded slot. Never a float: `digits` whole, `item.format.decimals` of them after the point.

    digits    int for numbers, None for the other kinds and for bad or missing slots
    text      what is not a number: times, names, bits
    at        time that belongs to the value (demand, load profile), by the meter's clock
    raw       the bytes of the slot in wire order
    """

    item: Item
    digits: int | None
    text: str | None
    quality: SlotQuality
    at: str | None = None
    raw: bytes = field(default=b"", repr=False)

    @property
    def name(self) -> str:
        """Name of the item."""
        return self.item.name

    @property
    def printed(self) -> str | None:
        """Decimal string with the format's decimals, or the text; None = no value."""
        return self.text if self.digits is None else decimal_text(self.digits, self.item.format.decimals)


def number(width: int, decimals: int = 0, unit: str | None = None, *, signed: bool = False) -> Format:
    """Return a format of decimal digits."""
    return Format(Kind.NUMBER, width, decimals, unit, signed)


MINUTE: Final = Format(Kind.MINUTE, 5)
SECOND: Final = Format(Kind.SECOND, 6)
DATE: Final = Format(Kind.DATE, 3)
TIME_OF_DAY: Final = Format(Kind.TIME_OF_DAY, 3)
CLOCK: Final = Format(Kind.CLOCK, 7)
ADDRESS: Final = Format(Kind.DIGITS, 6)


def read_slot(item: Item, raw: bytes) -> Value:
    """Read one slot of exactly `item.width` bytes; a bad slot is a value with its quality, no error."""
    if not item.is_timed:
        # Numbers are nearly all of the traffic; looking up an Enum costs more than reading one.
        kind = item.format.kind
        read = _read_number if kind is Kind.NUMBER else _READERS[kind]
        digits, text, quality = read(raw, item.format)
        return Value(item, digits, text, quality, None, raw)
    digits, text, quality = _READERS[item.format.kind](raw[: item.format.width], item.format)
    _, at, time_quality = _read_time(raw[item.format.width :], MINUTE)
    if quality is SlotQuality.MEASURED and time_quality in (SlotQuality.NOT_BCD, SlotQuality.BAD_TIME):
        quality = time_quality
        digits = None
    return Value(item, digits, text, quality, at, raw)


_Read: TypeAlias = tuple[int | None, str | None, SlotQuality]


def _is_absent(raw: bytes) -> bool:
    return raw.count(0xFF) == len(raw)


def _read_number(raw: bytes, form: Format) -> _Read:
    try:
        return read_bcd(raw, signed=form.signed), None, SlotQuality.MEASURED
    except NotBcd:
        return None, None, SlotQuality.MISSING if _is_absent(raw) else SlotQuality.NOT_BCD


def _read_digits(raw: bytes, form: Format) -> _Read:
    printed = raw[::-1].hex()
    if _is_absent(raw):
        return None, None, SlotQuality.MISSING
    if not printed.isdecimal():
        return None, None, SlotQuality.NOT_BCD
    return None, printed, SlotQuality.MEASURED


def _read_text(raw: bytes, form: Format) -> _Read:
    if _is_absent(raw):
        return None, None, SlotQuality.MISSING
    text = raw[::-1].strip(b"\0 ").decode("latin-1")
    if not (text.isascii() and text.isprintable()):
        return None, None, SlotQuality.NOT_TEXT
    return None, text, SlotQuality.MEASURED


def _read_bits(raw: bytes, form: Format) -> _Read:
    return None, raw[::-1].hex().upper(), SlotQuality.MEASURED


def _read_time(raw: bytes, form: Format) -> _Read:
    """Read a time of any kind; the calendar of the standard library says whether it exists."""
    has_date = form.kind is not Kind.TIME_OF_DAY
    if _is_absent(raw) or (has_date and not any(raw)):
        return None, None, SlotQuality.MISSING
    d = raw[::-1].hex()
    if not d.isdecimal():
        return None, None, SlotQuality.NOT_BCD
    text = _TIME_TEXT[form.kind](d)
    try:
        _TIME_CHECK[form.kind](text)
    except ValueError:
        return None, None, SlotQuality.BAD_TIME
    return None, text, SlotQuality.MEASURED


# Digits high first, YYMMDDhhmmss as far as they go, to ISO text; two-digit years are of this century.
_TIME_TEXT: Final[dict[Kind, Callable[[str], str]]] = {
    Kind.MINUTE: lambda d: f"20{d[:2]}-{d[2:4]}-{d[4:6]}T{d[6:8]}:{d[8:10]}",
    Kind.SECOND: lambda d: f"20{d[:2]}-{d[2:4]}-{d[4:6]}T{d[6:8]}:{d[8:10]}:{d[10:12]}",
    Kind.DATE: lambda d: f"20{d[:2]}-{d[2:4]}-{d[4:6]}",
    Kind.TIME_OF_DAY: lambda d: f"{d[:2]}:{d[2:4]}:{d[4:6]}",
    # The weekday (two digits after the day) repeats the date.
    Kind.CLOCK: lambda d: f"20{d[:2]}-{d[2:4]}-{d[4:6]}T{d[8:10]}:{d[10:12]}:{d[12:14]}",
}
_TIME_CHECK: Final[dict[Kind, Callable[[str], object]]] = {
    Kind.MINUTE: datetime.fromisoformat,
    Kind.SECOND: datetime.fromisoformat,
    Kind.DATE: date.fromisoformat,
    Kind.TIME_OF_DAY: time.fromisoformat,
    Kind.CLOCK: datetime.fromisoformat,
}

_READERS: Final[dict[Kind, Callable[[bytes, Format], _Read]]] = {
    Kind.NUMBER: _read_number,
    Kind.DIGITS: _read_digits,
    Kind.TEXT: _read_text,
    Kind.BITS: _read_bits,
    Kind.MINUTE: _read_time,
    Kind.SECOND: _read_time,
    Kind.DATE: _read_time,
    Kind.TIME_OF_DAY: _read_time,
    Kind.CLOCK: _read_time,
}
