"""Tasks have an owner and a limit in working time, are completed once, and are escalated when late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from zoneinfo import ZoneInfo

import pytest

from acting import NOBODY, customer, staff
from listening import heard, listening
from mingdu.base.actors import SYSTEM, Actor, Grant
from mingdu.base.models import AuditEntry, OrgUnit, OutboxEvent, Person, RoleGrant
from mingdu.base.outbox import deliver_all
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.core.working_time import DayOutsideCalendar
from mingdu.notices.models import Message
from mingdu.rulebook.processes import UnknownTaskKind
from mingdu.work.events import TaskCompleted, TaskEscalated
from mingdu.work.models import Task, TaskAssignment, TaskCompletion, TaskEscalation
from mingdu.work.operations import (
    NotTaskOwner,
    PersonWithoutRole,
    TaskAlreadyDone,
    TaskOrder,
    UnknownPerson,
    UnknownTask,
    assign_task,
    complete_task,
    escalate_overdue,
    open_task,
)
from mingdu.work.queries import open_tasks, task_by_id, tasks_about
from threads import at_once, only

pytestmark = pytest.mark.database

ZONE = ZoneInfo("Asia/Shanghai")
OWN_UNIT, FOREIGN_UNIT = 3, 4
numbers = count(1)


@pytest.fixture
def desk(module_database: str) -> Iterator[None]:
    """No tasks left over, and the events of tasks listened to."""
    OutboxEvent.objects.all().delete()
    Task.objects.all().delete()
    with listening(TaskCompleted, TaskEscalated):
        yield


def order(kind: str = "reread", *, unit_id: int | None = None, limit_hours: int | None = None) -> TaskOrder:
    key = f"key:{next(numbers)}"
    return TaskOrder(kind, key, "usage_point:P1", "reader", unit_id, limit_hours, {"why": "asked"})


def at_desk(day: int, hour: int, minute: int = 0, *, month: int = 12, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("opened_at", "hours", "due_at"),
    [
        # Friday evening: one hour is left, the other seven are worked on Monday.
        (at_desk(18, 17), 8, at_desk(21, 17)),
        # Before the holiday of 1 January, a Friday, and the weekend behind it.
        (at_desk(31, 17), 8, at_desk(4, 17, month=1, year=2027)),
        # Sunday 4 January 2026 was worked in place of a Friday.
        (at_desk(3, 10, month=1), 8, at_desk(4, 18, month=1)),
        # The pause at noon does not count.
        (at_desk(21, 11, 30), 1, at_desk(21, 14)),
        (at_desk(21, 10), 0, at_desk(21, 10)),
    ],
)
def test_the_limit_counts_working_time(opened_at: datetime, hours: int, due_at: datetime, desk: None) -> None:
    assert open_task(order(limit_hours=hours), by=SYSTEM, at=opened_at).due_at == due_at


def test_the_limit_comes_from_the_kind_when_the_order_gives_none(desk: None) -> None:
    task = open_task(order("reread"), by=SYSTEM, at=at_desk(21, 8, 30))
    assert task.due_at == at_desk(22, 18)


def test_the_same_key_is_the_same_task(desk: None, now: datetime) -> None:
    wanted = order()
    first = open_task(wanted, by=SYSTEM, at=now)
    assert open_task(wanted, by=SYSTEM, at=now + timedelta(days=1)) == first
    at_threads = order()
    tasks = at_once([partial(open_task, at_threads, by=SYSTEM, at=now)] * 8)
    assert len(set(tasks)) == 1
    assert Task.objects.count() == 2


@pytest.mark.parametrize("limit_hours", [None, 8])
def test_refuses_a_kind_without_limit(limit_hours: int | None, desk: None, now: datetime) -> None:
    with pytest.raises(UnknownTaskKind):
        open_task(order("dance", limit_hours=limit_hours), by=SYSTEM, at=now)


def test_refuses_a_limit_beyond_the_calendar(desk: None) -> None:
    with pytest.raises(DayOutsideCalendar):
        open_task(order(), by=SYSTEM, at=at_desk(26, 9, month=2, year=2027))


def test_a_completion_is_kept_told_and_audited(desk: None, now: datetime) -> None:
    task = open_task(order(unit_id=OWN_UNIT), by=SYSTEM, at=now)
    reader = staff(Role.READER, units={OWN_UNIT})
    complete_task(task.pk, "read", note="gate was open", by=reader, at=now)
    completion = TaskCompletion.objects.get(task=task)
    assert (completion.outcome, completion.note, completion.by) == ("read", "gate was open", reader.id)
    assert heard(TaskCompleted) == [
        {"task_id": task.pk, "kind": "reread", "subject": "usage_point:P1", "outcome": "read"}
    ]
    assert AuditEntry.objects.filter(verb="work.complete_task", target=f"task:{task.pk}").count() == 1


def test_refuses_to_complete_a_task_twice(desk: None, now: datetime) -> None:
    task = open_task(order(), by=SYSTEM, at=now)
    complete_task(task.pk, "read", by=SYSTEM, at=now)
    with pytest.raises(TaskAlreadyDone):
        complete_task(task.pk, "not read", by=SYSTEM, at=now)
    with pytest.raises(TaskAlreadyDone):
        assign_task(task.pk, 7, by=SYSTEM, at=now)
    assert TaskCompletion.objects.get(task=task).outcome == "read"


def test_of_eight_completions_at_once_one_holds(desk: None, now: datetime) -> None:
    task = open_task(order(), by=SYSTEM, at=now)
    outcomes = at_once([partial(complete_task, task.pk, f"outcome {n}", by=SYSTEM, at=now) for n in range(8)])
    assert only(outcomes, TaskAlreadyDone) == [TaskCompletion.objects.get(task=task)]
    assert len(heard(TaskCompleted)) == 1


def test_refuses_tasks_that_are_not_there(desk: None, now: datetime) -> None:
    with pytest.raises(UnknownTask):
        complete_task(0, "read", by=SYSTEM, at=now)
    with pytest.raises(UnknownTask):
        assign_task(0, 7, by=SYSTEM, at=now)


def hire(role: str, unit: OrgUnit | None = None) -> Person:
    person = Person.objects.create(login=f"hired-{next(numbers)}", name="吴刚", password="!")
    RoleGrant.objects.create(person=person, role=role, unit=unit)
    return person


def test_the_latest_assignment_holds(desk: None, now: datetime) -> None:
    task, readers = open_task(order(), by=SYSTEM, at=now), [hire("reader") for _ in range(2)]
    for person in readers:
        assign_task(task.pk, person.pk, by=staff(Role.MANAGER), at=now)
    assert TaskAssignment.objects.filter(task=task).latest("pk").person_id == readers[1].pk
    assert AuditEntry.objects.filter(verb="work.assign_task", target=f"task:{task.pk}").count() == 2
    with pytest.raises(NotTaskOwner):
        complete_task(task.pk, "read", by=staff(Role.READER, number=readers[0].pk), at=now)
    complete_task(task.pk, "read", by=staff(Role.READER, number=readers[1].pk), at=now)


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.READER, Role.MANAGER)])
def test_only_the_owner_role_or_a_manager_completes_a_task(role: Role, desk: None, now: datetime) -> None:
    task = open_task(order(unit_id=OWN_UNIT), by=SYSTEM, at=now)
    if role is not Role.SYSTEM:
        refusal = NotPermitted if role is Role.CUSTOMER else NotTaskOwner
        with pytest.raises(refusal):
            complete_task(task.pk, "read", by=staff(role), at=now)
        assert not TaskCompletion.objects.exists()
    complete_task(task.pk, "read", by=staff(Role.MANAGER, units={OWN_UNIT}), at=now)


def test_a_manager_of_another_unit_is_no_owner(desk: None, now: datetime) -> None:
    task = open_task(order(unit_id=OWN_UNIT), by=SYSTEM, at=now)
    reader_elsewhere = Actor(
        "person:7", "王芳",
        (Grant(Role.MANAGER, frozenset({FOREIGN_UNIT})), Grant(Role.CLERK, frozenset({OWN_UNIT}))),
    )  # fmt: skip
    with pytest.raises(NotTaskOwner):
        complete_task(task.pk, "read", by=reader_elsewhere, at=now)


def test_a_manager_ends_what_was_given_to_another(desk: None, now: datetime) -> None:
    task = open_task(order(), by=SYSTEM, at=now)
    assign_task(task.pk, hire("reader").pk, by=SYSTEM, at=now)
    complete_task(task.pk, "not needed any more", by=staff(Role.MANAGER), at=now)
    assert TaskCompletion.objects.get(task=task).outcome == "not needed any more"


def test_refuses_to_give_a_task_to_nobody_or_to_who_may_not_do_it(desk: None, now: datetime) -> None:
    own, foreign = (
        OrgUnit.objects.get_or_create(code=code, defaults={"name": code})[0] for code in ("NEAR", "FAR")
    )
    task = open_task(order(unit_id=own.pk), by=SYSTEM, at=now)
    left = hire("reader", own)
    Person.objects.filter(pk=left.pk).update(is_active=False)
    for person_id in (left.pk, 999_999):
        with pytest.raises(UnknownPerson):
            assign_task(task.pk, person_id, by=SYSTEM, at=now)
    for unfit in (hire("clerk", own), hire("reader", foreign)):
        with pytest.raises(PersonWithoutRole):
            assign_task(task.pk, unfit.pk, by=SYSTEM, at=now)
    assert not TaskAssignment.objects.exists()
    for fit in (hire("reader", own), hire("manager", own), hire("reader")):
        assign_task(task.pk, fit.pk, by=SYSTEM, at=now)
    assert TaskAssignment.objects.count() == 3


def test_of_an_assignment_and_a_foreign_completion_at_once_one_holds(desk: None, now: datetime) -> None:
    chosen = hire("reader")
    for _ in range(5):
        task = open_task(order(), by=SYSTEM, at=now)
        outcomes = at_once(
            [
                partial(assign_task, task.pk, chosen.pk, by=SYSTEM, at=now),
                partial(complete_task, task.pk, "read", by=staff(Role.READER, number=chosen.pk + 1), at=now),
            ]
        )
        was_assigned = TaskAssignment.objects.filter(task=task).exists()
        assert TaskCompletion.objects.filter(task=task).exists() is not was_assigned
        refused = [type(each) for each in outcomes if isinstance(each, BaseException)]
        assert refused == [NotTaskOwner if was_assigned else TaskAlreadyDone]


def test_assignments_at_once_all_stand_and_the_latest_holds(desk: None, now: datetime) -> None:
    task, readers = open_task(order(), by=SYSTEM, at=now), [hire("reader") for _ in range(4)]
    outcomes = at_once([partial(assign_task, task.pk, each.pk, by=SYSTEM, at=now) for each in readers])
    assert outcomes == [None] * 4
    holder = TaskAssignment.objects.filter(task=task).latest("pk").person_id
    complete_task(task.pk, "read", by=staff(Role.READER, number=holder), at=now)


def test_refuses_whoever_may_not(desk: None, now: datetime) -> None:
    task = open_task(order(unit_id=FOREIGN_UNIT), by=SYSTEM, at=now)
    reader, manager = (staff(role, units={OWN_UNIT}) for role in (Role.READER, Role.MANAGER))
    refused = (
        partial(open_task, order(unit_id=FOREIGN_UNIT), by=reader, at=now),
        partial(open_task, order(), by=customer(9), at=now),
        partial(complete_task, task.pk, "read", by=reader, at=now),
        partial(complete_task, task.pk, "read", by=customer(9), at=now),
        partial(assign_task, task.pk, 7, by=manager, at=now),
        partial(assign_task, task.pk, 7, by=staff(Role.READER), at=now),
        partial(escalate_overdue, by=manager, at=now),
    )
    for act in refused:
        with pytest.raises(NotPermitted):
            act()
    assert not TaskCompletion.objects.exists()
    assert not TaskAssignment.objects.exists()


def test_the_door_is_asked_before_the_task_is_looked_for(desk: None, now: datetime) -> None:
    with pytest.raises(NotPermitted):
        complete_task(0, "read", by=NOBODY, at=now)
    with pytest.raises(NotPermitted):
        assign_task(0, 7, by=NOBODY, at=now)


def test_lists_show_tasks_of_the_units_and_of_no_unit(desk: None, now: datetime) -> None:
    own = open_task(order(unit_id=OWN_UNIT), by=SYSTEM, at=now)
    foreign = open_task(order(unit_id=FOREIGN_UNIT), by=SYSTEM, at=now)
    nobodys = open_task(order("finding"), by=SYSTEM, at=now)
    reader = staff(Role.READER, units={OWN_UNIT})
    assert [view.id for view in open_tasks(reader)] == [own.pk, nobodys.pk]
    assert {view.id for view in open_tasks(staff(Role.READER))} == {own.pk, foreign.pk, nobodys.pk}
    assert [view.id for view in open_tasks(reader, kind="finding")] == [nobodys.pk]
    assert open_tasks(reader, role="clerk") == []
    assert len(open_tasks(staff(Role.READER), role="reader", most=2)) == 2
    assert task_by_id(reader, foreign.pk) is None
    seen = task_by_id(reader, own.pk)
    assert seen is not None
    assert (seen.outcome, seen.details) == ("", {"why": "asked"})
    with pytest.raises(NotPermitted):
        open_tasks(customer(9))


def test_a_done_task_leaves_the_list_and_stays_with_its_subject(desk: None, now: datetime) -> None:
    task = open_task(order(), by=SYSTEM, at=now)
    complete_task(task.pk, "read", by=SYSTEM, at=now)
    assert open_tasks(SYSTEM) == []
    assert [(view.id, view.outcome) for view in tasks_about(SYSTEM, "usage_point:P1")] == [(task.pk, "read")]
    assert tasks_about(SYSTEM, "usage_point:P2") == []


def test_each_level_is_escalated_once_to_its_role(desk: None) -> None:
    opened_at = at_desk(21, 8, 30)
    task = open_task(order("reread", unit_id=OWN_UNIT), by=SYSTEM, at=opened_at)
    late = task.due_at + timedelta(seconds=1)
    assert escalate_overdue(by=SYSTEM, at=task.due_at) == 0
    assert [escalate_overdue(by=SYSTEM, at=late) for _ in range(2)] == [1, 0]
    second = task.due_at + (task.due_at - opened_at)
    assert escalate_overdue(by=SYSTEM, at=second - timedelta(seconds=1)) == 0
    assert [escalate_overdue(by=SYSTEM, at=second) for _ in range(2)] == [1, 0]
    assert escalate_overdue(by=SYSTEM, at=second + timedelta(days=365)) == 0
    levels = TaskEscalation.objects.filter(task=task).order_by("level").values_list("level", "to_role")
    assert list(levels) == [(1, "clerk"), (2, "manager")]
    assert [(event["level"], event["to_role"], event["unit_id"]) for event in heard(TaskEscalated)] == [
        (1, "clerk", OWN_UNIT), (2, "manager", OWN_UNIT),
    ]  # fmt: skip


def test_workers_at_once_escalate_a_level_once(desk: None) -> None:
    tasks = [open_task(order(), by=SYSTEM, at=at_desk(21, 9)) for _ in range(5)]
    late = tasks[0].due_at + timedelta(minutes=1)
    counts = at_once([lambda: escalate_overdue(by=SYSTEM, at=late)] * 4)
    assert sum(count for count in counts if isinstance(count, int)) == 5
    assert len(heard(TaskEscalated)) == 5


def test_a_done_task_is_not_escalated(desk: None) -> None:
    task = open_task(order(), by=SYSTEM, at=at_desk(21, 9))
    complete_task(task.pk, "read", by=SYSTEM, at=at_desk(21, 10))
    assert escalate_overdue(by=SYSTEM, at=task.due_at + timedelta(days=1)) == 0


def test_tasks_told_to_everybody_or_of_a_kind_since_removed_hold_up_no_other(desk: None) -> None:
    told = open_task(order("finding"), by=SYSTEM, at=at_desk(1, 9))
    removed = open_task(order("finding"), by=SYSTEM, at=at_desk(1, 9))
    Task.objects.filter(pk=removed.pk).update(kind="was in the rules once")
    fresh = open_task(order("finding"), by=SYSTEM, at=at_desk(2, 9))
    late = fresh.due_at + timedelta(minutes=1)
    assert [escalate_overdue(by=SYSTEM, at=late, most=1) for _ in range(3)] == [1, 1, 0]
    assert list(TaskEscalation.objects.order_by("pk").values_list("task", flat=True)) == [told.pk, fresh.pk]


def test_the_notice_of_an_escalation_reaches_the_holders_on_the_unit(desk: None) -> None:
    own, foreign = (
        OrgUnit.objects.get_or_create(code=code, defaults={"name": code})[0] for code in ("OWN", "FOREIGN")
    )
    told, not_told = (
        Person.objects.create(login=f"manager-{unit.code}", name="吴刚", password="!", language="en")
        for unit in (own, foreign)
    )
    RoleGrant.objects.create(person=told, role="manager", unit=own)
    RoleGrant.objects.create(person=not_told, role="manager", unit=foreign)
    task = open_task(order("finding", unit_id=own.pk), by=SYSTEM, at=at_desk(21, 9))
    late = task.due_at + timedelta(minutes=1)
    escalate_overdue(by=SYSTEM, at=late)
    deliver_all(late)
    message = Message.objects.get(recipient=f"person:{told.pk}")
    assert message.body == (
        "Task finding (usage_point:P1) is overdue, escalation level 1; please act or reassign."
    )
    assert not Message.objects.filter(recipient=f"person:{not_told.pk}").exists()


def test_instants_are_stored_in_utc(desk: None) -> None:
    task = open_task(order(), by=SYSTEM, at=at_desk(21, 9))
    task.refresh_from_db()
    assert task.opened_at == datetime(2026, 12, 21, 1, tzinfo=UTC)
    assert task.opened_at.tzinfo == UTC
