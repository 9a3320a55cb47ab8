"""Callbacks: made when a case is closed, called by agents, scored by customers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import transaction

from mingdu.base import audit
from mingdu.base.actors import SYSTEM, Actor
from mingdu.base.permissions import require
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


class AlreadyReached(TradeError):
    """This customer was reached before and gave his score."""

    next_step = "look at the result"


class CallOutcome(StrEnum):
    """What a call brought."""

    REACHED = "reached"
    NOT_REACHED = "not_reached"
    REFUSED = "refused"


@dataclass(frozen=True)
class CallResult:
    """What the agent writes down after a call."""

    outcome: CallOutcome
    score: int | None = None
    words: str = ""


@transaction.atomic
def plan_callback(
    account_id: int, reason: str, key: str, *, case_id: int | None, by: Actor, at: datetime
) -> Callback:
    """Put a call on the list with its limit; the same key again is the same call."""
    require(by, "satisfaction.plan")
    account = account_by_id(account_id)
    order = TaskOrder(
        "callback", f"callback:{key}", f"account:{account.account_number}", "agent", account.unit_id
    )
    task = open_task(order, by=SYSTEM, at=at)
    callback, _ = Callback.objects.get_or_create(
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
    return callback


@transaction.atomic
def record_result(callback_id: int, result: CallResult, *, by: Actor, at: datetime) -> CallbackResult:
    """
    Record what a call brought; reached or refused ends it, not reached leaves it on the list.

    raises  UnknownCallback, BadScore, AlreadyReached, NotPermitted
    """
    callback = Callback.objects.select_for_update().select_related("account").filter(pk=callback_id).first()
    if callback is None:
        raise UnknownCallback(f"no callback {callback_id}", callback=callback_id)
    require(by, "satisfaction.record", callback.account.unit_id)
    _refuse_bad_score(result)
    if callback.results.filter(outcome=CallOutcome.REACHED).exists():
        raise AlreadyReached(f"callback {callback_id} was reached before", callback=callback_id)
    row = CallbackResult.objects.create(
        callback=callback, outcome=result.outcome, score=result.score, words=result.words, by=by.id, at=at
    )
    if result.outcome is not CallOutcome.NOT_REACHED:
        _end_task(callback, result.outcome, at)
    audit.record(by, "satisfaction.record", f"callback:{callback_id}", at=at, details={"score": result.score})
    return row


def _refuse_bad_score(result: CallResult) -> None:
    reached = result.outcome is CallOutcome.REACHED
    if reached != (result.score is not None) or (result.score is not None and not 1 <= result.score <= 5):
        raise BadScore(
            f"{result.outcome} with score {result.score}", outcome=result.outcome, score=result.score
        )


def _end_task(callback: Callback, outcome: str, at: datetime) -> None:
    try:
        complete_task(callback.task_id, outcome, by=SYSTEM, at=at)
    except TaskAlreadyDone:
        return
