"""Field visits (走访结果): who went where and when, what came of it, and how a value compares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from mingdu.base.actors import Actor
from mingdu.base.links import link_to
from mingdu.base.queries import names_of
from mingdu.base.sheets import sheet_of
from mingdu.core.clock import civil_day
from mingdu.customers.search import Holder, holders_of_points
from mingdu.faces.enclosed_file import enclosed_file
from mingdu.faces.identity import Asked
from mingdu.faces.problems import UnknownAddress
from mingdu.faces.words import WORDS
from mingdu.metering.queries.hanging import meter_numbers
from mingdu.metering.zone import zone
from mingdu.rounds.visit_list import (
    CONFIRMED,
    ReadValue,
    VisitFilter,
    VisitRow,
    books_of_visits,
    readers_of_visits,
    values_read,
    visit_of,
    visits_listed,
)
from mingdu.work.many_tasks import task_details

from .door import at_desk

# What stood in the way of a reading, as the desks say it.
REASONS = {
    "locked": _("locked"),
    "dog": _("a dog"),
    "refused": _("access refused"),
    "meter_broken": _("meter broken"),
    "unreadable": _("display unreadable"),
    "other_meter": _("another meter hangs there"),
    "not_found": _("meter not found"),
    "other": _("other reason"),
}
OUTCOMES = {"read": _("was read"), CONFIRMED: _("read, warning confirmed"), **REASONS}
# What ordered a visit, by the kind of its page.
ORDERED_BY = {"finding": _("finding"), "case": _("case"), "process": _("Reading cycle")}
MOST_LETTERS = 20


@dataclass(frozen=True)
class ValueShown:
    """A register's value beside what was expected, as texts; empty: not known."""

    register: str
    value: str
    moved: str
    usual: str
    is_unlikely: bool


@dataclass(frozen=True)
class VisitShown:
    """A visit as its list shows it; `links` are (words, address) of what it belongs to."""

    row: VisitRow
    reader: str
    meter_number: str
    holder: Holder | None
    outcome: str
    values: list[ValueShown]
    links: list[tuple[str, str]]


@require_safe
def visits(request: Asked) -> HttpResponse:
    """List what readers met, the latest first; filter by book, reader, outcome and day."""
    by = at_desk(request)
    wanted = asked_for(request)
    sheet = sheet_of(request, visits_listed(by, wanted))
    page = {
        "sheet": sheet,
        "rows": shown_rows(by, list(sheet.rows), request.now),
        "wanted": wanted,
        "books": books_of_visits(by),
        "readers": readers_of_visits(by),
        "outcomes": OUTCOMES.items(),
        "is_filtered": wanted != VisitFilter(),
    }
    return render(request, "faces/console/visits/list.html", page)


@require_safe
def photo(request: Asked, visit_id: int) -> HttpResponse:
    """Show the photo of a visit to whoever may see the visit."""
    found = visit_of(at_desk(request), visit_id)
    if found is None or found.photo_sha256 is None:
        raise UnknownAddress(f"no photo of visit {visit_id}")
    return enclosed_file([(f"visit-{visit_id}", found.photo_sha256)], 0)


def asked_for(request: Asked) -> VisitFilter:
    """Read the filter of the address; what it cannot be is left out."""
    asked = {
        name: request.GET.get(name, "")[:MOST_LETTERS].replace("\0", "")
        for name in ("book", "reader", "outcome", "day")
    }
    reader = int(asked["reader"]) if asked["reader"].isdecimal() and len(asked["reader"]) < 10 else None
    outcome = asked["outcome"] if asked["outcome"] in OUTCOMES else ""
    return VisitFilter(asked["book"], reader, outcome, _day(asked["day"]))


def shown_rows(by: Actor, rows: list[VisitRow], now: datetime) -> list[VisitShown]:
    """Return visits with their people, values and links, row for row."""
    points, tasks = {row.usage_point_id for row in rows}, {row.task_id for row in rows}
    names = names_of({row.reader for row in rows})
    meters = meter_numbers(points, now)
    holders = holders_of_points(by, points, civil_day(now, zone()))
    values, details = values_read(by, tasks), task_details(tasks)
    return [
        VisitShown(
            row, names.get(row.reader, row.reader), meters.get(row.usage_point_id, ""),
            holders.get(row.usage_point_id), str(OUTCOMES.get(row.outcome, row.outcome)),
            [_value(each) for each in values.get(row.task_id, ())] if row.outcome == "read" else [],
            _links(row, details[row.task_id].get("reason", "")),
        )
        for row in rows
    ]  # fmt: skip


def _value(read: ReadValue) -> ValueShown:
    expected, moved = read.expected, read.moved
    is_unlikely = moved is not None and (
        moved < 0
        or (expected.most is not None and moved > expected.most)
        or (moved == 0 and bool(expected.usual))
    )
    return ValueShown(
        str(WORDS.get(read.register.name, read.register.name)), _text(read.digits, expected.decimals),
        _text(moved, expected.decimals), _text(expected.usual, expected.decimals), is_unlikely,
    )  # fmt: skip


def _text(digits: int | None, decimals: int) -> str:
    """Write register digits as the register shows them."""
    return "" if digits is None else f"{Decimal(digits).scaleb(-decimals):,}"


def _links(row: VisitRow, reason: str) -> list[tuple[str, str]]:
    kind = reason.partition(":")[0]
    found = [(str(ORDERED_BY.get(kind, kind)), link_to(reason))] if kind else []
    found.append((gettext("Findings"), link_to(f"usage_point:{row.code}")))
    found.append((gettext("Task"), link_to(f"task:{row.task_id}")))
    return [(words, href) for words, href in found if href]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


urlpatterns = [
    path("", visits, name="visits"),
    path("<int:visit_id>/photo/", photo, name="visit_photo"),
]
