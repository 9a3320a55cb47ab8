"""Lists of payment orders and of notices, and one notice as it came."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mingdu.base.database import reading_connection
from mingdu.base.permissions import require
from mingdu.base.sheets import sheet_of
from mingdu.customers.queries import places_of_accounts
from mingdu.faces.console.door import at_desk, may
from mingdu.faces.identity import Asked
from mingdu.money.merchant import merchant
from mingdu.money.queries.desk import (
    VERB,
    doubtful_count,
    evidence_of,
    notices_listed,
    orders_listed,
    refusals_today,
)

from .forms import NoticeFilterForm, OrderFilterForm
from .shown import came_by_shown, state_shown, verdict_shown


@require_safe
def payments(request: Asked) -> HttpResponse:
    """List payment orders, the newest first; filter by state, account and day."""
    by = at_desk(request)
    require(by, VERB)
    form = OrderFilterForm(request.GET)
    sheet = sheet_of(request, orders_listed(by, form.wanted(by), now=request.now))
    places = places_of_accounts(reading_connection(), {row.account_id for row in sheet.rows})
    page = {
        "form": form,
        "sheet": sheet,
        "rows": [(row, places[row.account_id].account_number, state_shown(row.state)) for row in sheet.rows],
        "doubtful": doubtful_count(by, now=request.now),
        "may_read_bills": may(by, "billing.read"),
    }
    return render(request, "faces/console/payments/orders.html", page)


@require_safe
def notices(request: Asked) -> HttpResponse:
    """List what came in as the gateway's word, genuine or not, the newest first."""
    by = at_desk(request)
    require(by, VERB)
    form = NoticeFilterForm(request.GET)
    sheet = sheet_of(request, notices_listed(by, form.wanted(by)))
    refused = refusals_today(by, now=request.now)
    page = {
        "form": form,
        "sheet": sheet,
        "rows": [(row, verdict_shown(row.verdict), came_by_shown(row)) for row in sheet.rows],
        "refused": [(verdict_shown(verdict), total) for verdict, total in refused.items()],
    }
    return render(request, "faces/console/payments/notices.html", page)


@require_safe
def notice(request: Asked, notice_id: int) -> HttpResponse:
    """Show one notice as it came."""
    evidence = evidence_of(at_desk(request), notice_id, merchant().number)
    page = {
        "evidence": evidence,
        "verdict": verdict_shown(evidence.row.verdict),
        "came_by": came_by_shown(evidence.row),
    }
    return render(request, "faces/console/payments/notice.html", page)
