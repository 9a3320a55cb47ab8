"""Lists of open tasks: one's own or all of one's units, late ones, and who may be given a task."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from acting import NOBODY, staff
from mingdu.base.actors import SYSTEM
from mingdu.base.operations import create_person, create_unit, grant_role
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.work.models import Task
from mingdu.work.operations import TaskOrder, assign_task, complete_task, open_task
from mingdu.work.task_lists import TaskFilter, people_for, task_listed, tasks_listed

pytestmark = pytest.mark.database


@pytest.fixture
def desk(database: str, now: datetime) -> Iterator[int]:
    """A unit with a clerk and a manager; returns its number."""
    unit = create_unit("U1", "明湖供电所", parent=None, by=SYSTEM, at=now)
    for login, name, role in (("clerk", "杨敏", Role.CLERK), ("manager", "周静", Role.MANAGER)):
        person = create_person(login, name, password="right", unit=unit, by=SYSTEM, at=now)
        grant_role(person, role, unit=unit, by=SYSTEM, at=now)
    yield int(unit.pk)


def order(
    key: str, now: datetime, *, unit: int | None, role: str = "clerk", kind: str = "held_account"
) -> int:
    return int(open_task(TaskOrder(kind, key, "account:1", role, unit), by=SYSTEM, at=now).pk)


def person_of(login: str) -> int:
    from mingdu.base.models import Person

    return int(Person.objects.get(login=login).pk)


def test_ones_own_tasks_are_those_given_to_one_or_to_nobody(desk: int, now: datetime) -> None:
    clerk = staff(Role.CLERK, units={desk}, number=person_of("clerk"))
    other = staff(Role.CLERK, units={desk}, number=77)
    free, given = order("free", now, unit=desk), order("given", now, unit=desk)
    readers = order("readers", now, unit=desk, role="reader", kind="reread")
    foreign, done = order("foreign", now, unit=desk + 1), order("done", now, unit=desk)
    complete_task(done, "done", by=SYSTEM, at=now)
    assign_task(given, person_of("clerk"), by=SYSTEM, at=now)

    def seen(by: object, **wanted: object) -> set[int]:
        return {row.pk for row in tasks_listed(by, TaskFilter(**wanted))}  # type: ignore[arg-type]

    assert seen(clerk, is_mine=True) == {free, given}
    assert seen(other, is_mine=True) == {free}
    assert seen(clerk) == {free, given, readers} and seen(clerk, kind="reread") == {readers}
    assert seen(SYSTEM) == {free, given, readers, foreign}
    Task.objects.filter(pk=free).update(due_at=now - timedelta(hours=1))
    assert seen(clerk, late_at=now) == {free}
    first = tasks_listed(clerk, TaskFilter())[0]
    assert (first.pk, first.assigned_to) == (free, None)


def test_one_task_names_who_has_it_in_hand(desk: int, now: datetime) -> None:
    number = order("one", now, unit=desk)
    assign_task(number, person_of("clerk"), by=SYSTEM, at=now)
    found = task_listed(staff(Role.CLERK, units={desk}), number)
    assert found is not None and found.assigned_to == person_of("clerk")
    assert task_listed(staff(Role.CLERK, units={desk + 1}), number) is None
    with pytest.raises(NotPermitted):
        task_listed(NOBODY, number)


def test_a_task_may_be_given_to_its_role_or_a_manager_a_step_to_its_role_alone(
    desk: int, now: datetime
) -> None:
    manager = staff(Role.MANAGER, units={desk})
    task = task_listed(manager, order("held", now, unit=desk))
    step = task_listed(manager, order("step", now, unit=desk, kind="process_step"))
    assert task is not None and step is not None
    assert [name for _, name in people_for(manager, task)] == sorted(["周静", "杨敏"])
    assert [name for _, name in people_for(manager, step)] == ["杨敏"]
    with pytest.raises(NotPermitted):
        people_for(staff(Role.READER, units={desk}), task)
