"""The callback desk (回访): whom to call, the call itself, what the scores say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from mingdu.base.actors import Actor
from mingdu.base.charts import Bar, Words, bar_chart
from mingdu.base.permissions import require
from mingdu.base.queries import names_of
from mingdu.base.sheets import sheet_of
from mingdu.customers.contacts import masked_contacts, reveal_contact
from mingdu.customers.queries import account_for
from mingdu.faces.identity import Asked
from mingdu.faces.templatetags.spans import span
from mingdu.faces.words import WORDS
from mingdu.satisfaction.desk import SCORES, call_to_make, calls_to_make, scores_of
from mingdu.satisfaction.operations import (
    AlreadyReached,
    BadScore,
    CallOutcome,
    CallResult,
    CustomerRefused,
    NextTryUnfit,
    record_result,
)
from mingdu.satisfaction.queries import ENDS, board
from mingdu.service.case_desk import case_desk
from mingdu.service.queries import case_by_number

from .cases.story import story_told
from .door import at_desk, may, not_kept
from .limits import limit_words
from .refusals import refusal

# A customer who was not reached is tried again after so long, unless the agent says otherwise.
USUAL_WAIT = timedelta(hours=4)
CLOCK = "%Y-%m-%dT%H:%M"


class ResultForm(forms.Form):
    """What a call brought."""

    outcome = forms.ChoiceField(
        label=gettext_lazy("Was the customer reached?"), widget=forms.RadioSelect,
        choices=[(outcome.value, WORDS[outcome.value]) for outcome in CallOutcome],
    )  # fmt: skip
    score = forms.TypedChoiceField(
        label=gettext_lazy("Score, 5 is best"), required=False, coerce=int, empty_value=None,
        choices=[("", gettext_lazy("none")), *((score, str(score)) for score in reversed(SCORES))],
        help_text=gettext_lazy("Only of a customer who was reached."),
    )  # fmt: skip
    words = forms.CharField(
        label=gettext_lazy("His words"), max_length=2000, required=False, widget=forms.Textarea({"rows": 3})
    )
    next_at = forms.DateTimeField(
        label=gettext_lazy("Next try"), required=False, input_formats=[CLOCK],
        widget=forms.DateTimeInput({"type": "datetime-local"}, format=CLOCK),
        help_text=gettext_lazy("Only of a customer who was not reached."),
    )  # fmt: skip


@require_safe
def callbacks(request: Asked) -> HttpResponse:
    """List the calls to make, those first that may be tried now, by priority and limit."""
    calls = calls_to_make(at_desk(request), request.now)
    sheet = sheet_of(request, calls)
    page = {
        "sheet": sheet,
        "rows": [(call, limit_words(call.view.due_at, request.now)) for call in sheet.rows],
        "now": request.now,
        "late": sum(call.view.due_at < request.now for call in calls),
    }
    return render(request, "faces/console/callbacks/list.html", page)


@require_safe
def callback(request: Asked, callback_id: int) -> HttpResponse:
    """Show a call with its customer, its case and what was done."""
    return _call_page(request, at_desk(request), callback_id)


@require_POST
def reveal(request: Asked, callback_id: int, contact_id: int) -> HttpResponse:
    """Show the customer's phone number in full; the audit keeps who asked."""
    by = at_desk(request)
    call, _tries = call_to_make(by, callback_id, request.now)
    value = reveal_contact(call.view.account_number, contact_id, by=by, at=request.now)
    return _call_page(request, by, callback_id, revealed=(contact_id, value))


@require_POST
def result(request: Asked, callback_id: int) -> HttpResponse:
    """Write down what a call brought."""
    by = at_desk(request)
    require(by, "satisfaction.record")
    form = ResultForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        brought = CallResult(CallOutcome(said["outcome"]), said["score"], said["words"], said["next_at"])
        try:
            record_result(callback_id, brought, by=by, at=request.now)
        except BadScore as error:
            form.add_error("score", refusal(error))
        except NextTryUnfit as error:
            form.add_error("next_at", refusal(error))
        except (AlreadyReached, CustomerRefused) as error:
            form.add_error(None, refusal(error))
        else:
            messages.success(request, _("The call is written down."))
            return redirect("console:callbacks")
    return _call_page(request, by, callback_id, form=form)


@require_safe
def scores(request: Asked) -> HttpResponse:
    """Show the times and scores of closed cases, as a chart and as a table."""
    rows = board(at_desk(request), most=500)
    counted = scores_of(rows)
    bars = [Bar(str(score), (count,)) for score, count in zip(SCORES, counted.counts, strict=True)]
    words = Words(_("Customers by score"), _("Score"), (_("customers"),), _("customers"), str, every=1)
    sheet = sheet_of(request, rows)
    page = {
        "sheet": sheet,
        "rows": [(row, span(timedelta(seconds=row.seconds_open))) for row in sheet.rows],
        "scores": counted,
        "mean": "–"
        if counted.mean_tenths is None
        else f"{counted.mean_tenths // 10}.{counted.mean_tenths % 10}",
        "median": "–" if counted.median_seconds is None else span(timedelta(seconds=counted.median_seconds)),
        "chart": bar_chart(bars, words) if any(counted.counts) else None,
        "reached": sum(counted.counts),
    }
    return render(request, "faces/console/callbacks/scores.html", page)


def _call_page(
    request: Asked,
    by: Actor,
    callback_id: int,
    *,
    form: ResultForm | None = None,
    revealed: tuple[int, str] | None = None,
) -> HttpResponse:
    call, tries = call_to_make(by, callback_id, request.now)
    account = account_for(by, call.view.account_number, "customers.read", now=request.now)
    is_open = call.view.outcome not in ENDS
    names = names_of({each.by for each in tries})
    page = {
        "call": call,
        "tries": [(each, names.get(each.by, each.by)) for each in tries[::-1]],
        "account": account,
        "limit": limit_words(call.view.due_at, request.now) if is_open else None,
        "contacts": masked_contacts(by, account.account_number, now=request.now),
        "may_reveal": may(by, "customers.reveal_contact"),
        "revealed": revealed,
        "form": form or (_fresh(request) if is_open and may(by, "satisfaction.record") else None),
        **_case(request, by, call.view.case_number),
    }
    status = 422 if form and form.errors else 200
    return not_kept(render(request, "faces/console/callbacks/call.html", page, status=status))


def _case(request: Asked, by: Actor, number: str) -> dict[str, Any]:
    if not number:
        return {}
    found = case_by_number(by, number, now=request.now)
    return {"case": found, "story": story_told(found), "on_closing": case_desk(by, found.id).last_words}


def _fresh(request: Asked) -> ResultForm:
    again = (request.now + USUAL_WAIT).astimezone(settings.ZONE)
    form = ResultForm()
    form.fields["next_at"].help_text = _(
        "Only of a customer who was not reached; about %(time)s is usual."
    ) % {"time": f"{again:%m-%d %H:%M}"}
    return form


urlpatterns = [
    path("", callbacks, name="callbacks"),
    path("scores/", scores, name="scores"),
    path("<int:callback_id>/", callback, name="callback"),
    path("<int:callback_id>/result/", result, name="callback_result"),
    path("<int:callback_id>/contact/<int:contact_id>/", reveal, name="reveal_callback_contact"),
]
