"""The list of cases: open ones by their limit, closed ones the latest first."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mingdu.base.sheets import sheet_of
from mingdu.faces.console.door import at_desk
from mingdu.faces.console.limits import limit_words
from mingdu.faces.identity import Asked
from mingdu.service.case_lists import CaseFilter, cases_listed
from mingdu.service.operations import CaseKind

KINDS = [kind.value for kind in CaseKind]


@require_safe
def cases(request: Asked) -> HttpResponse:
    """List cases: open or closed, of one kind or all, one's own or all; late ones marked."""
    by, asked = at_desk(request), request.GET
    kind = asked.get("kind", "")
    wanted = CaseFilter(
        kind=kind if kind in KINDS else "",
        is_closed=asked.get("state") == "closed",
        is_mine=asked.get("whose") == "mine" and asked.get("state") != "closed",
        late_at=request.now if asked.get("late") else None,
    )
    sheet = sheet_of(request, cases_listed(by, wanted))
    page = {
        "sheet": sheet,
        "rows": [(row, limit_words(row.due_at, request.now)) for row in sheet.rows],
        "wanted": wanted,
        "kinds": KINDS,
        "late": cases_listed(by, CaseFilter(late_at=request.now)).count(),
        "open": cases_listed(by, CaseFilter()).count(),
    }
    return render(request, "faces/console/cases/list.html", page)
