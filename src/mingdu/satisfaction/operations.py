"""Callbacks: made when a case is closed, called by agents, scored by customers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import transaction

from mingdu.base import audit
from mingdu.base.actors import SYSTEM, Actor
from mingdu.base.permissions import require, scope
from mingdu.customers.queries import account_by_id
from mingdu.errors import TradeError
from mingdu.work.operations import TaskAlreadyDone, TaskOrder, complete_task, open_task

from .models import Callback, CallbackResult


class UnknownCallback(TradeError):
    """There is no such call to make."""

    next_step = "look at the callback list"


class BadScore(TradeError):
    """A reached customer gives a score from 1 to 5; nobody else has one."""

    next_step = "give a score from 1 to 5 with the outcome 'reached', and none otherwise"


class NextTryUnfit(TradeError):
    """The next try is not to come, or the customer is not called again anyway."""

    next_step = "name an instant to come, with the outcome 'not_reached' alone"


class AlreadyReached(TradeError):
    """This customer was reached before and gave his score."""

    next_step = "look at the result"


class CustomerRefused(TradeError):
    """This customer did not want to answer and is not called again."""

    next_step = "leave him in peace; his refusal stands on the list"


class CallOutcome(StrEnum):
    """What a call brought."""

    REACHED = "reached"
    NOT_REACHED = "not_reached"
    REFUSED = "refused"


@dataclass(frozen=True)
class CallResult:
    """What the agent writes down after a call; `next_at`: when he calls again whom he did not reach."""

    outcome: CallOutcome
    score: int | None = None
    words: str = ""
    next_at: datetime | None = None


@transaction.atomic
def plan_callback(
    account_id: int, reason: str, *, key: str, case_id: int | None, by: Actor, at: datetime
) -> Callback:
    """
    Put a call on the list with its limit; the same key again is the same call.

    raises  UnknownAccount, NotPermitted
    """
    require(by, "satisfaction.plan")
    account = account_by_id(account_id)
    require(by, "satisfaction.plan", account.unit_id)
    subject = f"account:{account.account_number}"
    task = open_task(
        TaskOrder("callback", f"callback:{key}", subject, "agent", account.unit_id), by=SYSTEM, at=at
    )
    callback, is_new = Callback.objects.get_or_create(
        key=key,
        defaults={
            "account_id": account_id,
            "case_id": case_id,
            "reason": reason,
            "created_at": at,
            "due_at": task.due_at,
            "task_id": task.pk,
        },
    )
    if is_new:
        audit.record(by, "satisfaction.plan", f"callback:{callback.pk}", at=at, details={"reason": reason})
    return callback


@transaction.atomic
def record_result(callback_id: int, result: CallResult, *, by: Actor, at: datetime) -> CallbackResult:
    """
    Record what a call brought; reached or refused ends it, not reached leaves it on the list.

    raises  UnknownCallback (also for other units), BadScore, NextTryUnfit, AlreadyReached, CustomerRefused,
            NotPermitted
    """
    require(by, "satisfaction.record")
    callback = _locked(callback_id, by)
    _refuse_bad_score(result)
    _refuse_unfit_next_try(result, at)
    _refuse_ended(callback)
    row = CallbackResult.objects.create(
        callback=callback, outcome=result.outcome, score=result.score, words=result.words, by=by.id, at=at,
        next_at=result.next_at,
    )  # fmt: skip
    if result.outcome is not CallOutcome.NOT_REACHED:
        _end_task(callback, result.outcome, at)
    details = {"outcome": result.outcome, "score": result.score}
    audit.record(by, "satisfaction.record", f"callback:{callback_id}", at=at, details=details)
    return row


def _locked(callback_id: int, by: Actor) -> Callback:
    rows = Callback.objects.select_related("account").select_for_update(of=("self",))
    callback = rows.filter(pk=callback_id).first()
    if callback is None or not scope(by, "satisfaction.record").covers_unit(callback.account.unit_id):
        raise UnknownCallback(f"no callback {callback_id}", callback=callback_id)
    return callback


def _refuse_ended(callback: Callback) -> None:
    outcomes = set(callback.results.values_list("outcome", flat=True))
    if CallOutcome.REACHED in outcomes:
        raise AlreadyReached(f"callback {callback.pk} was reached before", callback=callback.pk)
    if CallOutcome.REFUSED in outcomes:
        raise CustomerRefused(f"callback {callback.pk} was refused", callback=callback.pk)


def _refuse_bad_score(result: CallResult) -> None:
    reached = result.outcome is CallOutcome.REACHED
    if reached != (result.score is not None) or (result.score is not None and not 1 <= result.score <= 5):
        raise BadScore(
            f"{result.outcome} with score {result.score}", outcome=result.outcome, score=result.score
        )


def _refuse_unfit_next_try(result: CallResult, at: datetime) -> None:
    if result.next_at is not None and (result.outcome is not CallOutcome.NOT_REACHED or result.next_at <= at):
        raise NextTryUnfit(
            f"{result.outcome} with a next try {result.next_at:%Y-%m-%d %H:%M}", outcome=result.outcome
        )


def _end_task(callback: Callback, outcome: str, at: datetime) -> None:
    try:
        complete_task(callback.task_id, outcome, by=SYSTEM, at=at)
    except TaskAlreadyDone:
        # An agent has ended the task by hand before he wrote down the call.
        return
