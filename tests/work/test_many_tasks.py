"""Tasks by the hundred: opened and given in a few statements, each key once, ended where still open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from acting import customer, staff
from listening import heard, listening
from mingdu.base.actors import SYSTEM
from mingdu.base.models import AuditEntry, OutboxEvent
from mingdu.base.operations import create_person, create_unit, grant_role
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.work.events import TaskCompleted
from mingdu.work.many_tasks import (
    HandedOrder,
    end_together,
    open_together,
    people_given,
    task_details,
    task_outcomes,
)
from mingdu.work.models import Task
from mingdu.work.operations import PersonWithoutRole, TaskOrder, UnknownPerson, complete_task, open_task

pytestmark = pytest.mark.database


@pytest.fixture
def desk(database: str) -> Iterator[None]:
    OutboxEvent.objects.all().delete()
    with listening(TaskCompleted):
        yield


def orders(count: int, *, unit_id: int | None = None, person_id: int | None = None) -> list[HandedOrder]:
    return [
        HandedOrder(
            TaskOrder(
                "reread", f"many:{place}", "usage_point:P1", "reader", unit_id, details={"place": place}
            ),
            person_id,
        )
        for place in range(count)
    ]


def test_many_are_opened_as_one_would_be(desk: None, now: datetime) -> None:
    numbers = open_together(orders(3), by=SYSTEM, at=now)
    alone = open_task(TaskOrder("reread", "alone", "usage_point:P1", "reader"), by=SYSTEM, at=now)
    tasks = {task.pk: task for task in Task.objects.filter(pk__in=numbers)}
    assert [tasks[number].key for number in numbers] == ["many:0", "many:1", "many:2"]
    assert {(task.due_at, task.opened_at, task.opened_by) for task in tasks.values()} == {
        (alone.due_at, alone.opened_at, alone.opened_by)
    }
    assert task_details(numbers) == {number: {"place": place} for place, number in enumerate(numbers)}


def test_the_limit_of_an_order_replaces_the_kind_s_own(desk: None, now: datetime) -> None:
    [handed] = orders(1)
    [number] = open_together([replace(handed, order=replace(handed.order, limit_hours=0))], by=SYSTEM, at=now)
    assert Task.objects.get(pk=number).due_at == now


def test_a_key_that_is_there_stays_as_it_is(desk: None, now: datetime) -> None:
    first = open_together(orders(2), by=SYSTEM, at=now)
    again = open_together(orders(3), by=SYSTEM, at=now + timedelta(days=1))
    assert again[:2] == first and Task.objects.count() == 3
    assert {task.opened_at for task in Task.objects.filter(pk__in=first)} == {now}
    assert open_together([], by=SYSTEM, at=now) == []


def test_the_statements_do_not_grow_with_the_tasks(desk: None, now: datetime) -> None:
    with CaptureQueriesContext(connection) as few:
        open_together(orders(1), by=SYSTEM, at=now)
    Task.objects.all().delete()
    with CaptureQueriesContext(connection) as many:
        open_together(orders(200), by=SYSTEM, at=now)
    assert len(many) == len(few)


def test_each_is_given_to_a_person_who_may_do_it(desk: None, now: datetime) -> None:
    unit = create_unit("0530", "供电所", parent=None, by=SYSTEM, at=now)
    person = create_person("reader", "王强", password="right", unit=unit, by=SYSTEM, at=now)
    with pytest.raises(PersonWithoutRole):
        open_together(orders(2, unit_id=unit.pk, person_id=person.pk), by=SYSTEM, at=now)
    with pytest.raises(UnknownPerson):
        open_together(orders(2, person_id=999_999), by=SYSTEM, at=now)
    assert not Task.objects.exists()
    grant_role(person, Role.READER, unit=unit, by=SYSTEM, at=now)
    numbers = open_together(orders(2, unit_id=unit.pk, person_id=person.pk), by=SYSTEM, at=now)
    assert people_given(numbers) == dict.fromkeys(numbers, person.pk)


def test_those_still_open_are_ended_and_told(desk: None, now: datetime) -> None:
    numbers = open_together(orders(3), by=SYSTEM, at=now)
    complete_task(numbers[0], "read", by=SYSTEM, at=now)
    told = len(heard(TaskCompleted))
    assert end_together(numbers, "arrived", by=SYSTEM, at=now) == numbers[1:]
    assert end_together(numbers, "arrived", by=SYSTEM, at=now) == []
    assert task_outcomes(numbers) == {numbers[0]: "read", numbers[1]: "arrived", numbers[2]: "arrived"}
    assert [event["task_id"] for event in heard(TaskCompleted)[told:]] == numbers[1:]
    written = AuditEntry.objects.get(verb="work.end_tasks")
    assert written.details == {"outcome": "arrived", "tasks": numbers[1:]}


def test_only_the_system_ends_many_and_only_staff_opens_them(desk: None, now: datetime) -> None:
    numbers = open_together(orders(1), by=SYSTEM, at=now)
    with pytest.raises(NotPermitted):
        end_together(numbers, "arrived", by=staff(Role.MANAGER), at=now)
    with pytest.raises(NotPermitted):
        open_together(orders(1), by=customer(1), at=now)
    with pytest.raises(NotPermitted):
        open_together(orders(1, unit_id=4), by=staff(Role.CLERK, units={3}), at=now)
