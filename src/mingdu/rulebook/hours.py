"""Hours of periods as a price table prints them: "7-9,18-24", "22-2", "11:30-14:30"."""

from __future__ import annotations

from collections.abc import Mapping
from re import fullmatch

from mingdu.core.registers import Register
from mingdu.core.tariff import PeriodRow
from mingdu.core.time_of_use import MINUTES_OF_DAY, MONTHS
from mingdu.rulebook.document import Node

SPAN = r"(\d{1,2})(?::(\d\d))?-(\d{1,2})(?::(\d\d))?"


def read_period_rows(node: Node, ratio: Mapping[Register, int]) -> tuple[PeriodRow, ...]:
    """
    Read rows `{register: PEAK, hours: "7-9,18-24", months: [1, 12]}`; without months: the whole year.

    ratio   the periods that have a price
    raises  BadDocument: a row of a period without ratio, an hour that does not exist
    """
    rows = []
    for item in node.items():
        item.only(("register", "hours", "months"))
        register = Register[item.at("register").choice(register.name for register in ratio)]
        months = item.find("months")
        named = read_months(months) if months else frozenset(MONTHS)
        rows.append(PeriodRow(register, named, _spans(item.at("hours"))))
    return tuple(rows)


def read_months(node: Node) -> frozenset[int]:
    """Read a list of months 1 … 12."""
    months = [item.whole() for item in node.items()]
    if not months or any(month not in MONTHS for month in months):
        raise node.bad("a list of months 1 … 12 is expected")
    return frozenset(months)


def _spans(node: Node) -> tuple[tuple[int, int], ...]:
    spans: list[tuple[int, int]] = []
    for text in node.text().split(","):
        found = fullmatch(SPAN, text.strip())
        if found is None:
            raise node.bad("hours like 7-9,18-24 are expected")
        start, end = (
            int(hour) * 60 + int(minute or 0) for hour, minute in (found.group(1, 2), found.group(3, 4))
        )
        if start >= MINUTES_OF_DAY or end > MINUTES_OF_DAY or start == end:
            raise node.bad("hours lie between 0 and 24 and are not empty")
        # A span past midnight is two spans of the same civil day.
        spans += [(start, end)] if start < end else [(start, MINUTES_OF_DAY), (0, end)]
    return tuple(span for span in spans if span[0] < span[1])
