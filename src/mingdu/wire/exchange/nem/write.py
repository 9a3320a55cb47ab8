"""Write NEM12 and NEM13: one canonical text for the same records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from mingdu.errors import TradeError
from mingdu.wire.exchange.numbers import write_number

from .records import Accumulation, Day, Details, End, Event, Header, Record, Visit, VisitPair

LINE_END: Final = "\r\n"


class Unwritable(TradeError):
    """A text of a record cannot stand in a file of this format."""

    next_step = "take the line break out of the text"


def write_records(records: Iterable[Record]) -> Iterator[bytes]:
    """
    Write records as lines, in their order: UTF-8, CR LF, every value of a day with the same decimals.

    raises   Unwritable: a text holds a line break

    What was read from a canonical file is written byte for byte; empty values of null intervals and values
    with fewer decimals than their neighbours come out with the decimals of the day.
    """
    for record in records:
        for fields in _lines_of(record):
            yield (",".join(map(_field, fields)) + LINE_END).encode()


def _lines_of(record: Record) -> Iterator[list[str]]:
    match record:
        case Header():
            yield ["100", record.version, record.created, record.sender, record.receiver]
        case Details():
            yield _details(record)
        case Day():
            yield _day(record)
            yield from map(_event, record.events)
        case Visit():
            yield ["500", record.transaction, record.service_order, record.read_at, record.index]
        case Accumulation():
            yield _accumulation(record)
        case VisitPair():
            yield [
                "550",
                record.previous_transaction,
                record.previous_service_order,
                record.current_transaction,
                record.current_service_order,
            ]
        case End():
            yield ["900"]


def _details(record: Details) -> list[str]:
    return [
        "200",
        record.point,
        record.configuration,
        record.register,
        record.suffix,
        record.data_stream,
        record.meter,
        record.unit,
        str(record.interval_minutes),
        record.next_read_date,
    ]


def _day(record: Day) -> list[str]:
    values = [write_number(int(each), record.values.exponent) for each in record.values.digits]
    tail = [record.method, record.reason, record.description, record.updated, record.loaded]
    return ["300", record.day, *values, *tail]


def _event(event: Event) -> list[str]:
    return ["400", str(event.start), str(event.end), event.method, event.reason, event.description]


def _accumulation(record: Accumulation) -> list[str]:
    reads = [
        text
        for read in (record.previous, record.current)
        for text in (read.value, read.read_at, read.method, read.reason, read.description)
    ]
    return [
        "250",
        record.point,
        record.configuration,
        record.register,
        record.suffix,
        record.data_stream,
        record.meter,
        record.direction,
        *reads,
        record.quantity,
        record.unit,
        record.next_read_date,
        record.updated,
        record.loaded,
    ]


def _field(text: str) -> str:
    if "\n" in text or "\r" in text:
        raise Unwritable(f"{text[:40]!r} holds a line break", value=text[:80])
    if "," in text or '"' in text:
        return '"' + text.replace('"', '""') + '"'
    return text
