"""The queue of findings that wait for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mingdu.base.actors import Actor
from mingdu.base.sheets import sheet_of
from mingdu.billing.uses import bill_of_day
from mingdu.core.clock import civil_day
from mingdu.core.findings import Rule
from mingdu.customers.search import Holder, holders_of_points
from mingdu.faces.console.door import at_desk, may
from mingdu.faces.identity import Asked
from mingdu.metering.queries.review import (
    DayEnergy,
    ReviewFilter,
    ReviewRow,
    areas_seen,
    day_energies,
    findings_seen,
    findings_to_review,
)
from mingdu.metering.zone import zone

from .shown import Deviation, deviation_shown, figure_words, severity_shown, span_words

# The findings that were explained a moment ago, in the session, for the one click that takes it back.
EXPLAINED_KEY = "explained_findings"
MOST_LETTERS = 20


@dataclass(frozen=True)
class QueueRow:
    """A finding as the queue shows it."""

    row: ReviewRow
    holder: Holder | None
    severity: str
    tone: str
    figure: str
    span: str
    energy: DayEnergy
    deviation: Deviation | None


@require_safe
def readings(request: Asked) -> HttpResponse:
    """List open findings, those that hold a bill first; filter by rule, day, area and point."""
    by = at_desk(request)
    wanted = asked_for(request)
    sheet = sheet_of(request, findings_to_review(by, wanted))
    explained = findings_seen(by, request.session.pop(EXPLAINED_KEY, []))
    bills = {row.pk: bill_of_day(row.usage_point_id, row.day) for row in explained}
    page = {
        "sheet": sheet,
        "rows": shown_rows(by, list(sheet.rows), civil_day(request.now, zone())),
        "wanted": wanted,
        "rules": [rule.name for rule in Rule],
        "areas": areas_seen(by),
        "may_explain": may(by, "metering.explain_finding"),
        "explained": [row.pk for row in explained if bills[row.pk] is None],
        "billed": [(row, bill) for row in explained if (bill := bills[row.pk])],
        "may_see_bills": may(by, "billing.read"),
        "back": request.GET.urlencode(),
    }
    return render(request, "faces/console/readings/queue.html", page)


def asked_for(request: Asked) -> ReviewFilter:
    """Read the filter of the address; what it cannot be is left out."""
    asked = {
        name: request.GET.get(name, "")[:MOST_LETTERS].replace("\0", "")
        for name in ("rule", "day", "area", "point")
    }
    rule = asked["rule"] if asked["rule"] in Rule.__members__ else ""
    return ReviewFilter(rule, _day(asked["day"]), asked["area"], asked["point"])


def shown_rows(by: Actor, rows: list[ReviewRow], today: date) -> list[QueueRow]:
    """Return findings with holder, energy and deviation, row for row."""
    holders = holders_of_points(by, {row.usage_point_id for row in rows}, today)
    energies = day_energies([(row.usage_point_id, row.day) for row in rows])
    return [
        QueueRow(
            row, holders.get(row.usage_point_id), *severity_shown(row.severity), figure_words(row),
            span_words(row), energy, deviation_shown(energy),
        )
        for row, energy in zip(rows, energies, strict=True)
    ]  # fmt: skip


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
