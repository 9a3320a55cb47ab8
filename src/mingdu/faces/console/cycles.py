"""Reading cycles (抄表流程): which book is at which step, how long it took, what a colleague does next."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mingdu.base.actors import Actor
from mingdu.base.permissions import require
from mingdu.base.queries import names_of
from mingdu.base.sheets import sheet_of
from mingdu.core.clock import civil_day
from mingdu.faces.identity import Asked
from mingdu.metering.zone import zone
from mingdu.rounds.operations import READ_STEP, start_cycle
from mingdu.rounds.operations.cycles import MonthAhead
from mingdu.rounds.queries import CycleView, books, cycle
from mingdu.rounds.round_progress import round_progress
from mingdu.work.processes import (
    UnknownStep,
    assign_step,
    finish_step,
    return_step,
)
from mingdu.work.queries import StepView, process_steps, running_processes
from mingdu.work.step_times import StepTime, step_times
from mingdu.work.task_lists import people_for, task_listed

from .door import at_desk, may
from .limits import limit_words
from .refusals import is_done, refusal
from .tasks import AssignmentForm

READING_CYCLE = "reading-cycle"
# Of a frozen list so many points are named.
MOST_POINTS = 50


class StartForm(forms.Form):
    """Which book, which month."""

    book = forms.ChoiceField(label=gettext_lazy("Book"))
    period = forms.CharField(
        label=gettext_lazy("Month"), max_length=7, widget=forms.TextInput({"type": "month"}),
        help_text=gettext_lazy("A month that has begun, like 2026-12."),
    )  # fmt: skip

    def __init__(self, by: Actor, data: Any = None, *, period: str = "") -> None:
        """Offer the books of the actor's units."""
        super().__init__(data, initial={"period": period})
        choices = [(book.book, f"{book.book} · {book.name}") for book in books(by)]
        self.fields["book"] = forms.ChoiceField(label=gettext_lazy("Book"), choices=choices)

    def clean_period(self) -> date:
        """Return the month's first day."""
        try:
            return date.fromisoformat(f"{self.cleaned_data['period']}-01")
        except ValueError:
            raise forms.ValidationError(_("Write the month like 2026-12.")) from None


class FinishForm(forms.Form):
    """A word on a step that is done."""

    note = forms.CharField(
        label=gettext_lazy("A word for the next colleague"), max_length=2000, required=False,
        widget=forms.Textarea({"rows": 2}),
    )  # fmt: skip


class ReturnForm(forms.Form):
    """Why a step is sent back."""

    reason = forms.CharField(
        label=gettext_lazy("What has to be done again"), max_length=2000, widget=forms.Textarea({"rows": 2})
    )


@require_safe
def cycles(request: Asked) -> HttpResponse:
    """List the running cycles, the earliest limit of the open step first."""
    by = at_desk(request)
    require(by, "rounds.read_cycle")
    sheet = sheet_of(request, running_processes(by, definition=READING_CYCLE, most=500))
    names = names_of({f"person:{run.assigned_to}" for run in sheet.rows if run.assigned_to})
    rows = [
        (
            run, cycle(by, run.id), limit_words(run.due_at, request.now),
            names.get(f"person:{run.assigned_to}", ""),
        )
        for run in sheet.rows
    ]  # fmt: skip
    page = {
        "sheet": sheet,
        "rows": rows,
        "late": sum(run.due_at < request.now for run in sheet.rows),
        "may_start": may(by, "rounds.start_cycle"),
    }
    return render(request, "faces/console/cycles/list.html", page)


@require_http_methods(["GET", "POST"])
def new_cycle(request: Asked) -> HttpResponse:
    """Ask for book and month, and start the cycle; the same again is the same cycle."""
    by = at_desk(request)
    require(by, "rounds.start_cycle")
    today = civil_day(request.now, zone())
    form = StartForm(by, request.POST or None, period=f"{today:%Y-%m}")
    if form.is_valid():
        said = form.cleaned_data
        try:
            run_id = start_cycle(said["book"], said["period"], by=by, at=request.now)
        except MonthAhead as error:
            form.add_error("period", refusal(error))
        else:
            messages.success(request, _("The cycle is under way; its first step has an owner and a limit."))
            return redirect("console:cycle", run_id)
    return render(
        request, "faces/console/cycles/new.html", {"form": form}, status=422 if form.errors else 200
    )


@require_safe
def one_cycle(request: Asked, run_id: int) -> HttpResponse:
    """Show a cycle with its steps and its frozen list."""
    return _cycle_page(request, at_desk(request), run_id, {})


@require_POST
def finish(request: Asked, run_id: int, step: str) -> HttpResponse:
    """Finish the open step; the next one opens."""
    by = at_desk(request)
    form = FinishForm(request.POST)
    if form.is_valid():
        note = form.cleaned_data["note"]
        act = partial(finish_step, run_id, step, outcome="done", note=note, by=by, at=request.now)
        if is_done(request, act, _("The step is done."), form):
            return redirect("console:cycle", run_id)
    return _cycle_page(request, by, run_id, {"finishing": form})


