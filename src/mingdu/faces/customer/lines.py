"""The lines of a bill as a customer reads them: a name, the sum, the readings behind it, the clause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from mingdu.billing.line_words import line_words


@dataclass(frozen=True)
class ReadingShown:
    """What a register showed at both ends of the bill's period."""

    register: str
    from_value: str
    to_value: str
    multiplier: int
    quality: str


@dataclass(frozen=True)
class LineShown:
    """
    One line of a bill.

    facts     the line as CONTRACTS names it: quantity and price, or base and rate; clause, source, verified
    readings  of the registers that the line is made from
    """

    name: str
    facts: Mapping[str, Any]
    readings: list[ReadingShown]


@dataclass(frozen=True)
class BillShown:
    """A bill with its lines and, below them, what is inside the price and not added."""

    facts: Mapping[str, Any]
    first_day: date
    end_day: date
    energy_kwh: str
    lines: list[LineShown]
    included: list[LineShown]
    readings: list[ReadingShown]

    @property
    def period(self) -> str:
        """The month, as lists name it."""
        return f"{self.first_day:%Y-%m}"


def bill_shown(document: Mapping[str, Any]) -> BillShown:
    """Read the object of CONTRACTS "bill"; a reversal names no readings."""
    readings = [_reading(row) for row in document.get("input", {}).get("readings", ())]
    tiers = document.get("input", {}).get("tariff", {}).get("tiers") or {}
    bounds = [step["upto_kwh"] for step in tiers.get("steps", ())]

    def shown(name: str) -> list[LineShown]:
        return [_line(line, readings, bounds) for line in document.get(name, ())]

    return BillShown(
        document,
        date.fromisoformat(document["period"]["from"]),
        date.fromisoformat(document["period"]["to"]),
        document["determinants"]["energy_kwh"],
        shown("lines"),
        shown("included"),
        readings,
    )


def _line(line: Mapping[str, Any], readings: list[ReadingShown], bounds: list[str | None]) -> LineShown:
    used = set(line["readings"])
    return LineShown(_name(line, bounds), line, [row for row in readings if row.register in used])


def _reading(row: Mapping[str, Any]) -> ReadingShown:
    return ReadingShown(row["register"], row["from"], row["to"], row["multiplier"], row["quality"])


def _name(line: Mapping[str, Any], bounds: list[str | None]) -> str:
    name = line_words(line["id"])
    kind, _dot, number = str(line["id"]).partition(".")
    if kind != "tier" or len(bounds) < 2:
        return name
    place = int(number)
    low, high = bounds[place - 2] if place > 1 else "0", bounds[place - 1]
    if high is None:
        return _("%(tier)s, above %(low)s kWh") % {"tier": name, "low": low}
    return _("%(tier)s, %(low)s to %(high)s kWh") % {"tier": name, "low": low, "high": high}
