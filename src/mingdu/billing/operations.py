"""Bill runs (电费核算): rehearse, approve by another person, issue."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from mingdu.base import audit, ledger
from mingdu.base.actors import Actor
from mingdu.base.permissions import require
from mingdu.errors import TradeError
from mingdu.metering.queries import point_buckets

from .models import BillRun, BillRunApproval
from .period import Period, PeriodNotOver
from .queries import UnknownRun, totals
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


@transaction.atomic
def rehearse(period_name: str, book_code: str = "", *, by: Actor, at: datetime) -> BillRun:
    """
    Start a rehearsal of a month for one book or, without a code, for all; workers do its buckets.

    raises  BadPeriod, PeriodNotOver, NotPermitted
    """
    require(by, "billing.rehearse")
    period = Period.named(period_name)
    if at < period.instants(settings.ZONE)[1]:
        raise PeriodNotOver(f"{period_name} is not over", period=period_name)
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

    raises  UnknownRun, RunNotReady, ApprovalByProposer, RunAlreadyApproved, NotPermitted
    """
    run = _locked(run_id)
    refuse_proposer(by, run.proposed_by, run=run_id)
    require(by, "billing.approve")
    if not ledger.progress(run.ledger_run_id).is_done:
        raise RunNotReady(f"run {run_id} is not done", run=run_id)
    if BillRunApproval.objects.filter(run=run).exists():
        raise RunAlreadyApproved(f"run {run_id} is approved", run=run_id)
    found = totals(run)
    approval = BillRunApproval.objects.create(
        run=run, inputs_hash=run_digest(run), total_fen=found.total_fen, bills=found.bills, by=by.id, at=at
    )
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


def refuse_proposer(by: Actor, proposed_by: str, **values: int) -> None:
    """Raise ApprovalByProposer when the actor would approve his own proposal, whatever roles he holds."""
    if proposed_by == by.id:
        raise ApprovalByProposer(f"{by.name} may not approve his own proposal", **values)


def _locked(run_id: int) -> BillRun:
    run = BillRun.objects.select_for_update().filter(pk=run_id).first()
    if run is None:
        raise UnknownRun(f"no bill run {run_id}", run=run_id)
    return run
