"""The first page: what was used, what it costs so far, what is to pay; and the curve of one day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from mingdu.base.actors import Actor
from mingdu.base.charts import Chart
from mingdu.base.database import reading_connection
from mingdu.billing.due import due_day
from mingdu.billing.fingerprint import fingerprint_of_account
from mingdu.billing.queries import bills_of_account
from mingdu.billing.so_far import month_so_far
from mingdu.core.clock import civil_day
from mingdu.core.quality import ESTIMATED, Quality
from mingdu.core.registers import Register
from mingdu.customers.queries import AccountView, fingerprint_of_agreements
from mingdu.faces.customer.daily import DayUse, daily_use, latest_known, use_of_curve
from mingdu.faces.customer.drawings import curve_chart, days_chart, registers_shown
from mingdu.faces.customer.pages import choose_account, show
from mingdu.faces.energy import EnergyDay, energy_days
from mingdu.faces.identity import Asked, signed_in
from mingdu.faces.kept import kept
from mingdu.faces.problems import UnknownAddress
from mingdu.metering.queries import fingerprint_of_point
from mingdu.metering.zone import zone
from mingdu.money.queries import balance_fen

SPANS = (7, 30, 60)
USUAL_SPAN = 30
# The month so far may have begun so long ago, and is checked against the month before it.
DAYS_BEHIND = 31 * 3 + 1
# Curves are kept for so long that a day beyond cannot have one.
FIRST_DAY = date(2000, 1, 1)


@dataclass(frozen=True)
class Span:
    """
    Some days up to yesterday.

    sums        (register, energy [Wh]) of the days whose periods are known
    rest_wh     energy of the other days
    """

    days: int
    chart: Chart
    total_wh: int
    sums: list[tuple[Register, int]]
    rest_wh: int
    has_estimates: bool
    has_partial: bool


@require_safe
def home(request: Asked) -> HttpResponse:
    """Show an account's use with what it costs so far and what is to pay."""
    by = signed_in(request)
    chosen = choose_account(request)
    if chosen.account is None:
        return show(request, "no_account", "use", {})
    account = chosen.account
    yesterday = civil_day(request.now, zone()) - timedelta(days=1)
    asked = request.GET.get("days", "")
    span = int(asked) if asked in map(str, SPANS) else USUAL_SPAN
    made_from = (account, span, *_made_from(by, account, yesterday))
    use = kept(
        "use", made_from, lambda: render_to_string("faces/customer/use.html", _use(request, account, span))
    )
    return show(request, "home", "use", {"chosen": chosen, "account": account, "use": use})


def _made_from(by: Actor, account: AccountView, yesterday: date) -> tuple[object, ...]:
    """Return what the page's figures follow from: the day, what is stored, what is owed."""
    point = account.usage_point_id
    return (
        yesterday,
        balance_fen(by, account.id, account.unit_id),
        fingerprint_of_account(account.id),
        fingerprint_of_agreements(point),
        fingerprint_of_point(reading_connection(), point, yesterday - timedelta(days=DAYS_BEHIND), yesterday),
    )


def _use(request: Asked, account: AccountView, span: int) -> dict[str, Any]:
    by = signed_in(request)
    yesterday = civil_day(request.now, zone()) - timedelta(days=1)
    days = daily_use(account.usage_point_id, yesterday - timedelta(days=span - 1), yesterday)
    return {
        "account": account,
        "yesterday": yesterday,
        "today": yesterday + timedelta(days=1),
        "latest": latest_known(days),
        "so_far": month_so_far(by, account.id, now=request.now),
        "span": _span(days),
        "spans": SPANS,
        **_owed(request, by, account),
    }


@require_safe
def one_day(request: Asked, day: str) -> HttpResponse:
    """Show the curve of one day."""
    chosen = choose_account(request)
    asked = _day(request.GET.get("day") or day)
    yesterday = civil_day(request.now, zone()) - timedelta(days=1)
    if chosen.account is None or asked is None or not FIRST_DAY <= asked <= yesterday:
        raise UnknownAddress(f"no curve of {asked or 'such a day'}", most=f"{yesterday}")
    point = chosen.account.usage_point_id
    curve = energy_days(point, asked, asked)[0]
    page = {
        "chosen": chosen,
        "account": chosen.account,
        "day": asked,
        "before": asked - timedelta(days=1),
        "after": asked + timedelta(days=1) if asked < yesterday else None,
        "yesterday": yesterday,
        "use": daily_use(point, asked, asked)[0],
        "chart": curve_chart(curve) if use_of_curve(curve).total_wh is not None else None,
        "doubtful": _doubtful(curve),
    }
    return show(request, "day", "use", page)


def _owed(request: Asked, by: Actor, account: AccountView) -> dict[str, Any]:
    current = [bill for bill in bills_of_account(by, account.id) if bill.is_current]
    owed = balance_fen(by, account.id, account.unit_id)
    return {
        "balance_fen": owed,
        "credit_fen": max(0, -owed),
        "bill": current[-1] if current else None,
        "due_on": due_day(by, current[-1].id, now=request.now) if current and owed > 0 else None,
    }


def _span(days: list[DayUse]) -> Span:
    sums = [
        (register, sum(use.period_wh.get(register, 0) for use in days)) for register in registers_shown(days)
    ]
    return Span(
        len(days),
        days_chart(days),
        sum(use.total_wh or 0 for use in days),
        [(register, energy) for register, energy in sums if energy],
        sum(use.rest_wh or 0 for use in days),
        any(use.is_estimated for use in days),
        any(use.is_partial for use in days),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _doubtful(curve: EnergyDay) -> list[tuple[str, str, str]]:
    """Return (kind, from, to) of the hours that were estimated or have not come in."""
    kinds = [
        "estimated" if mark in ESTIMATED else "missing" if mark is Quality.MISSING else ""
        for mark in curve.quality
    ]
    found, place = [], 0
    for kind, run in groupby(kinds):
        length = len(list(run))
        if kind:
            begin, end = place * curve.interval_minutes, (place + length) * curve.interval_minutes
            found.append((kind, _clock(begin), _clock(end)))
        place += length
    return found


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
