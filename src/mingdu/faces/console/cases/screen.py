"""A case on one screen: customer, bills, readings, meter, what happened, and what a colleague may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from mingdu.base.actors import Actor
from mingdu.base.links import link_to
from mingdu.core.clock import civil_day
from mingdu.customers.contacts import masked_contacts, reveal_contact
from mingdu.customers.queries import AccountView, account_for
from mingdu.faces.console.door import at_desk, may, not_kept
from mingdu.faces.console.limits import limit_words
from mingdu.faces.console.readings.shown import history_drawn, severity_shown
from mingdu.faces.console.tasks import AssignmentForm
from mingdu.faces.enclosed_file import enclosed_file
from mingdu.faces.identity import Asked
from mingdu.metering.queries.point_state import point_state
from mingdu.metering.queries.review import findings_of_point
from mingdu.metering.zone import zone
from mingdu.rulebook.rule_files import tariff_title
from mingdu.service.case_desk import CaseDesk, case_desk
from mingdu.service.queries import CaseView, case_by_number
from mingdu.work.task_lists import people_for, task_listed

from .facts import bills_beside, corrections_beside, register_history, tasks_beside
from .forms import AnswerForm, ProposalForm
from .story import files_of, story_told


@dataclass(frozen=True)
class Typed:
    """Forms that came back with a fault, and the contact (number, value) that was asked for."""

    answer: AnswerForm | None = None
    proposal: ProposalForm | None = None
    assignment: AssignmentForm | None = None
    revealed: tuple[int, str] | None = None

    @property
    def status(self) -> int:
        """Which status the page has."""
        forms = (self.answer, self.proposal, self.assignment)
        return 422 if any(form is not None and form.errors for form in forms) else 200


@require_safe
def case(request: Asked, number: str) -> HttpResponse:
    """Show a case."""
    return show_case(request, at_desk(request), number, Typed())


@require_POST
def reveal(request: Asked, number: str, contact_id: int) -> HttpResponse:
    """Show a customer's phone number in full; the audit keeps who asked."""
    by = at_desk(request)
    account_number = case_by_number(by, number, now=request.now).account_number
    value = reveal_contact(account_number, contact_id, by=by, at=request.now)
    return show_case(request, by, number, Typed(revealed=(contact_id, value)))


@require_safe
def case_file(request: Asked, number: str, place: int) -> HttpResponse:
    """Show a photo or paper of a case to whoever may see the case."""
    return enclosed_file(files_of(case_by_number(at_desk(request), number, now=request.now)), place)


def show_case(request: Asked, by: Actor, number: str, typed: Typed) -> HttpResponse:
    """Show the page of a case with the forms that the actor may use."""
    found = case_by_number(by, number, now=request.now)
    account = account_for(by, found.account_number, "customers.read", now=request.now)
    is_open = found.closed_at is None
    page = {
        "case": found,
        "account": account,
        "tariff": tariff_title(account.tariff, _language(), settings.RULES_FOLDER) if account.tariff else "",
        "limit": limit_words(found.due_at, request.now) if is_open else None,
        "contacts": masked_contacts(by, account.account_number, now=request.now),
        "may_reveal": may(by, "customers.reveal_contact"),
        "revealed": typed.revealed,
        "story": story_told(found),
        **_money(request, by, found, account),
        **_meter(by, account, civil_day(request.now, zone())),
        **_acts(by, found, typed),
    }
    return not_kept(render(request, "faces/console/cases/case.html", page, status=typed.status))


def _language() -> str:
    """The reader's language as rule files name it."""
    return "zh" if (get_language() or "").startswith("zh") else "en"


def _money(request: Asked, by: Actor, found: CaseView, account: AccountView) -> dict[str, Any]:
    bills = bills_beside(by, found)
    corrections = corrections_beside(by, found, bills)
    about = next((bill for bill in bills if bill.id == found.bill_id), None)
    today = civil_day(request.now, zone())
    history = register_history(account.usage_point_id, about, today) if account.usage_point_id else None
    return {
        "bills": bills,
        "corrections": corrections,
        "has_waiting": any(not row.view.approved_by for row in corrections),
        "history": history,
        "tasks": tasks_beside(by, found, corrections, request.now),
        "may_approve": may(by, "billing.approve_correction"),
    }


def _meter(by: Actor, account: AccountView, today: date) -> dict[str, Any]:
    point = account.usage_point_id
    if not point:
        return {}
    findings = [row for row in findings_of_point(by, point) if row.reason is None]
    return {
        "state": point_state(by, point),
        "days": history_drawn(point, today - timedelta(days=1)),
        "findings": [(row, *severity_shown(row.severity), link_to(f"finding:{row.pk}")) for row in findings],
        "may_explain": may(by, "metering.explain_finding"),
    }


def _acts(by: Actor, found: CaseView, typed: Typed) -> dict[str, Any]:
    """Return the forms that the actor may use; one that came back stands even where the case has ended."""
    desk, is_open = case_desk(by, found.id), found.closed_at is None
    may_work = is_open and may(by, "service.work")
    may_propose = is_open and found.bill_id is not None and may(by, "billing.correct")
    people = people_of(by, desk) if is_open and may(by, "work.assign_task") else []
    return {
        "desk": desk,
        "answer": typed.answer or (AnswerForm() if may_work else None),
        "may_reread": may_work and found.bill_id is not None,
        "proposal": typed.proposal or (ProposalForm() if may_propose else None),
        "assignment": typed.assignment or (AssignmentForm(people) if people else None),
    }


def people_of(by: Actor, desk: CaseDesk) -> list[tuple[int, str]]:
    """Return (number, name) of those whom a case may be given to."""
    task = task_listed(by, desk.task_id)
    return people_for(by, task) if task else []
