"""Callbacks: made by closed cases, called by agents, scored once, shown on the board."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from acting import staff
from mingdu.base.actors import SYSTEM, Actor
from mingdu.base.models import AuditEntry
from mingdu.base.outbox import deliver_all, publish
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.customers.queries import UnknownAccount
from mingdu.satisfaction.models import Callback, CallbackResult
from mingdu.satisfaction.operations import (
    AlreadyReached,
    BadScore,
    CallOutcome,
    CallResult,
    CustomerRefused,
    UnknownCallback,
    plan_callback,
    record_result,
)
from mingdu.satisfaction.queries import BoardRow, CallbackView, board, callback_list
from mingdu.service.events import CaseClosed
from mingdu.service.operations import Outcome, close_case
from mingdu.service.queries import case_by_number
from mingdu.town.identity import account_number
from mingdu.work.operations import complete_task
from mingdu.work.queries import tasks_about
from service.stage import NOW, Stage
from threads import at_once

pytestmark = pytest.mark.database
CLOSED_AT = NOW + timedelta(hours=2)
CALLED_AT = NOW + timedelta(hours=3)
NOT_REACHED = CallResult(CallOutcome.NOT_REACHED)
HAPPY = CallResult(CallOutcome.REACHED, 5, "很满意")


def closed_case(stage: Stage) -> tuple[int, str]:
    """A home whose customer has closed his case; returns home and case."""
    home = stage.new_home()
    number = stage.open_case(home)
    close_case(number, Outcome.FIXED, by=stage.customer(home), at=CLOSED_AT)
    deliver_all(CLOSED_AT)
    return home, number


def call_of(number: str, by: Actor, *, open_only: bool = True) -> CallbackView | None:
    calls = callback_list(by, open_only=open_only, most=500)
    return next((call for call in calls if call.case_number == number), None)


def callback_of(stage: Stage, number: str) -> int:
    call = call_of(number, stage.agent)
    assert call is not None
    return call.id


def board_row(stage: Stage, number: str) -> BoardRow:
    return next(row for row in board(stage.agent, most=500) if row.case_number == number)


def test_a_closed_case_puts_a_call_on_the_list(stage: Stage) -> None:
    home, number = closed_case(stage)
    call = call_of(number, stage.agent)
    assert call is not None
    assert (call.account_number, call.reason) == (account_number(home), "case_closed")
    assert (call.created_at, call.outcome, call.score) == (CLOSED_AT, "", None)
    # 24 hours of work from Monday 11:00: 5.5 on Monday, 8 on each of two days, 2.5 on Thursday until 11:00.
    assert call.due_at == datetime(2027, 1, 7, 3, 0, tzinfo=UTC)
    tasks = [task for task in tasks_about(SYSTEM, f"account:{account_number(home)}")]
    assert [(task.kind, task.owner_role, task.due_at) for task in tasks] == [
        ("callback", "agent", call.due_at)
    ]


def test_the_same_case_is_called_once(stage: Stage) -> None:
    _, number = closed_case(stage)
    case = case_by_number(SYSTEM, number, now=NOW)
    publish(CaseClosed(case.id, case.account_id, "fixed"), at=CLOSED_AT)
    deliver_all(CLOSED_AT)
    assert Callback.objects.filter(case_id=case.id).count() == 1
    written = AuditEntry.objects.filter(
        verb="satisfaction.plan", target=f"callback:{callback_of(stage, number)}"
    )
    assert written.count() == 1


def test_planning_at_once_makes_one_call(stage: Stage) -> None:
    account_id = stage.small.account_ids[stage.new_home()]

    def plan() -> int:
        return plan_callback(account_id, "visit", key="visit:1", case_id=None, by=stage.agent, at=NOW).pk

    assert len(set(at_once([plan] * 4))) == 1


def test_a_call_stays_on_the_list_until_the_customer_was_reached(stage: Stage) -> None:
    home, number = closed_case(stage)
    callback_id = callback_of(stage, number)
    record_result(callback_id, NOT_REACHED, by=stage.agent, at=CALLED_AT)
    call = call_of(number, stage.agent)
    assert call is not None
    assert (call.outcome, call.score, call.reached_at) == ("not_reached", None, None)
    assert board_row(stage, number).score is None
    record_result(callback_id, HAPPY, by=stage.agent, at=CALLED_AT)
    assert call_of(number, stage.agent) is None
    call = call_of(number, stage.agent, open_only=False)
    assert call is not None
    assert (call.outcome, call.score, call.words, call.reached_at) == ("reached", 5, "很满意", CALLED_AT)
    [task] = tasks_about(SYSTEM, f"account:{account_number(home)}")
    assert task.outcome == "reached"
    acts = AuditEntry.objects.filter(verb="satisfaction.record", target=f"callback:{callback_id}")
    assert list(acts.order_by("pk").values_list("by", "details")) == [
        (stage.agent.id, {"outcome": "not_reached", "score": None}),
        (stage.agent.id, {"outcome": "reached", "score": 5}),
    ]


@pytest.mark.parametrize("score", [1, 2, 3, 4, 5])
def test_takes_every_score_of_the_scale(stage: Stage, score: int) -> None:
    _, number = closed_case(stage)
    result = CallResult(CallOutcome.REACHED, score, "")
    assert record_result(callback_of(stage, number), result, by=stage.agent, at=CALLED_AT).score == score
    assert board_row(stage, number).score == score


@pytest.mark.parametrize(
    "result",
    [
        CallResult(CallOutcome.REACHED, 0),
        CallResult(CallOutcome.REACHED, 6),
        CallResult(CallOutcome.REACHED, -1),
        CallResult(CallOutcome.REACHED, None),
        CallResult(CallOutcome.REFUSED, 3),
        CallResult(CallOutcome.NOT_REACHED, 3),
    ],
)
def test_refuses_a_score_that_nobody_gave(stage: Stage, result: CallResult) -> None:
    _, number = closed_case(stage)
    callback_id = callback_of(stage, number)
    with pytest.raises(BadScore) as refusal:
        record_result(callback_id, result, by=stage.agent, at=CALLED_AT)
    assert refusal.value.values == {"outcome": result.outcome, "score": result.score}
    assert not CallbackResult.objects.filter(callback_id=callback_id).exists()


def test_a_customer_is_reached_once(stage: Stage) -> None:
    _, number = closed_case(stage)
    callback_id = callback_of(stage, number)
    record_result(callback_id, HAPPY, by=stage.agent, at=CALLED_AT)
    for later in (HAPPY, NOT_REACHED, CallResult(CallOutcome.REFUSED)):
        with pytest.raises(AlreadyReached):
            record_result(callback_id, later, by=stage.agent, at=CALLED_AT)
    assert CallbackResult.objects.filter(callback_id=callback_id).count() == 1


def test_agents_who_reach_him_at_once_write_one_score(stage: Stage) -> None:
    _, number = closed_case(stage)
    callback_id = callback_of(stage, number)
    outcomes = at_once([lambda: record_result(callback_id, HAPPY, by=stage.agent, at=CALLED_AT)] * 8)
    names = sorted(type(outcome).__name__ for outcome in outcomes)
    assert names == ["AlreadyReached"] * 7 + ["CallbackResult"]


def test_who_refused_is_not_called_again(stage: Stage) -> None:
    _, number = closed_case(stage)
    callback_id = callback_of(stage, number)
    record_result(callback_id, CallResult(CallOutcome.REFUSED, words="忙"), by=stage.agent, at=CALLED_AT)
    assert call_of(number, stage.agent) is None
    with pytest.raises(CustomerRefused):
        record_result(callback_id, HAPPY, by=stage.agent, at=CALLED_AT)
    assert board_row(stage, number).score is None


def test_records_a_call_whose_task_was_ended_by_hand(stage: Stage) -> None:
    home, number = closed_case(stage)
    [task] = tasks_about(SYSTEM, f"account:{account_number(home)}")
    complete_task(task.id, "called", by=stage.agent, at=CALLED_AT)
    record_result(callback_of(stage, number), HAPPY, by=stage.agent, at=CALLED_AT)
    assert [each.outcome for each in tasks_about(SYSTEM, task.subject)] == ["called"]
    assert board_row(stage, number).score == 5


def test_the_board_shows_case_times_and_score(stage: Stage) -> None:
    home, number = closed_case(stage)
    record_result(
        callback_of(stage, number),
        CallResult(CallOutcome.REACHED, 4, "还行"),
        by=stage.agent,
        at=CALLED_AT,
    )
    assert board_row(stage, number) == BoardRow(
        case_number=number,
        account_number=account_number(home),
        kind="bill_too_high",
        opened_at=NOW,
        closed_at=CLOSED_AT,
        seconds_open=7_200,
        outcome="fixed",
        score=4,
        words="还行",
    )
    assert board(staff(Role.MANAGER, units={stage.unit_id}), most=1)[0].case_number == number


def test_the_board_shows_closed_cases_only(stage: Stage) -> None:
    home = stage.new_home()
    account_id = stage.small.account_ids[home]
    case = case_by_number(SYSTEM, stage.open_case(home), now=NOW)
    plan_callback(account_id, "visit", key=f"visit:{home}", case_id=None, by=stage.agent, at=NOW)
    plan_callback(account_id, "midway", key=f"midway:{home}", case_id=case.id, by=stage.agent, at=NOW)
    assert call_of(case.number, stage.agent) is not None
    assert account_number(home) not in {row.account_number for row in board(stage.agent, most=500)}


def test_calls_that_are_done_do_not_crowd_out_those_to_make(stage: Stage) -> None:
    _, done = closed_case(stage)
    record_result(callback_of(stage, done), HAPPY, by=stage.agent, at=CALLED_AT)
    account_id = stage.small.account_ids[stage.new_home()]
    # Due after every other call of this module, so that only what is open comes before it.
    later = NOW + timedelta(days=30)
    plan_callback(account_id, "late", key="late", case_id=None, by=stage.agent, at=later)
    open_calls = callback_list(stage.agent, most=500)
    assert open_calls[-1].reason == "late"
    shortened = callback_list(stage.agent, most=len(open_calls))
    assert [call.id for call in shortened] == [call.id for call in open_calls]
    assert len(callback_list(stage.agent, open_only=False, most=500)) > len(open_calls)


def test_another_unit_and_customers_see_and_record_nothing(stage: Stage) -> None:
    home, number = closed_case(stage)
    callback_id = callback_of(stage, number)
    stranger = staff(Role.AGENT, units={stage.unit_id + 1})
    assert callback_list(stranger) == []
    assert board(stranger) == []
    for unknown, by in ((callback_id, stranger), (999_999, stage.agent)):
        with pytest.raises(UnknownCallback):
            record_result(unknown, HAPPY, by=by, at=CALLED_AT)
    account_id = stage.small.account_ids[home]
    for by in (stage.customer(home), stage.reader):
        with pytest.raises(NotPermitted):
            callback_list(by)
        with pytest.raises(NotPermitted):
            board(by)
        with pytest.raises(NotPermitted):
            record_result(callback_id, HAPPY, by=by, at=CALLED_AT)
        with pytest.raises(NotPermitted):
            plan_callback(account_id, "visit", key="no", case_id=None, by=by, at=NOW)
    with pytest.raises(NotPermitted):
        plan_callback(account_id, "visit", key="no", case_id=None, by=stranger, at=NOW)
    with pytest.raises(UnknownAccount):
        plan_callback(999_999, "visit", key="no", case_id=None, by=stage.agent, at=NOW)
    assert not Callback.objects.filter(key="no").exists()
    assert call_of(number, stage.agent) is not None
