"""Bill runs (电费核算): rehearse, approve by another person, issue."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from mingdu.base import audit, ledger
from mingdu.base.actors import SYSTEM, Actor
from mingdu.base.database import transaction_connection
from mingdu.base.permissions import require
from mingdu.base.roles import Role
from mingdu.customers.queries import account_by_id
from mingdu.errors import TradeError
from mingdu.metering.queries import point_buckets
from mingdu.rounds.queries import book_codes
from mingdu.work.operations import TaskOrder, open_task

from .models import BillRun, BillRunApproval
from .period import Period, PeriodNotOver
from .queries import UnknownRun, totals
from .rows import lay_out
from .works import ISSUE, REHEARSE, run_digest


class ApprovalByProposer(TradeError):
    """Who proposed a run or correction may not approve it."""

    next_step = "ask a colleague who holds the approver's role"


class RunNotReady(TradeError):
    """The run's buckets are not all done, or one of them failed."""

    next_step = "wait for the run, or look at the error of its bucket"


class RunNotApproved(TradeError):
    """A run is issued only after another person has approved it."""

    next_step = "have the run approved first"


class RunAlreadyApproved(TradeError):
    """The run was approved before."""

    next_step = "issue it"


class UnknownBook(TradeError):
    """There is no reading book of this code."""

    next_step = "look at the list of books; without a code all are rehearsed"


@transaction.atomic
def rehearse(period_name: str, book_code: str = "", *, by: Actor, at: datetime) -> BillRun:
    """
    Start a rehearsal of a month for one book or, without a code, for all; workers do its buckets.

    raises  BadPeriod, PeriodNotOver, UnknownBook, NotPermitted
    """
    require(by, "billing.rehearse")
    period = Period.named(period_name)
    if at < period.instants(settings.ZONE)[1]:
        raise PeriodNotOver(f"{period_name} is not over", period=period_name)
    if book_code and book_code not in book_codes():
        raise UnknownBook(f"no book {book_code}", book=book_code)
    lay_out(transaction_connection(), period)
    earlier = BillRun.objects.filter(period_from=period.first, book_code=book_code)
    attempt = (earlier.aggregate(latest=Max("attempt"))["latest"] or 0) + 1
    key = f"{period_name}:{book_code}:{attempt}"
    run = ledger.start_run(REHEARSE, key, point_buckets(), by=by, at=at)
    bill_run = BillRun.objects.create(
        period_from=period.first, period_to=period.end, book_code=book_code, attempt=attempt,
        ledger_run_id=run.pk, proposed_by=by.id, created_at=at,
    )  # fmt: skip
    audit.record(by, "billing.rehearse", f"bill_run:{bill_run.pk}", at=at, details={"period": period_name})
    return bill_run


@transaction.atomic
def approve_run(run_id: int, *, by: Actor, at: datetime) -> BillRunApproval:
    """
    Approve a finished rehearsal: what was rehearsed is what may be issued, by the hash of its inputs.

    Every account that the run held gets a task with an owner and a limit.

    raises  UnknownRun, RunNotReady, ApprovalByProposer, RunAlreadyApproved, NotPermitted
    """
    run = _locked(run_id)
    refuse_proposer(f"bill_run:{run_id}", run.proposed_by, by=by)
    require(by, "billing.approve")
    if not ledger.progress(run.ledger_run_id).is_done:
        raise RunNotReady(f"run {run_id} is not done", run=run_id)
    if BillRunApproval.objects.filter(run=run).exists():
        raise RunAlreadyApproved(f"run {run_id} is approved", run=run_id)
    found = totals(run)
    approval = BillRunApproval.objects.create(
        run=run, inputs_hash=run_digest(run), total_fen=found.total_fen, bills=found.bills, by=by.id, at=at
    )
    _open_held_tasks(run, at)
    audit.record(by, "billing.approve", f"bill_run:{run_id}", at=at, details={"total_fen": found.total_fen})
    return approval


@transaction.atomic
def issue_run(run_id: int, *, by: Actor, at: datetime) -> int:
    """
    Start the issue of an approved run; workers issue its buckets, each once. Repeated, it changes nothing.

    returns  number of the ledger's run
    raises   UnknownRun, RunNotApproved, NotPermitted
    """
    require(by, "billing.issue")
    run = _locked(run_id)
    if not BillRunApproval.objects.filter(run=run).exists():
        raise RunNotApproved(f"run {run_id} is not approved", run=run_id)
    issue = ledger.start_run(
        ISSUE, f"bill_run:{run_id}", ledger.bucket_numbers(run.ledger_run_id), by=by, at=at,
        parameters={"bill_run": run_id},
    )  # fmt: skip
    audit.record(by, "billing.issue", f"bill_run:{run_id}", at=at)
    return issue.pk


def refuse_proposer(target: str, proposed_by: str, *, by: Actor) -> None:
    """Raise ApprovalByProposer when the actor would approve his own proposal, whatever roles he holds."""
    if proposed_by == by.id:
        raise ApprovalByProposer(f"{by.name} may not approve his own proposal", target=target)


def _open_held_tasks(run: BillRun, at: datetime) -> None:
    """Open one task for each held account, with all its checks; the system does so, in every unit."""
    checks: dict[int, dict[str, Any]] = defaultdict(dict)
    for account_id, check, values in run.held.order_by("id").values_list(
        "account_id", "check_name", "values"
    ):
        checks[account_id][check] = values
    for account_id, found in checks.items():
        account = account_by_id(account_id)
        details = {"run": run.pk, "period": f"{run.period_from:%Y-%m}", "checks": found}
        order = TaskOrder(
            kind="held_account",
            key=f"held_account:{run.pk}:{account_id}",
            subject=f"account:{account.account_number}",
            owner_role=Role.CLERK.value,
            unit_id=account.unit_id,
            details=details,
        )
        open_task(order, by=SYSTEM, at=at)


def _locked(run_id: int) -> BillRun:
    run = BillRun.objects.select_for_update().filter(pk=run_id).first()
    if run is None:
        raise UnknownRun(f"no bill run {run_id}", run=run_id)
    return run
