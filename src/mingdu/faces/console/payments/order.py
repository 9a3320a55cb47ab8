"""One payment order: what happened, what was booked, and what has to be settled."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mingdu.base.actors import Actor
from mingdu.base.permissions import require
from mingdu.base.queries import names_of
from mingdu.customers.queries import account_by_id
from mingdu.faces.console.cases.story import person_shown
from mingdu.faces.console.door import at_desk, may
from mingdu.faces.console.limits import Limit, limit_words
from mingdu.faces.console.refusals import is_done
from mingdu.faces.identity import Asked
from mingdu.faces.paying import periods_of_bills
from mingdu.money.ledgers import Ledger
from mingdu.money.merchant import merchant
from mingdu.money.operations import Verdict, settle_mismatch
from mingdu.money.payment_words import NoticeVerdict
from mingdu.money.queries.desk import Evidence, OrderStory, order_story
from mingdu.work.queries import TaskView, tasks_about
from mingdu.work.task_lists import task_listed

from .forms import SettlementForm
from .shown import state_shown, story_told

VERB = "money.settle_mismatch"


@dataclass(frozen=True)
class Mismatch:
    """
    What a colleague has to settle.

    task    None where it was ended by hand
    owner   who has the task in hand, or ""
    form    None for who may not settle it
    """

    evidence: Evidence
    is_wrong_amount: bool
    task: TaskView | None
    limit: Limit | None
    owner: str
    form: SettlementForm | None


@require_safe
def payment(request: Asked, number: str) -> HttpResponse:
    """Show one payment order."""
    by = at_desk(request)
    return _page(request, by, order_story(by, number, merchant().number, now=request.now))


@require_POST
def settle(request: Asked, number: str) -> HttpResponse:
    """Settle a payment that does not fit its order."""
    by = at_desk(request)
    require(by, VERB)
    contract = merchant()
    story = order_story(by, number, contract.number, now=request.now)
    asked = request.POST.get("notice", "")
    shown = next((each for each in story.open_notice_ids if str(each) == asked), 0)
    form = SettlementForm(shown, request.POST)
    if form.is_valid():
        said = form.cleaned_data
        verdict = Verdict(said["notice"], said["outcome"], said["reason"])
        act = partial(settle_mismatch, verdict, contract, by=by, at=request.now)
        if is_done(request, act, _("The payment is settled."), form):
            return redirect("console:payment", number)
    story = order_story(by, number, contract.number, now=request.now)
    return _page(request, by, story, refused=form)


def _page(
    request: Asked, by: Actor, story: OrderStory, *, refused: SettlementForm | None = None
) -> HttpResponse:
    account = account_by_id(story.account_id)
    periods = periods_of_bills(story.account_id)
    mismatches = _mismatches(request, by, story, refused)
    page = {
        "story": story,
        "account": account,
        "payer": person_shown(story.ordered_by, {}),
        "state": state_shown(story.state),
        "steps": story_told(story),
        "mismatches": mismatches,
        # Somebody else settled it meanwhile: the refusal has no form any more to stand above.
        "refused": refused if refused and not any(each.form is refused for each in mismatches) else None,
        "settlements": story.settlements,
        "entries": [
            (entry, Ledger(entry.ledger).name, periods.get(entry.bill_id, "")) for entry in story.entries
        ],
        "may_read_bills": may(by, "billing.read"),
        "may_read_money": may(by, "money.read"),
    }
    return render(request, "faces/console/payments/order.html", page, status=422 if refused else 200)


def _mismatches(
    request: Asked, by: Actor, story: OrderStory, refused: SettlementForm | None
) -> list[Mismatch]:
    tasks = tasks_about(by, f"payment_order:{story.number}")
    found = []
    for evidence in story.notices:
        notice_id = evidence.row.pk
        if notice_id not in story.open_notice_ids:
            continue
        task = next((task for task in tasks if task.details.get("transaction") == evidence.transaction), None)
        is_open = task is not None and not task.outcome
        is_refused = refused is not None and str(refused["notice"].value()) == str(notice_id)
        form = refused if is_refused else SettlementForm(notice_id)
        found.append(
            Mismatch(
                evidence, evidence.row.verdict == NoticeVerdict.WRONG_AMOUNT, task,
                limit_words(task.due_at, request.now) if task and is_open else None,
                _owner(by, task.id) if task and is_open else "", form if may(by, VERB) else None,
            )
        )  # fmt: skip
    return found


def _owner(by: Actor, task_id: int) -> str:
    """Return the name of who has a task in hand; nobody yet: empty."""
    listed = task_listed(by, task_id)
    if listed is None or listed.assigned_to is None:
        return ""
    return names_of({f"person:{listed.assigned_to}"})[f"person:{listed.assigned_to}"]
