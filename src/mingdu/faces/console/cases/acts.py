"""What colleagues do on a case: answer, send a reader, propose and approve a correction, give it away."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mingdu.base.permissions import require
from mingdu.billing.corrections import (
    BillAlreadyCorrected,
    CorrectionAlreadyApproved,
    NotBillable,
    NothingToCorrect,
    ProposalOutdated,
    UnknownCorrection,
    approve_correction,
)
from mingdu.billing.operations import ApprovalByProposer
from mingdu.faces.console.door import at_desk
from mingdu.faces.console.refusals import refusal
from mingdu.faces.console.tasks import AssignmentForm
from mingdu.faces.identity import Asked
from mingdu.service.case_desk import case_desk
from mingdu.service.case_door import CaseAlreadyClosed
from mingdu.service.case_work import ProposalWaits, answer_case, propose_from_case
from mingdu.service.operations import NoBillInCase, ask_reread
from mingdu.service.queries import case_by_number
from mingdu.work.operations import (
    PersonWithoutRole,
    TaskAlreadyDone,
    UnknownPerson,
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
        try:
            answer_case(number, form.cleaned_data["words"], by=by, at=request.now)
        except CaseAlreadyClosed as error:
            form.add_error(None, refusal(error))
        else:
            messages.success(request, _("The customer has your answer in his inbox."))
            return redirect("console:case", number)
    return show_case(request, by, number, Typed(answer=form))


@require_POST
def reread(request: Asked, number: str) -> HttpResponse:
    """Send a reader to the meter of the case's bill."""
    by = at_desk(request)
    try:
        ask_reread(number, by=by, at=request.now)
    except (NoBillInCase, CaseAlreadyClosed) as error:
        messages.error(request, refusal(error))
    else:
        messages.success(request, _("A reader has the task; what he reads comes into the case by itself."))
    return redirect("console:case", number)


@require_POST
def propose(request: Asked, number: str) -> HttpResponse:
    """Propose to bill again from the readings known now."""
    by = at_desk(request)
    require(by, "billing.correct")
    form = ProposalForm(request.POST)
    if form.is_valid():
        try:
            propose_from_case(number, form.cleaned_data["reason"], by=by, at=request.now)
        except (
            BillAlreadyCorrected, CaseAlreadyClosed, NoBillInCase, NotBillable, NothingToCorrect,
            ProposalWaits,
        ) as error:  # fmt: skip
            form.add_error(None, refusal(error))
        else:
            messages.success(request, _("An approver has the proposal; nothing changes until he decides."))
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
    try:
        approve_correction(correction_id, by=by, at=request.now)
    except (
        ApprovalByProposer, BillAlreadyCorrected, CorrectionAlreadyApproved, NotBillable, ProposalOutdated,
    ) as error:  # fmt: skip
        messages.error(request, refusal(error))
    else:
        messages.success(request, _("The bill was reversed and made anew; the customer is told."))
    return redirect("console:case", number)


@require_POST
def assign(request: Asked, number: str) -> HttpResponse:
    """Give the case to a person who may work on it."""
    by = at_desk(request)
    require(by, "work.assign_task")
    desk = case_desk(by, case_by_number(by, number, now=request.now).id)
    form = AssignmentForm(people_of(by, desk), request.POST)
    if form.is_valid():
        try:
            assign_task(desk.task_id, form.cleaned_data["person"], by=by, at=request.now)
        except (TaskAlreadyDone, UnknownPerson, PersonWithoutRole) as error:
            form.add_error(None, refusal(error))
        else:
            messages.success(request, _("The case was given to its new owner."))
            return redirect("console:case", number)
    return show_case(request, by, number, Typed(assignment=form))
