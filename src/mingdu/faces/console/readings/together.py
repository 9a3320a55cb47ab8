"""Many findings explained at once, after a look at exactly which; and explanations taken back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from mingdu.base.permissions import require
from mingdu.base.sheets import ROWS
from mingdu.core.clock import civil_day
from mingdu.core.findings import Severity
from mingdu.faces.console.door import at_desk
from mingdu.faces.console.refusals import refusal
from mingdu.faces.identity import Asked
from mingdu.metering.operations import Explanation
from mingdu.metering.operations.together import explain_together
from mingdu.metering.operations.withdraw import ExplanationInUse, NothingToWithdraw, withdraw_explanations
from mingdu.metering.queries.review import findings_named
from mingdu.metering.zone import zone

from .forms import ExplanationForm
from .queue import EXPLAINED_KEY, shown_rows

# No number of a finding is longer.
MOST_DIGITS = 15


@require_http_methods(["GET", "POST"])
def explain(request: Asked) -> HttpResponse:
    """Show exactly which findings would be explained; with a reason and words, explain them."""
    by = at_desk(request)
    require(by, "metering.explain_finding")
    named = request.POST if request.method == "POST" else request.GET
    rows = findings_named(by, _numbers(named.getlist("row")))
    if not rows:
        messages.warning(request, _("No open finding was marked."))
        return redirect("console:readings")
    form = ExplanationForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        said = form.cleaned_data
        done = explain_together(
            [row.pk for row in rows],
            reason=Explanation(said["reason"]),
            note=said["note"],
            by=by,
            at=request.now,
        )
        request.session[EXPLAINED_KEY] = done
        messages.success(request, _("Explained findings: %(count)s.") % {"count": len(done)})
        return redirect("console:readings")
    page = {
        "rows": shown_rows(by, rows, civil_day(request.now, zone())),
        "form": form,
        "holds": sum(row.severity == Severity.HOLD for row in rows),
    }
    status = 422 if form.errors else 200
    return render(request, "faces/console/readings/together.html", page, status=status)


@require_POST
def withdraw(request: Asked) -> HttpResponse:
    """Take explanations back, all of one act or none."""
    by = at_desk(request)
    require(by, "metering.withdraw_explanation")
    numbers = _numbers(request.POST.getlist("row"))
    try:
        withdraw_explanations(numbers, by=by, at=request.now)
    except (ExplanationInUse, NothingToWithdraw) as error:
        messages.error(request, refusal(error))
    else:
        messages.success(
            request, _("Taken back: %(count)s findings are open again.") % {"count": len(numbers)}
        )
    return redirect("console:readings")


def _numbers(texts: list[str]) -> list[int]:
    """Read the numbers of marked rows; one sheet of them at most, what is none is left out."""
    return [int(text) for text in texts[:ROWS] if text.isdecimal() and len(text) <= MOST_DIGITS]
