"""The callback desk: who comes first, the call on one screen, what it brought, how the scores stand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from faces.console.desk import colleague, followed, said, text_of
from faces.console_service.stage import PHONE_MASKED, actor, closed_case
from faces.small_utility import NOW, PHONE, Utility
from mingdu.base.actors import SYSTEM
from mingdu.customers.models import Contact
from mingdu.satisfaction.desk import call_to_make, calls_to_make, scores_of
from mingdu.satisfaction.models import Callback, CallbackResult
from mingdu.satisfaction.operations import (
    CallOutcome,
    CallResult,
    NextTryUnfit,
    UnknownCallback,
    plan_callback,
    record_result,
)
from mingdu.service.operations import Outcome

pytestmark = pytest.mark.database

DESK = "/console/callbacks/"
LATER = "2027-01-04T15:00"


@pytest.fixture(scope="module")
def agent(utility: Utility) -> Client:
    return colleague("agent")


@pytest.fixture
def nobody_waits(utility: Utility) -> None:
    Callback.objects.all().delete()


def place(page: str, call: int) -> int:
    return page.index(f'href="{DESK}{call}/"')


def test_an_empty_desk_says_when_a_call_appears(nobody_waits: None, agent: Client) -> None:
    assert "客户确认办结后，回访任务会出现在这里" in text_of(agent, DESK)
    assert "还没有接通的客户" in text_of(agent, f"{DESK}scores/")


def test_who_says_it_is_not_solved_comes_first_and_who_is_to_be_called_later_last(
    utility: Utility, nobody_waits: None, agent: Client
) -> None:
    _, usual = closed_case(utility)
    _, partly = closed_case(utility, Outcome.PARTLY)
    _, unsolved = closed_case(utility, Outcome.NOT_FIXED)
    _, later = closed_case(utility, Outcome.NOT_FIXED)
    form = {"outcome": "not_reached", "words": "无人接听", "next_at": LATER}
    assert "回访结果已登记" in followed(agent, f"{DESK}{later}/result/", form)
    page = text_of(agent, DESK)
    assert [place(page, call) for call in (unsolved, partly, usual, later)] == sorted(
        place(page, call) for call in (usual, partly, unsolved, later)
    )
    assert "下次 01-04 15:00" in page and "未解决" in page


def test_a_call_shows_customer_case_and_what_was_done(utility: Utility, agent: Client) -> None:
    number, call = closed_case(utility)
    page = text_of(agent, f"{DESK}{call}/")
    for what in (number, "电费太高了", "已解决", "办结时说", PHONE_MASKED, "已受理"):
        assert what in page, what
    assert PHONE not in page
    contact = Contact.objects.get(value=PHONE)
    assert f'href="tel:{PHONE}"' in said(agent.post(f"{DESK}{call}/contact/{contact.pk}/"))
    manager = text_of(colleague("manager"), f"{DESK}{call}/")
    assert number in manager and "登记" not in manager
    assert colleague("neighbour").get(f"{DESK}{call}/").status_code == 404


def test_a_call_without_a_case_is_shown_too(utility: Utility, agent: Client) -> None:
    _, call = closed_case(utility)
    account = Callback.objects.get(pk=call).account_id
    planned = plan_callback(account, "survey", key="survey:1", case_id=None, by=SYSTEM, at=NOW)
    page = text_of(agent, f"{DESK}{planned.pk}/")
    assert "survey" in page and "处理进展" not in page


def test_what_does_not_fit_is_refused_and_nothing_typed_is_lost(utility: Utility, agent: Client) -> None:
    _, call = closed_case(utility)
    path = f"{DESK}{call}/result/"
    assert "这个字段是必填项" in said(agent.post(path, {"words": "好"}), 422)
    unscored = said(agent.post(path, {"outcome": "reached", "words": "说得清楚"}), 422)
    assert "须给出 1 至 5 分" in unscored and "说得清楚</textarea>" in unscored
    past = {"outcome": "not_reached", "next_at": "2027-01-01T10:00"}
    assert "请选择将来的时间" in said(agent.post(path, past), 422)
    with pytest.raises(NextTryUnfit):
        late = CallResult(CallOutcome.REFUSED, next_at=NOW + timedelta(hours=4))
        record_result(call, late, by=actor("agent"), at=NOW)
    assert not CallbackResult.objects.filter(callback=call).exists()


def test_a_reached_customer_is_scored_once_and_stands_on_the_board(utility: Utility, agent: Client) -> None:
    number, call = closed_case(utility)
    path, form = f"{DESK}{call}/result/", {"outcome": "reached", "score": "4", "words": "说得清楚"}
    assert "回访结果已登记" in followed(agent, path, form)
    assert f'href="{DESK}{call}/"' not in text_of(agent, DESK)
    page = text_of(agent, f"{DESK}{call}/")
    assert "评分 4" in page and "说得清楚" in page and "登记</button>" not in page
    assert "已接通并评分" in said(agent.post(path, form), 422)
    board = text_of(agent, f"{DESK}scores/")
    assert number in board and "说得清楚" in board and 'role="img"' in board
    assert "5 分钟" in board


def test_who_refuses_is_left_in_peace(utility: Utility, agent: Client) -> None:
    _, call = closed_case(utility)
    path = f"{DESK}{call}/result/"
    assert "回访结果已登记" in followed(agent, path, {"outcome": "refused"})
    assert "该客户拒绝回访" in said(agent.post(path, {"outcome": "not_reached"}), 422)


def test_who_was_called_often_lately_is_marked(utility: Utility, nobody_waits: None, agent: Client) -> None:
    _, call = closed_case(utility)
    assert "30 天内已回访" not in text_of(agent, f"{DESK}{call}/")
    for _ in range(3):
        record_result(call, CallResult(CallOutcome.NOT_REACHED), by=actor("agent"), at=NOW)
    assert "该客户 30 天内已回访 3 次" in text_of(agent, f"{DESK}{call}/")
    assert "30 天内已回访 3 次" in text_of(agent, DESK)
    [waiting] = calls_to_make(actor("agent"), NOW)
    assert (waiting.tries, waiting.recent_calls, waiting.is_tired) == (3, 3, True)
    [much_later] = calls_to_make(actor("agent"), NOW + timedelta(days=31))
    assert (much_later.tries, much_later.recent_calls) == (3, 0)


def test_an_unknown_call_has_no_page(utility: Utility) -> None:
    with pytest.raises(UnknownCallback):
        call_to_make(actor("agent"), 999_999, NOW)


def test_no_scores_have_no_mean() -> None:
    empty = scores_of([])
    assert (empty.counts, empty.mean_tenths, empty.median_seconds) == ((0, 0, 0, 0, 0), None, None)
