"""What colleagues do on a case: answer, send a reader, propose and approve a correction, give it away."""

from __future__ import annotations

from functools import partial

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mingdu.base.permissions import require
from mingdu.billing.corrections import (
    UnknownCorrection,
    approve_correction,
)
from mingdu.faces.console.door import at_desk
from mingdu.faces.console.refusals import is_done
from mingdu.faces.console.tasks import AssignmentForm
from mingdu.faces.identity import Asked
from mingdu.service.case_desk import case_desk
from mingdu.service.case_work import answer_case, propose_from_case
from mingdu.service.operations import ask_reread
from mingdu.service.queries import case_by_number
from mingdu.work.operations import (
    assign_task,
)

from .facts import bills_beside, corrections_beside
from .forms import AnswerForm, ProposalForm
from .screen import Typed, people_of, show_case


@require_POST
def answer(request: Asked, number: str) -> HttpResponse:
    """Answer the customer in words."""
    by = at_desk(request)
    require(by, "service.work")
    form = AnswerForm(request.POST)
    if form.is_valid():
        act = partial(answer_case, number, form.cleaned_data["words"], by=by, at=request.now)
        if is_done(request, act, _("The customer has your answer in his inbox."), form):
            return redirect("console:case", number)
    return show_case(request, by, number, Typed(answer=form))


@require_POST
def reread(request: Asked, number: str) -> HttpResponse:
    """Send a reader to the meter of the case's bill."""
    by = at_desk(request)
    act = partial(ask_reread, number, by=by, at=request.now)
    is_done(request, act, _("A reader has the task; what he reads comes into the case by itself."))
    return redirect("console:case", number)


@require_POST
def propose(request: Asked, number: str) -> HttpResponse:
    """Propose to bill again from the readings known now."""
    by = at_desk(request)
    require(by, "billing.correct")
    form = ProposalForm(request.POST)
    if form.is_valid():
        act = partial(propose_from_case, number, form.cleaned_data["reason"], by=by, at=request.now)
        if is_done(request, act, _("An approver has the proposal; nothing changes until he decides."), form):
            return redirect("console:case", number)
    return show_case(request, by, number, Typed(proposal=form))


@require_POST
def approve(request: Asked, number: str, correction_id: int) -> HttpResponse:
    """Carry a proposal of this case's bill out: reversal and new bill at once."""
    by = at_desk(request)
    require(by, "billing.approve_correction")
    found = case_by_number(by, number, now=request.now)
    named = corrections_beside(by, found, bills_beside(by, found))
    if all(row.view.id != correction_id for row in named):
        raise UnknownCorrection(f"no correction {correction_id}", correction=correction_id)
    act = partial(approve_correction, correction_id, by=by, at=request.now)
    is_done(request, act, _("The bill was reversed and made anew; the customer is told."))
    return redirect("console:case", number)


@require_POST
def assign(request: Asked, number: str) -> HttpResponse:
    """Give the case to a person who may work on it."""
    by = at_desk(request)
    require(by, "work.assign_task")
    desk = case_desk(by, case_by_number(by, number, now=request.now).id)
    form = AssignmentForm(people_of(by, desk), request.POST)
    if form.is_valid():
        act = partial(assign_task, desk.task_id, form.cleaned_data["person"], by=by, at=request.now)
        if is_done(request, act, _("The case was given to its new owner."), form):
            return redirect("console:case", number)
    return show_case(request, by, number, Typed(assignment=form))
