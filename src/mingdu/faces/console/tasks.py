"""Task lists of the desks: filter, give to somebody, end with what came out."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from mingdu.base.actors import Actor
from mingdu.base.queries import names_of
from mingdu.base.sheets import sheet_of
from mingdu.faces.identity import Asked
from mingdu.faces.words import WORDS
from mingdu.rulebook.processes import task_limits
from mingdu.work.operations import (
    STEP,
    UnknownTask,
    assign_task,
    complete_task,
)
from mingdu.work.queries import task_by_id
from mingdu.work.task_lists import ListedTask, TaskFilter, people_for, task_listed, tasks_listed

from .door import at_desk, is_part, may
from .limits import limit_words
from .refusals import is_done
from .subjects import subject_links, subject_words

# What a person says when he ends a task by hand; a re-read without values always failed.
OUTCOMES = ("done", "not_needed", "not_possible")
REREAD_OUTCOMES = ("no_access", "meter_missing", "not_needed")


class CompletionForm(forms.Form):
    """What came out of a task."""

    outcome = forms.ChoiceField(label=gettext_lazy("What came out"))
    note = forms.CharField(
        label=gettext_lazy("In your words"),
        max_length=2000,
        required=False,
        widget=forms.Textarea({"rows": 3}),
    )

    def __init__(self, task: ListedTask, data: Any = None) -> None:
        """Offer the outcomes of the task's kind."""
        super().__init__(data)
        names = REREAD_OUTCOMES if task.kind == "reread" else OUTCOMES
        self.fields["outcome"] = forms.ChoiceField(
            label=gettext_lazy("What came out"), choices=[(name, WORDS[name]) for name in names]
        )


class AssignmentForm(forms.Form):
    """Who is to do a task."""

    person = forms.TypedChoiceField(label=gettext_lazy("Person"), coerce=int)

    def __init__(self, people: list[tuple[int, str]], data: Any = None) -> None:
        """Offer those who may do the task."""
        super().__init__(data)
        self.fields["person"] = forms.TypedChoiceField(
            label=gettext_lazy("Person"), coerce=int, choices=people
        )


@require_safe
def tasks(request: Asked) -> HttpResponse:
    """List open tasks: one's own or all of one's units, of one kind or all, late ones marked."""
    by = at_desk(request)
    kind, is_mine = request.GET.get("kind", ""), request.GET.get("whose", "mine") != "all"
    late_at = request.now if request.GET.get("late") else None
    kinds = sorted(task_limits())
    wanted = TaskFilter(kind if kind in kinds else "", is_mine, late_at)
    found = tasks_listed(by, wanted)
    sheet = sheet_of(request, found)
    names = _owners(list(sheet.rows))
    page = {
        "sheet": sheet,
        "rows": [
            (
                row, limit_words(row.due_at, request.now), subject_words(row),
                names.get(row.assigned_to, ""),
            )
            for row in sheet.rows
        ],
        "kinds": kinds,
        "wanted": wanted,
        "late": found.filter(due_at__lt=request.now).count(),
    }  # fmt: skip
    return render(request, "faces/console/tasks/list.html", page)


@require_safe
def task(request: Asked, task_id: int) -> HttpResponse:
    """Show one task with what it is about: as a drawer, or as a page of its own."""
    return _task_page(request, at_desk(request), task_id)


@require_POST
def complete(request: Asked, task_id: int) -> HttpResponse:
    """End a task with what came out."""
    by = at_desk(request)
    form = CompletionForm(_task(by, task_id), request.POST)
    if form.is_valid():
        said = form.cleaned_data
        act = partial(complete_task, task_id, said["outcome"], note=said["note"], by=by, at=request.now)
        if is_done(request, act, _("The task is done."), form):
            return redirect("console:tasks")
    return _task_page(request, by, task_id, completion=form)


@require_POST
def assign(request: Asked, task_id: int) -> HttpResponse:
    """Give a task to a person who may do it."""
    by = at_desk(request)
    form = AssignmentForm(people_for(by, _task(by, task_id)), request.POST)
    if form.is_valid():
        act = partial(assign_task, task_id, form.cleaned_data["person"], by=by, at=request.now)
        if is_done(request, act, _("The task was given to its new owner."), form):
            return redirect("console:task", task_id)
    return _task_page(request, by, task_id, assignment=form)


def _owners(rows: list[ListedTask]) -> dict[int | None, str]:
    """Return the names of those who have tasks in hand, by their numbers."""
    numbers = {row.assigned_to for row in rows if row.assigned_to is not None}
    names = names_of({f"person:{number}" for number in numbers})
    return {number: names[f"person:{number}"] for number in numbers}


def _task(by: Actor, task_id: int) -> ListedTask:
    found = task_listed(by, task_id)
    if found is None:
        raise UnknownTask(f"no task {task_id}", task=task_id)
    return found


def _task_page(
    request: Asked,
    by: Actor,
    task_id: int,
    *,
    completion: CompletionForm | None = None,
    assignment: AssignmentForm | None = None,
) -> HttpResponse:
    found, view = _task(by, task_id), task_by_id(by, task_id)
    is_open = view is not None and not view.outcome
    may_assign = is_open and may(by, "work.assign_task")
    page = {
        "task": found,
        "about": subject_words(found),
        "links": subject_links(found),
        "limit": limit_words(found.due_at, request.now) if is_open else None,
        "outcome": view.outcome if view else "",
        "owner": _owners([found]).get(found.assigned_to, ""),
        "is_step": found.kind == STEP,
        "completion": (completion or CompletionForm(found)) if is_open and found.kind != STEP else None,
        "assignment": (assignment or AssignmentForm(people_for(by, found))) if may_assign else None,
    }
    refused = any(form is not None and form.errors for form in (completion, assignment))
    name = "faces/console/tasks/drawer.html" if is_part(request) else "faces/console/tasks/task.html"
    return render(request, name, page, status=422 if refused else 200)


urlpatterns = [
    path("", tasks, name="tasks"),
    path("<int:task_id>/", task, name="task"),
    path("<int:task_id>/complete/", complete, name="complete_task"),
    path("<int:task_id>/assign/", assign, name="assign_task"),
]
