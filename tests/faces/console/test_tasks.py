"""Task lists: filtered, given to somebody, ended; refusals say why and nothing typed is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from faces.console.desk import PART, colleague, followed, said, text_of
from faces.small_utility import NOW, OWN, Utility
from mingdu.base.actors import SYSTEM
from mingdu.base.models import OrgUnit, Person
from mingdu.work.models import Task, TaskCompletion
from mingdu.work.operations import STEP, TaskOrder, open_task

pytestmark = pytest.mark.database


def order(key: str, kind: str = "held_account", role: str = "clerk", subject: str = f"account:{OWN}") -> int:
    unit = OrgUnit.objects.get(code="0530").pk
    details = {"usage_point": "P0530100002", "address": "竹影巷 57 号"} if kind == "reread" else {}
    task = open_task(TaskOrder(kind, key, subject, role, unit, details=details), by=SYSTEM, at=NOW)
    return int(task.pk)


def person(login: str) -> int:
    return int(Person.objects.get(login=login).pk)


def link(number: int) -> str:
    return f'href="/console/tasks/{number}/"'


def test_an_empty_list_says_what_to_do(utility: Utility) -> None:
    assert "选择“全部类型”" in text_of(colleague("inspector"), "/console/tasks/")


def test_ones_own_tasks_are_shown_first_and_all_on_demand(utility: Utility) -> None:
    own, others = order("task:own"), order("task:others", "reread", "reader")
    clerk = colleague("clerk")
    mine = text_of(clerk, "/console/tasks/")
    assert link(own) in mine and link(others) not in mine
    everything = text_of(clerk, "/console/tasks/?whose=all")
    assert link(own) in everything and link(others) in everything and "竹影巷 57 号" in everything
    rereads = text_of(clerk, "/console/tasks/?whose=all&kind=reread")
    assert link(own) not in rereads and link(others) in rereads


def test_overdue_tasks_are_marked_and_can_be_shown_alone(utility: Utility) -> None:
    late, in_time = order("task:late"), order("task:in-time")
    Task.objects.filter(pk=late).update(due_at=NOW - timedelta(hours=5))
    page = text_of(colleague("clerk"), "/console/tasks/?late=1")
    assert link(late) in page and link(in_time) not in page and "已超期 5 小时" in page


def test_a_task_opens_as_a_drawer_with_its_subjects_page(utility: Utility) -> None:
    number = order("task:drawer")
    clerk = colleague("clerk")
    drawer = text_of(clerk, f"/console/tasks/{number}/", **PART)
    assert 'role="dialog"' in drawer and "<html" not in drawer
    assert f'href="/console/accounts/{OWN}/bills/"' in drawer
    assert "<html" in text_of(clerk, f"/console/tasks/{number}/")


def test_a_task_is_done_once(utility: Utility) -> None:
    number = order("task:once")
    clerk = colleague("clerk")
    form = {"outcome": "done", "note": "用电属实"}
    assert "任务已办结。" in followed(clerk, f"/console/tasks/{number}/complete/", form)
    completion = TaskCompletion.objects.get(task_id=number)
    assert (completion.outcome, completion.note) == ("done", "用电属实")
    again = said(clerk.post(f"/console/tasks/{number}/complete/", form), 422)
    assert "已办" in again and TaskCompletion.objects.filter(task_id=number).count() == 1


def test_what_was_typed_stays_when_the_task_is_somebody_elses(utility: Utility) -> None:
    number = order("task:reader", "reread", "reader")
    form = {"outcome": "no_access", "note": "门锁着"}
    page = said(colleague("clerk").post(f"/console/tasks/{number}/complete/", form), 422)
    assert "该任务属于其他角色或人员" in page and "门锁着" in page
    assert not TaskCompletion.objects.filter(task_id=number).exists()


def test_a_step_of_a_process_is_not_ended_here(utility: Utility) -> None:
    number = order("task:step", STEP, "clerk", "process:1")
    clerk = colleague("clerk")
    assert "随该步骤办结" in text_of(clerk, f"/console/tasks/{number}/")
    form = {"outcome": "done", "note": ""}
    assert clerk.post(f"/console/tasks/{number}/complete/", form).status_code == 422


def test_a_task_is_given_to_a_colleague_who_may_do_it(utility: Utility) -> None:
    number = order("task:given")
    manager = colleague("manager")
    page = text_of(manager, f"/console/tasks/{number}/")
    assert (
        f'<option value="{person("clerk")}">' in page and f'<option value="{person("reader")}">' not in page
    )
    path = f"/console/tasks/{number}/assign/"
    assert "clerk 员工" in followed(manager, path, {"person": person("clerk")})
    assert link(number) in text_of(colleague("clerk"), "/console/tasks/")
    assert link(number) not in text_of(manager, "/console/tasks/")
    assert said(manager.post(path, {"person": person("reader")}), 422).count("errorlist") == 1


def test_a_done_task_is_given_to_nobody(utility: Utility) -> None:
    number = order("task:done")
    TaskCompletion.objects.create(task_id=number, outcome="done", by="system", at=NOW)
    manager = colleague("manager")
    assert "指派给他人" not in text_of(manager, f"/console/tasks/{number}/")
    assert manager.post(f"/console/tasks/{number}/assign/", {"person": person("clerk")}).status_code == 422


def test_a_reader_gives_tasks_to_nobody(utility: Utility) -> None:
    number = order("task:reader-assigns", "reread", "reader")
    reader = colleague("reader")
    assert "指派给他人" not in text_of(reader, f"/console/tasks/{number}/")
    assert reader.post(f"/console/tasks/{number}/assign/", {"person": 1}).status_code == 403
