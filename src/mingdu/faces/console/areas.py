"""Balances of areas (台区线损): the areas of a month, one area's days; suspects for inspectors alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from mingdu.base.actors import Actor
from mingdu.base.charts import Bar, Chart, Words, bar_chart
from mingdu.base.permissions import scope
from mingdu.base.sheets import sheet_of
from mingdu.core.area_balance import Verdict
from mingdu.core.bill import thousandths_text
from mingdu.core.clock import civil_day
from mingdu.faces.identity import Asked
from mingdu.faces.problems import UnknownAddress
from mingdu.metering.queries.balances import (
    SUSPECTS,
    AreaMonth,
    BalancedDay,
    Suspect,
    area_days,
    area_months,
    suspects_of,
)
from mingdu.metering.zone import zone
from mingdu.rulebook.area_balance import balance_rules

from .door import at_desk

MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")
A_MONTH_LATER = timedelta(days=32)
PPM_A_PERCENT_HUNDREDTH = 100
SIGNS = {
    Verdict.NOT_ALIGNED: "plain",
    Verdict.WITHIN: "good",
    Verdict.ABOVE: "bad",
    Verdict.BELOW: "warn",
}


@dataclass(frozen=True)
class Month:
    """A month of the address, with its neighbours; `last` is its latest day that is over."""

    first: date
    last: date
    before: str
    after: str

    @property
    def name(self) -> str:
        """The month as the address has it."""
        return f"{self.first:%Y-%m}"


@dataclass(frozen=True)
class AreaShown:
    """An area's month as texts."""

    row: AreaMonth
    loss: str
    expected: str
    tone: str


@require_safe
def areas(request: Asked) -> HttpResponse:
    """List the areas of a month, the largest share lost first."""
    by, month = at_desk(request), _month(request)
    sheet = sheet_of(request, area_months(by, month.first, month.last))
    page = {
        "month": month,
        "sheet": sheet,
        "rows": [_shown(row) for row in sheet.rows],
        "rules": balance_rules(),
    }
    return render(request, "faces/console/areas/list.html", page)


@require_safe
def area(request: Asked, code: str) -> HttpResponse:
    """Show one area's days, and to inspectors the points that may explain what was lost."""
    by, month = at_desk(request), _month(request)
    days = area_days(by, code, month.first, month.last)
    months = [row for row in area_months(by, month.first, month.last) if row.code == code]
    if not months:
        raise UnknownAddress(f"no balance of area {code} in {month.name}", area=code, month=month.name)
    page = {
        "month": month,
        "area": _shown(months[0]),
        "days": [(day, percent(_share(day)), SIGNS[day.verdict], verdict_words(day)) for day in days],
        "chart": _chart(days),
        "rules": balance_rules(),
        "may_suspect": may_suspect(by),
        "suspects": _suspects(by, code, month.last),
    }
    return render(request, "faces/console/areas/area.html", page)


def may_suspect(by: Actor) -> bool:
    """Tell whether the person is an inspector somewhere; others do not even see that there are suspects."""
    units = scope(by, SUSPECTS).unit_ids
    return units is None or bool(units)


def percent(ppm: int | None) -> str:
    """Write parts of a million as percent with two decimals."""
    if ppm is None:
        return "–"
    hundredths = abs(ppm) // PPM_A_PERCENT_HUNDREDTH
    return f"{'-' if ppm < 0 else ''}{hundredths // 100}.{hundredths % 100:02d} %"


def verdict_words(day: BalancedDay) -> str:
    """Say what a day's loss means."""
    words = {
        Verdict.NOT_ALIGNED: _("not aligned"),
        Verdict.WITHIN: _("as expected"),
        Verdict.ABOVE: _("too much lost"),
        Verdict.BELOW: _("too little lost"),
    }
    if day.missing:
        return _("%(points)s points not read") % {"points": day.missing}
    if not day.is_supplied:
        return _("check meter not read")
    return words[day.verdict]


def _suspects(by: Actor, code: str, last: date) -> list[tuple[Suspect, str]]:
    if not may_suspect(by):
        return []
    return [(each, percent(max(each.drop_ppm, each.use_ppm))) for each in suspects_of(by, code, last)]


def _shown(row: AreaMonth) -> AreaShown:
    tone = "bad" if row.above else "warn" if row.below else "good" if row.days > row.not_aligned else "plain"
    return AreaShown(row, percent(row.loss_ppm), percent(row.technical_ppm), tone)


def _share(day: BalancedDay) -> int | None:
    aligned = day.verdict is not Verdict.NOT_ALIGNED and day.sold_wh > 0
    return day.loss_wh * 1_000_000 // day.sold_wh if aligned else None


def _chart(days: list[BalancedDay]) -> Chart | None:
    """Draw what was expected and what came beyond it; a day that is not aligned has no bar."""
    bars = [Bar(f"{day.day:%m-%d}", _parts(day)) for day in days]
    if not bars:
        return None
    names = (_("expected"), _("beyond it"))
    return bar_chart(bars, Words(_("Loss by day"), _("Day"), names, "kWh", thousandths_text))


def _parts(day: BalancedDay) -> tuple[int | None, int | None]:
    if day.verdict is Verdict.NOT_ALIGNED:
        return None, None
    return max(min(day.loss_wh, day.technical_wh), 0), max(day.loss_wh - day.technical_wh, 0)


def _month(request: Asked) -> Month:
    """Read the month of the address; without one, that of yesterday."""
    yesterday = civil_day(request.now, zone()) - timedelta(days=1)
    asked = request.GET.get("month", "")
    first = date.fromisoformat(f"{asked}-01") if MONTH.fullmatch(asked) else yesterday.replace(day=1)
    following = (first + A_MONTH_LATER).replace(day=1)
    before = (first - timedelta(days=1)).replace(day=1)
    after = f"{following:%Y-%m}" if following <= yesterday else ""
    return Month(first, min(following - timedelta(days=1), yesterday), f"{before:%Y-%m}", after)


urlpatterns = [
    path("", areas, name="areas"),
    path("<str:code>/", area, name="area"),
]
