"""Bill runs at the desk: rehearse, look through, approve, issue; every act says before what it will do."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from mingdu.base.actors import Actor
from mingdu.base.permissions import require
from mingdu.base.queries import names_of
from mingdu.base.sheets import sheet_of
from mingdu.billing.operations import (
    UnknownBook,
    approve_run,
    issue_run,
    rehearse,
)
from mingdu.billing.period import BadPeriod, PeriodNotOver
from mingdu.billing.queries import RunView, run_status
from mingdu.billing.run_checks import (
    approved_hash,
    held_rows,
    largest_changes,
    numbers_of,
    run_numbers,
    run_totals,
    zero_bills,
)
from mingdu.core.clock import civil_day
from mingdu.faces.identity import Asked
from mingdu.metering.zone import zone
from mingdu.rounds.queries import book_codes

from .door import at_desk, is_part, may
from .held import held_shown
from .refusals import is_done, refusal

# While a run is in one of these states its figures still change.
WORKING = frozenset({"rehearsing", "issuing"})


class RehearsalForm(forms.Form):
    """Which month, and which book."""

    period = forms.CharField(
        label=gettext_lazy("Month"), max_length=7, widget=forms.TextInput({"type": "month"}),
        help_text=gettext_lazy("A month that is over, like 2026-12."),
    )  # fmt: skip
    book = forms.ChoiceField(label=gettext_lazy("Book"), required=False)

    def __init__(self, data: Any = None, *, period: str = "") -> None:
        """Offer all books; `period` stands in the field at first."""
        super().__init__(data, initial={"period": period})
        books = [("", _("All books")), *((code, code) for code in book_codes())]
        self.fields["book"] = forms.ChoiceField(label=gettext_lazy("Book"), required=False, choices=books)


@require_safe
def runs(request: Asked) -> HttpResponse:
    """List bill runs with their figures, the newest first."""
    by = at_desk(request)
    sheet = sheet_of(request, run_numbers(by))
    rows = [run_status(by, number) for number in sheet.rows]
    page = {"sheet": sheet, "rows": rows, "may_rehearse": may(by, "billing.rehearse")}
    return render(request, "faces/console/runs/list.html", page)


@require_http_methods(["GET", "POST"])
def new_run(request: Asked) -> HttpResponse:
    """Ask for month and book, and start the rehearsal."""
    by = at_desk(request)
    require(by, "billing.rehearse")
    month_before = civil_day(request.now, zone()).replace(day=1) - timedelta(days=1)
    form = RehearsalForm(request.POST or None, period=f"{month_before:%Y-%m}")
    if form.is_valid():
        said = form.cleaned_data
        try:
            run = rehearse(said["period"], said["book"], by=by, at=request.now)
        except (BadPeriod, PeriodNotOver, UnknownBook) as error:
            form.add_error("period", refusal(error))
        else:
            messages.success(request, _("The rehearsal has started. You may leave this page."))
            return redirect("console:run", run.pk)
    status = 422 if form.errors else 200
    return render(request, "faces/console/runs/new.html", {"form": form}, status=status)


@require_safe
def run(request: Asked, run_id: int) -> HttpResponse:
    """Show one run: how far it is, and when it is done what has to be looked at."""
    by = at_desk(request)
    view = run_status(by, run_id)
    page = _head(by, view)
    if view.done == view.buckets:
        page |= {
            "totals": run_totals(by, run_id),
            "risen": largest_changes(by, run_id, is_rise=True),
            "fallen": largest_changes(by, run_id, is_rise=False),
            "zero": zero_bills(by, run_id),
        }
    page["held_checks"] = sorted(view.held_by_check.items(), key=lambda pair: -pair[1])
    return render(request, "faces/console/runs/run.html", page)


@require_safe
def progress(request: Asked, run_id: int) -> HttpResponse:
    """Show how far a run is, as a part of its page; once it is done the whole page is asked for anew."""
    by = at_desk(request)
    view = run_status(by, run_id)
    if not is_part(request):
        return redirect("console:run", run_id)
    answer = render(request, "faces/console/runs/progress.html", _head(by, view))
    if view.state not in WORKING:
        answer["HX-Refresh"] = "true"
    return answer


@require_safe
def held(request: Asked, run_id: int) -> HttpResponse:
    """List what a run held back, with the check's figures in words."""
    by = at_desk(request)
    view = run_status(by, run_id)
    sheet = sheet_of(request, held_rows(by, run_id))
    numbers = numbers_of({row.account_id for row in sheet.rows})
    rows = [held_shown(row, numbers[row.account_id]) for row in sheet.rows]
    return render(request, "faces/console/runs/held.html", {"run": view, "sheet": sheet, "rows": rows})


@require_http_methods(["GET", "POST"])
def approve(request: Asked, run_id: int) -> HttpResponse:
    """Say what an approval does, and approve."""
    by = at_desk(request)
    require(by, "billing.approve")
    if request.method == "POST":
        act = partial(approve_run, run_id, by=by, at=request.now)
        is_done(request, act, _("The run is approved. It can be issued now."))
        return redirect("console:run", run_id)
    return render(request, "faces/console/runs/approve.html", _act(by, run_id))


@require_http_methods(["GET", "POST"])
def issue(request: Asked, run_id: int) -> HttpResponse:
    """Say what the issue does, and issue."""
    by = at_desk(request)
    require(by, "billing.issue")
    if request.method == "POST":
        act = partial(issue_run, run_id, by=by, at=request.now)
        is_done(request, act, _("The bills are being issued. You may leave this page."))
        return redirect("console:run", run_id)
    return render(request, "faces/console/runs/issue.html", _act(by, run_id))


def _head(by: Actor, view: RunView) -> dict[str, Any]:
    names = names_of({view.proposed_by, view.approved_by})
    is_own = view.proposed_by == by.id
    return {
        "run": view,
        "is_working": view.state in WORKING,
        "proposed_by": names.get(view.proposed_by, view.proposed_by),
        "approved_by": names.get(view.approved_by, view.approved_by),
        "inputs_hash": approved_hash(by, view.id),
        "may_approve": view.state == "rehearsed" and not is_own and may(by, "billing.approve"),
        "waits_for_other": view.state == "rehearsed" and is_own,
        "may_issue": view.state == "approved" and may(by, "billing.issue"),
    }


def _act(by: Actor, run_id: int) -> dict[str, Any]:
    view = run_status(by, run_id)
    return _head(by, view) | {"totals": run_totals(by, run_id), "is_own": view.proposed_by == by.id}


urlpatterns = [
    path("", runs, name="runs"),
    path("new/", new_run, name="new_run"),
    path("<int:run_id>/", run, name="run"),
    path("<int:run_id>/progress/", progress, name="run_progress"),
    path("<int:run_id>/held/", held, name="run_held"),
    path("<int:run_id>/approve/", approve, name="approve_run"),
    path("<int:run_id>/issue/", issue, name="issue_run"),
]
