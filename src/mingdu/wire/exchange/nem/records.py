"""Records of NEM12 and NEM13 as they stand in the file: texts are kept, values become whole digits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from mingdu.wire.exchange.numbers import Digits


@dataclass(frozen=True, slots=True)
class Header:
    """Record 100. version: NEM12 or NEM13; created: YYYYMMDDhhmm, market time."""

    version: str
    created: str
    sender: str
    receiver: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Details:
    """
    Record 200: which channel the days below belong to.

    suffix             NMI suffix: E1 = active energy to the customer, B1 = from him (see codes.py)
    interval_minutes   5, 15 or 30
    next_read_date     YYYYMMDD or empty
    """

    point: str
    configuration: str
    register: str
    suffix: str
    data_stream: str
    meter: str
    unit: str
    interval_minutes: int
    next_read_date: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """Record 400: quality of the intervals start … end of the day above, counted from 1, end included."""

    start: int
    end: int
    method: str
    reason: str = ""
    description: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Day:
    """
    Record 300 with its 400s: one day of one channel, 00:00 to 24:00 market time.

    day      YYYYMMDD
    values   Digits (interval,) in the unit of the details
    method   quality and method: "A", "S53", "V" (then the events tell)
    """

    details: Details
    day: str
    values: Digits
    method: str
    reason: str = ""
    description: str = ""
    updated: str = ""
    loaded: str = ""
    events: tuple[Event, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Visit:
    """Record 500: the manual read behind the days above. index: what the register showed, or empty."""

    transaction: str
    service_order: str
    read_at: str
    index: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Read:
    """One end of a record 250: what the register showed, when (YYYYMMDDhhmmss), and how good it is."""

    value: str
    read_at: str
    method: str
    reason: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Accumulation:
    """
    Record 250: two register reads and the amount between them.

    direction   "I" import to the grid, "E" export to the customer
    quantity    decimal text [unit]
    """

    point: str
    configuration: str
    register: str
    suffix: str
    data_stream: str
    meter: str
    direction: str
    previous: Read
    current: Read
    quantity: str
    unit: str
    next_read_date: str = ""
    updated: str = ""
    loaded: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class VisitPair:
    """Record 550: transactions and service orders behind the two reads above."""

    previous_transaction: str
    previous_service_order: str
    current_transaction: str
    current_service_order: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class End:
    """Record 900: the file is whole."""

    line: int = 0


Record: TypeAlias = "Header | Details | Day | Visit | Accumulation | VisitPair | End"
