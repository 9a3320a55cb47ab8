"""Reading cycles: started, finished step by step, sent back, given away; times of each step are shown."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client

from faces.console.desk import colleague, followed, said, text_of
from faces.console_service.stage import BOOK, actor, new_cycle
from faces.small_utility import NOW, Utility
from mingdu.base.actors import SYSTEM
from mingdu.base.models import OrgUnit
from mingdu.base.operations import create_person, grant_role
from mingdu.base.roles import Role
from mingdu.rounds.models import BookPoint
from mingdu.work.models import ProcessRun, Task, TaskAssignment
from mingdu.work.processes import assign_step, finish_step, return_step
from mingdu.work.step_times import StepTime, step_times

pytestmark = pytest.mark.database

CYCLES = "/console/cycles/"


@pytest.fixture(scope="module")
def clerk(utility: Utility) -> Client:
    return colleague("clerk")


@pytest.fixture(scope="module")
def engineer(utility: Utility) -> Client:
    return colleague("engineer")


def act(run: int, step: str, what: str) -> str:
    return f"{CYCLES}{run}/{step}/{what}/"


def test_an_empty_list_says_what_to_do(clerk: Client) -> None:
    assert "没有进行中" in text_of(clerk, CYCLES)


def test_a_cycle_is_started_once_and_not_ahead(engineer: Client) -> None:
    form = {"book": BOOK, "period": "2026-11"}
    bad = said(engineer.post(f"{CYCLES}new/", {"book": BOOK, "period": "2026-1x"}), 422)
    assert 'value="2026-1x"' in bad and "2026-12" in bad
    ahead = said(engineer.post(f"{CYCLES}new/", {"book": BOOK, "period": "2027-02"}), 422)
    assert "该月尚未开始" in ahead
    assert "errorlist" in said(engineer.post(f"{CYCLES}new/", {"book": "B999", "period": "2026-11"}), 422)
    assert "流程已启动" in followed(engineer, f"{CYCLES}new/", form)
    assert "流程已启动" in followed(engineer, f"{CYCLES}new/", form)
    assert ProcessRun.objects.filter(key__endswith=":2026-11").count() == 1
    page = text_of(engineer, CYCLES)
    assert BOOK in page and "2026-11" in page


def test_steps_are_done_by_their_role_and_the_check_by_another_person(
    utility: Utility, clerk: Client, engineer: Client
) -> None:
    run = new_cycle(date(2026, 10, 1))
    before = text_of(clerk, f"{CYCLES}{run}/")
    assert "首个环节办结时冻结清单" in before and "退回上一环节" not in before
    assert "该任务属于其他角色或人员" in said(engineer.post(act(run, "prepare", "finish")), 422)
    assert "本环节已办结" in followed(clerk, act(run, "prepare", "finish"), {"note": "清单已核对"})
    assert "该环节已办结" in said(clerk.post(act(run, "prepare", "finish")), 422)
    frozen = text_of(clerk, f"{CYCLES}{run}/")
    assert "个计量点" in frozen and "clerk 员工" in frozen
    for step in ("read", "enter"):
        assert "本环节已办结" in followed(engineer, act(run, step, "finish"))
    both = create_person(
        "both", "两岗 员工", password="right", unit=OrgUnit.objects.get(code="0530"), by=SYSTEM, at=NOW
    )
    for role in (Role.ENGINEER, Role.CLERK):
        grant_role(both, role, unit=both.unit, by=SYSTEM, at=NOW)
    other = new_cycle(date(2026, 9, 1))
    finish_step(other, "prepare", outcome="done", by=actor("clerk"), at=NOW)
    for step in ("read", "enter"):
        finish_step(other, step, outcome="done", by=actor("both"), at=NOW)
    refused = said(colleague("both").post(act(other, "check", "finish"), {"note": "我来"}), 422)
    assert "您办理过前面的环节" in refused and "我来</textarea>" in refused
    assert "本环节已办结" in followed(clerk, act(run, "check", "finish"))
    assert "本流程已结束" in text_of(clerk, f"{CYCLES}{run}/")


def test_work_is_sent_back_with_a_reason_and_counted(
    utility: Utility, clerk: Client, engineer: Client
) -> None:
    run = new_cycle(date(2026, 8, 1))
    first = said(clerk.post(act(run, "prepare", "return"), {"reason": "重来"}), 422)
    assert "首个环节，无法退回" in first and "重来</textarea>" in first
    finish_step(run, "prepare", outcome="done", by=actor("clerk"), at=NOW)
    assert "这个字段是必填项" in said(engineer.post(act(run, "read", "return"), {"reason": " "}), 422)
    assert "退回次数已计" in followed(engineer, act(run, "read", "return"), {"reason": "清单缺户"})
    page = text_of(clerk, f"{CYCLES}{run}/")
    assert "已退回" in page
    assert "errorlist" in said(engineer.post(act(run, "prepare", "return"), {"reason": "我的"}), 422)


def test_a_step_is_given_to_a_person_of_its_role(utility: Utility, clerk: Client, engineer: Client) -> None:
    run = new_cycle(date(2026, 7, 1))
    wrong = said(engineer.post(act(run, "prepare", "assign"), {"person": actor("reader").number}), 422)
    assert "errorlist" in wrong
    given = {"person": actor("clerk").number}
    assert "本环节已改派" in followed(engineer, act(run, "prepare", "assign"), given)
    assert "clerk 员工" in text_of(engineer, f"{CYCLES}{run}/")
    assert "clerk 员工" in text_of(engineer, CYCLES)
    gone = said(engineer.post(act(run, "read", "assign"), given), 422)
    assert "该环节已办结" in gone


def test_what_changed_in_the_list_is_named(utility: Utility, engineer: Client) -> None:
    former = new_cycle(date(2026, 5, 1))
    finish_step(former, "prepare", outcome="done", by=actor("clerk"), at=NOW)
    moved = BookPoint.objects.filter(book__code=BOOK).select_related("usage_point").first()
    assert moved is not None
    code = moved.usage_point.code
    moved.delete()
    run = new_cycle(date(2026, 6, 1))
    finish_step(run, "prepare", outcome="done", by=actor("clerk"), at=NOW)
    page = text_of(engineer, f"{CYCLES}{run}/")
    assert "较上期减少" in page and code in page


def test_waiting_ends_when_somebody_has_it_in_hand(utility: Utility) -> None:
    run, hour = new_cycle(date(2026, 4, 1)), timedelta(hours=1)
    assign_step(run, "prepare", actor("clerk").number or 0, by=actor("manager"), at=NOW + 2 * hour)
    times = step_times(actor("manager"), run, NOW + 5 * hour)
    assert times == {"prepare": StepTime(2 * hour, 3 * hour)}
    finish_step(run, "prepare", outcome="done", by=actor("clerk"), at=NOW + 6 * hour)
    return_step(run, "read", reason="缺数", by=actor("engineer"), at=NOW + 7 * hour)
    times = step_times(actor("manager"), run, NOW + 9 * hour)
    assert times["prepare"] == StepTime(4 * hour, 4 * hour) and times["read"] == StepTime(hour)
    assert step_times(actor("neighbour"), run, NOW) == {}
    task = Task.objects.filter(subject=f"process:{run}").latest("pk")
    assert not TaskAssignment.objects.filter(task=task).exists()


def test_a_cycle_of_other_units_has_no_page(utility: Utility) -> None:
    run = new_cycle(date(2026, 3, 1))
    away = create_person(
        "away", "邻所 员工", password="right", unit=OrgUnit.objects.get(code="0531"), by=SYSTEM, at=NOW
    )
    grant_role(away, Role.ENGINEER, unit=away.unit, by=SYSTEM, at=NOW)
    assert colleague("away").get(f"{CYCLES}{run}/").status_code == 404