@require_POST
def send_back(request: Asked, run_id: int, step: str) -> HttpResponse:
    """Send the work back to the step before, with a reason."""
    by = at_desk(request)
    form = ReturnForm(request.POST)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        act = partial(return_step, run_id, step, reason=reason, by=by, at=request.now)
        if is_done(request, act, _("The work went back to the step before; the return is counted."), form):
            return redirect("console:cycle", run_id)
    return _cycle_page(request, by, run_id, {"returning": form})


@require_POST
def assign(request: Asked, run_id: int, step: str) -> HttpResponse:
    """Give the open step to a person of its role."""
    by = at_desk(request)
    require(by, "work.assign_task")
    form = AssignmentForm(_people(by, _open_step(process_steps(by, run_id))), request.POST)
    if form.is_valid():
        person = form.cleaned_data["person"]
        act = partial(assign_step, run_id, step, person, by=by, at=request.now)
        if is_done(request, act, _("The step was given to its new owner."), form):
            return redirect("console:cycle", run_id)
    return _cycle_page(request, by, run_id, {"assignment": form})


def _cycle_page(request: Asked, by: Actor, run_id: int, typed: dict[str, forms.Form]) -> HttpResponse:
    found = _cycle(by, run_id)
    steps = process_steps(by, run_id)
    times = step_times(by, run_id, request.now)
    open_step = _open_step(steps)
    names = names_of({step.done_by for step in steps} | {found.frozen_by})
    page = {
        "cycle": found,
        "steps": [
            (step, _title(by, step), times.get(step.step, StepTime()), names.get(step.done_by, ""))
            for step in steps
        ],
        "open_step": open_step,
        "open_title": _title(by, open_step) if open_step else "",
        "owner": _owner(by, open_step),
        "limit": limit_words(open_step.due_at, request.now) if open_step else None,
        "frozen_by": names.get(found.frozen_by, ""),
        "added": found.added[:MOST_POINTS],
        "removed": found.removed[:MOST_POINTS],
        "round": round_progress(by, run_id),
        "may_send": open_step is not None and open_step.step == READ_STEP and may(by, "rounds.send_round"),
        "may_refresh": may(by, "rounds.send_round"),
        "may_see_visits": may(by, "rounds.read_visits"),
        **_forms(by, open_step, steps, typed),
    }
    refused = any(form.errors for form in typed.values())
    return render(request, "faces/console/cycles/cycle.html", page, status=422 if refused else 200)


def _forms(
    by: Actor, step: StepView | None, steps: list[StepView], typed: dict[str, forms.Form]
) -> dict[str, Any]:
    """Return the forms that the actor may use on the open step."""
    if step is None:
        return {}
    mine = step.owner_role in by.roles
    people = _people(by, step) if may(by, "work.assign_task") else []
    return {
        "finishing": (typed.get("finishing") or FinishForm()) if mine or "finishing" in typed else None,
        "returning": (typed.get("returning") or ReturnForm())
        if (mine and len(steps) > 1) or "returning" in typed
        else None,
        "assignment": (typed.get("assignment") or AssignmentForm(people)) if people else None,
    }


def _cycle(by: Actor, run_id: int) -> CycleView:
    found = cycle(by, run_id)
    if found is None:
        raise UnknownStep(f"no reading cycle {run_id}", run=run_id)
    return found


def _open_step(steps: list[StepView]) -> StepView | None:
    return next((step for step in steps if step.finished_at is None), None)


def _owner(by: Actor, step: StepView | None) -> str:
    task = task_listed(by, step.task_id) if step else None
    person = f"person:{task.assigned_to}" if task and task.assigned_to else ""
    return names_of({person}).get(person, "") if person else ""


def _people(by: Actor, step: StepView | None) -> list[tuple[int, str]]:
    task = task_listed(by, step.task_id) if step else None
    return people_for(by, task) if task else []


def _title(by: Actor, step: StepView) -> str:
    # A step's task carries the words of its definition, in both languages and in the run's own version.
    task = task_listed(by, step.task_id)
    titles = task.details["title"] if task else {}
    return str(titles.get("en" if get_language() == "en" else "zh", step.step))


urlpatterns = [
    path("", cycles, name="cycles"),
    path("new/", new_cycle, name="new_cycle"),
    path("<int:run_id>/", one_cycle, name="cycle"),
    path("<int:run_id>/<slug:step>/finish/", finish, name="finish_step"),
    path("<int:run_id>/<slug:step>/return/", send_back, name="return_step"),
    path("<int:run_id>/<slug:step>/assign/", assign, name="assign_step"),
]
