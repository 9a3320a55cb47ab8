"""The round of a reading cycle (抄表派工): looked at before it is sent, sent, and looked after."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from mingdu.base.actors import Actor
from mingdu.base.permissions import require
from mingdu.faces.identity import Asked
from mingdu.metering.queries.facts import point_codes, point_facts
from mingdu.rounds.operations import UnknownCycle, refresh_round, send_round
from mingdu.rounds.queries import CycleView, cycle
from mingdu.rounds.round_plan import PlannedStop, RoundChoice, RoundPlan, readers_for, round_plan

from .door import at_desk
from .refusals import is_done

MISSING, BY_HAND = "missing", "by_hand"
# Of the stops so many are named before they are sent.
MOST_STOPS = 50


class RoundForm(forms.Form):
    """Where to, and who."""

    scope = forms.ChoiceField(
        label=gettext_lazy("Which points"), initial=MISSING,
        widget=forms.RadioSelect({"class": "radio radio-primary"}),
        choices=[
            (MISSING, gettext_lazy("those that lack a reading")),
            (BY_HAND, gettext_lazy("all points: the book is read by hand")),
        ],
    )  # fmt: skip
    readers = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Who walks this book"), coerce=int, required=False,
        widget=forms.CheckboxSelectMultiple({"class": "checkbox"}),
        help_text=gettext_lazy(
            "Each gets one stretch of the walk. They stay the readers of this book; without a mark it is "
            "whoever reads there."
        ),
    )  # fmt: skip

    def __init__(self, people: list[tuple[int, str]], data: Any) -> None:
        """Offer the readers of the book's unit."""
        super().__init__(data)
        readers = self.fields["readers"]
        assert isinstance(readers, forms.TypedMultipleChoiceField)
        readers.choices = people

    @property
    def choice(self) -> RoundChoice:
        """What was chosen."""
        said = self.cleaned_data
        return RoundChoice(said["scope"] == BY_HAND, tuple(said["readers"]))


@dataclass(frozen=True)
class Stretch:
    """One reader's part of the walk, from one place of the list to another; no name: whoever reads there."""

    name: str
    stops: int
    first: int
    last: int


@require_http_methods(["GET", "POST"])
def cycle_round(request: Asked, run_id: int) -> HttpResponse:
    """Show what sending would do, and send."""
    by = at_desk(request)
    require(by, "rounds.send_round")
    found, people = _cycle(by, run_id), readers_for(by, run_id)
    form = RoundForm(people, _asked(request, by, run_id))
    choice = form.choice if form.is_valid() else RoundChoice()
    if request.method == "POST" and not form.errors:
        act = partial(send_round, run_id, choice, by=by, at=request.now)
        if is_done(request, act, _("The readers are sent; the stops are on their routes."), form):
            return redirect("console:cycle", run_id)
    plan = _plan(by, run_id, choice)
    page = {
        "cycle": found,
        "form": form,
        "plan": plan,
        "stretches": _stretches(plan.stops, dict(people)),
        "stops": _named(plan.stops[:MOST_STOPS]),
        "most": MOST_STOPS,
    }
    return render(request, "faces/console/cycles/round.html", page, status=422 if form.errors else 200)


@require_POST
def refresh(request: Asked, run_id: int) -> HttpResponse:
    """End the stops whose readings have arrived meanwhile, and say how many."""
    by = at_desk(request)
    ended = refresh_round(run_id, by=by, at=request.now)
    words = _("Readings came by themselves, stops ended: %(count)s.")
    nothing = _("No reading came by itself since the last look.")
    messages.success(request, words % {"count": ended} if ended else nothing)
    return redirect("console:cycle", run_id)


def _asked(request: Asked, by: Actor, run_id: int) -> Any:
    """Return what was typed; without anything, what lacks a reading and the readers of the book."""
    if request.method == "POST":
        return request.POST
    if "scope" in request.GET:
        return request.GET
    return {"scope": MISSING, "readers": list(_plan(by, run_id, RoundChoice()).reader_ids)}


def _cycle(by: Actor, run_id: int) -> CycleView:
    found = cycle(by, run_id)
    if found is None:
        raise UnknownCycle(f"no reading cycle {run_id}", run=run_id)
    return found


def _plan(by: Actor, run_id: int, choice: RoundChoice) -> RoundPlan:
    plan = round_plan(by, run_id, choice)
    if plan is None:
        raise UnknownCycle(f"no reading cycle {run_id}", run=run_id)
    return plan


def _stretches(stops: tuple[PlannedStop, ...], names: dict[int, str]) -> list[Stretch]:
    parts: dict[int | None, list[int]] = {}
    for stop in stops:
        parts.setdefault(stop.reader_id, []).append(stop.place)
    return [
        Stretch(names.get(reader or 0, ""), len(places), places[0], places[-1])
        for reader, places in parts.items()
    ]


def _named(stops: tuple[PlannedStop, ...]) -> list[tuple[PlannedStop, str, str]]:
    """Return (stop, code, address) row for row."""
    facts = {each.id: each for each in point_facts(point_codes(s.usage_point_id for s in stops)).values()}
    return [(stop, facts[stop.usage_point_id].code, facts[stop.usage_point_id].address) for stop in stops]


urlpatterns = [
    path("<int:run_id>/round/", cycle_round, name="cycle_round"),
    path("<int:run_id>/round/refresh/", refresh, name="refresh_round"),
]
