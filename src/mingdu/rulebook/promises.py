"""Reads rules/promises/ (供电服务承诺): by when each kind of case is to be answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

from mingdu.core.working_time import WorkingCalendar, add_working_days
from mingdu.errors import TradeError

from .document import Node, read_yaml_file
from .folders import find_rules_folder

SCHEMA = "mingdu/case-promises/1"
AREAS = ("urban", "rural", "remote")


class NoPromise(TradeError):
    """Nothing is promised for this kind of case on this day."""

    next_step = "add the kind, or a version that has begun, to rules/promises/cases.yaml"


@dataclass(frozen=True)
class CasePromise:
    """
    What is promised for one kind of case.

    answer_working_days  working days after the day of the question; None: a crew comes instead
    on_site_minutes      minutes until a crew is there, by area; empty: it is answered in words
    """

    answer_working_days: int | None
    on_site_minutes: Mapping[str, int]

    def due_at(self, at: datetime, area: str, calendar: WorkingCalendar) -> datetime:
        """
        Return when the promise ends that began at an instant.

        area    where the customer lives: one of AREAS
        raises  DayOutsideCalendar
        """
        if self.answer_working_days is None:
            return at + timedelta(minutes=self.on_site_minutes[area])
        return add_working_days(at, self.answer_working_days, calendar)


@dataclass(frozen=True)
class CasePromises:
    """What is promised from a day on, by kind of case, and in what area each unit lies."""

    valid_from: date
    kinds: Mapping[str, CasePromise]
    area_of_unit: Mapping[str, str]
    other_area: str

    def of(self, kind: str) -> CasePromise:
        """Return the promise of a kind; raises NoPromise."""
        if kind not in self.kinds:
            raise NoPromise(f"nothing is promised for {kind}", kind=kind)
        return self.kinds[kind]

    def area(self, unit_code: str) -> str:
        """Return the area in which a unit's customers live."""
        return self.area_of_unit.get(unit_code, self.other_area)


def case_promises(day: date, folder: Path | None = None) -> CasePromises:
    """
    Return what is promised on a day.

    raises  NoPromise, BadDocument
    """
    begun = [version for version in _versions(folder) if version.valid_from <= day]
    if not begun:
        raise NoPromise(f"nothing is promised on {day}", day=day.isoformat())
    return max(begun, key=lambda version: version.valid_from)


@cache
def _versions(folder: Path | None) -> tuple[CasePromises, ...]:
    document = read_yaml_file(find_rules_folder(folder) / "promises" / "cases.yaml")
    document.at("schema").choice([SCHEMA])
    return tuple(_version(node) for node in document.at("versions").items())


def _version(node: Node) -> CasePromises:
    areas = _sourced(node.at("areas"), ("otherwise", "units"))
    return CasePromises(
        valid_from=node.at("valid_from").day(),
        kinds={kind: _promise(child) for kind, child in node.at("kinds").entries().items()},
        area_of_unit={unit: area.choice(AREAS) for unit, area in areas.at("units").entries().items()},
        other_area=areas.at("otherwise").choice(AREAS),
    )


def _promise(node: Node) -> CasePromise:
    _sourced(node, ("answer_working_days", "on_site_minutes"))
    days, minutes = node.find("answer_working_days"), node.find("on_site_minutes")
    if (days is None) == (minutes is None):
        raise node.bad("either answer_working_days or on_site_minutes is expected")
    return CasePromise(
        answer_working_days=days.whole() if days else None,
        on_site_minutes={area: minutes.at(area).whole() for area in AREAS} if minutes else {},
    )


def _sourced(node: Node, names: tuple[str, ...]) -> Node:
    """Refuse an entry that does not say where it comes from and how sure that is."""
    node.only((*names, "source", "verified"))
    node.at("source").text()
    node.at("verified").boolean()
    return node
