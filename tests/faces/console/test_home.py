"""The first page of each role: what waits, counted, the most urgent first, what is late in words."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from faces.console.desk import colleague, find, text_of
from faces.small_utility import NOW, OWN, Utility
from mingdu.base.actors import SYSTEM
from mingdu.base.models import OrgUnit, OutboxEvent
from mingdu.base.outbox import MOST_ATTEMPTS
from mingdu.faces.console.limits import limit_words
from mingdu.work.models import Task
from mingdu.work.operations import TaskOrder, open_task

pytestmark = pytest.mark.database


def count_on(page: str, title: str) -> int:
    found = re.search(rf"<h2>{title}</h2>.*?text-3xl[^>]*>(\d+)<", page, re.DOTALL)
    assert found is not None, page
    return int(found[1])


def unit_id() -> int:
    return int(OrgUnit.objects.get(code="0530").pk)


def order(kind: str, key: str, role: str) -> int:
    task = open_task(TaskOrder(kind, key, "account:" + OWN, role, unit_id()), by=SYSTEM, at=NOW)
    return int(task.pk)


def test_whom_nothing_waits_for_is_told_so(utility: Utility) -> None:
    for login in ("reader", "cashier", "inspector"):
        page = text_of(colleague(login), "/console/")
        assert "今日没有待办。" in page and "没有超期任务" not in page


def test_a_reader_sees_his_rereads(utility: Utility) -> None:
    number = order("reread", "reread:home", "reader")
    page = text_of(colleague("reader"), "/console/")
    assert count_on(page, "我的复抄路线") == 1 and f'href="/console/tasks/{number}/"' in page
    assert "没有超期任务" in page


def test_a_clerk_sees_held_accounts_findings_and_runs(utility: Utility) -> None:
    order("held_account", "held:home", "clerk")
    finding = find()
    run = utility.post("runs/bills", "clerk", {"period": "2026-12"}).json()["id"]
    page = text_of(colleague("clerk"), "/console/")
    assert count_on(page, "扣住待核户") == 1 and OWN in page
    assert count_on(page, "待复核示数") == 1 and f'href="/console/readings/{finding}/"' in page
    assert count_on(page, "进行中的核算批次") == 1 and f'href="/console/runs/{run}/"' in page


def test_a_manager_sees_overdue_tasks_with_how_late_they_are(utility: Utility) -> None:
    number = order("held_account", "held:late", "clerk")
    Task.objects.filter(pk=number).update(due_at=NOW - timedelta(days=3))
    page = text_of(colleague("manager"), "/console/")
    assert count_on(page, "超期任务") == 1 and "已超期 3 天" in page
    assert "/console/tasks/?whose=all&amp;late=1" in page and count_on(page, "抄表流程") == 0


def test_an_approver_sees_runs_that_wait_for_him(utility: Utility) -> None:
    utility.work()
    page = text_of(colleague("approver"), "/console/")
    assert count_on(page, "待复核") == 1 and "2026-12 电费" in page


def test_an_agent_sees_cases_and_calls(utility: Utility) -> None:
    number = utility.post("cases", "customer", {"account": OWN, "kind": "enquiry", "words": "why"}).json()[
        "number"
    ]
    agent = colleague("agent")
    page = text_of(agent, "/console/")
    assert count_on(page, "未结工单") == 1 and count_on(page, "待回访") == 0
    utility.post(f"cases/{number}/close", "customer", {"outcome": "fixed"})
    utility.work()
    page = text_of(agent, "/console/")
    assert count_on(page, "未结工单") == 0 and count_on(page, "待回访") == 1 and number in page


def test_an_engineer_sees_terminals_and_yesterdays_collection(utility: Utility) -> None:
    page = text_of(colleague("engineer"), "/console/")
    terminals = utility.get("terminals", "engineer").json()["terminals"]
    assert count_on(page, "离线终端") == len(terminals) > 0 and "从未上线" in page
    found = utility.get("collection?day=2027-01-03", "engineer").json()
    assert count_on(page, "昨日漏采") == found["expected"] - found["stored"] > 0


def test_an_administrator_sees_what_failed(utility: Utility) -> None:
    OutboxEvent.objects.create(
        event="BillsIssued", consumer="notices", payload={}, created_at=NOW, available_at=NOW,
        attempts=MOST_ATTEMPTS, error="no channel",
    )  # fmt: skip
    page = text_of(colleague("administrator"), "/console/")
    assert count_on(page, "未送达事件") == 1 and "no channel" in page


@pytest.mark.parametrize(
    ("hours", "words", "tone"),
    [(-49, "overdue by 2 d", "bad"), (-2, "overdue by 2 h", "bad"), (3, "due in 3 h", "warn"),
     (48, "due 01-06 09:00", "plain")],
)  # fmt: skip
def test_says_how_far_a_limit_is(hours: int, words: str, tone: str) -> None:
    from django.utils.translation import override

    with override("en"):
        limit = limit_words(NOW + timedelta(hours=hours), NOW)
    assert (limit.words, limit.tone, limit.is_late) == (words, tone, hours < 0)
