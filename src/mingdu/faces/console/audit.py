"""The audit at the desk (审计): who did what to what, when; found by person, act, thing and time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from mingdu.base.actors import Actor
from mingdu.base.audit_search import AuditFilter, acts_found
from mingdu.base.links import link_to
from mingdu.base.queries import names_of
from mingdu.base.sheets import sheet_of
from mingdu.faces.act_words import act_words, thing_words
from mingdu.faces.identity import Asked

from .cases.story import person_shown
from .door import at_desk, may


class FilterForm(forms.Form):
    """What is looked for; an empty field leaves its question out."""

    person = forms.CharField(label=gettext_lazy("Person"), max_length=60, required=False)
    verb = forms.CharField(label=gettext_lazy("Act"), max_length=60, required=False)
    target = forms.CharField(label=gettext_lazy("Thing"), max_length=120, required=False)
    first = forms.DateField(
        label=gettext_lazy("From"), required=False, widget=forms.DateInput({"type": "date"})
    )
    last = forms.DateField(label=gettext_lazy("To"), required=False, widget=forms.DateInput({"type": "date"}))


@dataclass(frozen=True)
class Act:
    """
    An act in words, beside the codes by which it is found.

    href  the page of the thing; empty without one
    """

    at: datetime
    by: str
    who: str
    verb: str
    words: str
    target: str
    thing: str
    href: str
    details: str


@require_safe
def audit(request: Asked) -> HttpResponse:
    """List the acts that fit, the newest first."""
    by = at_desk(request)
    form = FilterForm(request.GET)
    # A field that does not fit says so; the others filter all the same.
    form.is_valid()
    sheet = sheet_of(request, acts_found(by, _wanted(form)))
    names = names_of({actor for row in sheet.rows for actor in (row.by, row.target)})
    page = {
        "form": form,
        "sheet": sheet,
        "rows": [
            Act(
                row.at,
                row.by,
                person_shown(row.by, names),
                row.verb,
                act_words(row.verb),
                row.target,
                _thing(row.target, names),
                _page_of(by, row.target),
                _details(row.details),
            )
            for row in sheet.rows
        ],
    }
    return render(request, "faces/console/audit/list.html", page)


def _wanted(form: FilterForm) -> AuditFilter:
    said = form.cleaned_data
    first, last = said.get("first"), said.get("last")
    return AuditFilter(
        said.get("person", ""), said.get("verb", ""), said.get("target", ""),
        _midnight(first) if first else None,
        _midnight(last + timedelta(days=1)) if last else None,
    )  # fmt: skip


def _thing(target: str, names: dict[str, str]) -> str:
    """Name a person; say every other thing with its number."""
    return names.get(target) or thing_words(target)


def _page_of(by: Actor, target: str) -> str:
    # People have a page for administrators alone.
    is_shut = target.startswith("person:") and not may(by, "base.administer")
    return "" if is_shut else link_to(target)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), settings.ZONE).astimezone(UTC)


def _details(details: dict[str, object]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in details.items())


urlpatterns = [path("", audit, name="audit")]
