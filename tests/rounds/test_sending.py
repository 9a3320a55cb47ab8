"""Readers are sent to what a cycle lacks: once, in walking order; what comes by itself ends the stop."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from acting import staff
from mingdu.base.actors import SYSTEM, Actor
from mingdu.base.models import RoleGrant
from mingdu.base.permissions import NotPermitted
from mingdu.base.queries import read_audit
from mingdu.base.roles import Role
from mingdu.metering.models import Installation, ReadingConflict
from mingdu.rounds.models import BookReader, RoundStop
from mingdu.rounds.operations import (
    ARRIVED,
    MonthNotOver,
    NotBeingRead,
    UnknownCycle,
    refresh_round,
    send_round,
    sync,
)
from mingdu.rounds.operations.visits import VisitItem, record_visits
from mingdu.rounds.queries import route
from mingdu.rounds.round_plan import RoundChoice, readers_for, round_plan
from mingdu.rounds.round_progress import RoundProgress, round_progress
from mingdu.rounds.walk import walk
from mingdu.work.models import Task, TaskAssignment
from mingdu.work.operations import PersonWithoutRole, UnknownPerson, complete_task
from mingdu.work.processes import finish_step
from mingdu.work.queries import task_by_id
from rounds.sent_round import SentRound, build_round, new_reader
from small_town import midnight
from threads import at_once

pytestmark = pytest.mark.database
MISSING = RoundChoice()


@pytest.fixture
def sent(database: str, now: datetime) -> SentRound:
    return build_round(now)


@pytest.fixture
def reader(sent: SentRound) -> Actor:
    return new_reader("first", sent.unit_id, sent.now)


def send(sent: SentRound, choice: RoundChoice = MISSING) -> int:
    return send_round(sent.run_id, choice, by=sent.clerk, at=sent.now)


def progress(sent: SentRound) -> RoundProgress:
    found = round_progress(sent.clerk, sent.run_id)
    assert found is not None
    return found


def counts(sent: SentRound) -> tuple[int, int, int, int]:
    found = progress(sent)
    return found.sent, found.read, found.missed, found.waiting


def task_of(sent: SentRound, number: int) -> int:
    return int(RoundStop.objects.get(usage_point_id=sent.small.point_ids[number]).task_id)


def outcome_of(task_id: int) -> str:
    task = task_by_id(SYSTEM, task_id)
    assert task is not None
    return task.outcome


def test_a_plan_says_what_would_be_sent_and_sends_nothing(sent: SentRound) -> None:
    plan = round_plan(sent.clerk, sent.run_id, MISSING)
    assert plan is not None
    assert (plan.points, plan.lacking, plan.without_meter) == (len(sent.walked), len(sent.lacking), 0)
    assert [stop.usage_point_id for stop in plan.stops] == [
        sent.small.point_ids[number] for number in sent.lacking
    ]
    assert [stop.place for stop in plan.stops] == [2, 3, 4]
    assert all(stop.lacks and stop.reader_id is None for stop in plan.stops)
    assert [register.name for register in plan.stops[0].registers] == ["TOTAL", "PEAK", "FLAT", "VALLEY"]
    assert not Task.objects.filter(kind="round_reading").exists()


def test_what_lacks_a_reading_is_on_the_route_in_walking_order(sent: SentRound, reader: Actor) -> None:
    assert send(sent) == 3
    stops = route(reader)
    stored = list(RoundStop.objects.order_by("place"))
    assert [stop.task_id for stop in stops] == [stop.task_id for stop in stored]
    assert {stop.kind for stop in stops} == {"round_reading"}
    key = f"cycle:{sent.run_id}:{stops[0].usage_point}"
    assert Task.objects.get(pk=stops[0].task_id).key == key
    assert datetime.fromisoformat(stops[0].read_at) == progress(sent).read_at
    act = read_audit(SYSTEM, target=f"process:{sent.run_id}")[0]
    assert (act.verb, act.details["stops"]) == ("rounds.send_round", 3)
    assert counts(sent) == (3, 0, 0, 3)


def test_a_stop_names_holder_and_account(sent: SentRound, reader: Actor) -> None:
    send(sent)
    holders = [walked.holder for walked in walk(reader)]
    assert all(holder and holder.name for holder in holders)
    accounts = {f"P{holder.account_number}" for holder in holders if holder}
    assert accounts == {stop.usage_point for stop in route(reader)}


def test_sending_again_changes_nothing(sent: SentRound) -> None:
    assert send(sent) == 3
    before = list(Task.objects.order_by("pk").values())
    acts = len(read_audit(SYSTEM, target=f"process:{sent.run_id}"))
    assert send(sent) == 0
    assert list(Task.objects.order_by("pk").values()) == before
    assert len(read_audit(SYSTEM, target=f"process:{sent.run_id}")) == acts


def test_two_clerks_at_once_send_each_reader_once(sent: SentRound) -> None:
    assert sorted(at_once([partial(send, sent)] * 4)) == [0, 0, 0, 3]
    assert RoundStop.objects.count() == 3


def test_the_statements_do_not_grow_with_the_stops(database: str, now: datetime) -> None:
    sent = build_round(now, missing=1)
    with CaptureQueriesContext(connection) as few:
        assert send(sent) == 1
    RoundStop.objects.all().delete()
    Task.objects.filter(kind="round_reading").delete()
    with CaptureQueriesContext(connection) as many:
        assert send(sent, RoundChoice(is_by_hand=True)) == len(sent.walked)
    assert len(many) == len(few)


def test_a_book_that_is_read_by_hand_is_walked_whole(sent: SentRound, reader: Actor) -> None:
    assert send(sent) == 3
    assert send(sent, RoundChoice(is_by_hand=True)) == len(sent.walked) - 3
    places = RoundStop.objects.order_by("place").values_list("place", flat=True)
    assert list(places) == list(range(1, len(sent.walked) + 1))
    # Where the reading was there, nothing comes by itself: the reader looks all the same.
    assert counts(sent) == (len(sent.walked), 0, 0, len(sent.walked))
    sent.arrive(*sent.lacking)
    assert refresh_round(sent.run_id, by=sent.clerk, at=sent.later) == len(sent.lacking)
    [there] = [number for number in sent.walked if number not in sent.lacking]
    assert [stop.task_id for stop in route(reader)] == [task_of(sent, there)]
    sync(sent.items(there, task_of(sent, there)), by=reader, at=sent.later)
    assert counts(sent) == (len(sent.walked), len(sent.walked), 0, 0)


def test_the_walk_is_divided_among_the_readers_of_the_book(sent: SentRound, reader: Actor) -> None:
    second = new_reader("second", sent.unit_id, sent.now)
    both = (reader.number or 0, second.number or 0)
    send(sent, RoundChoice(reader_ids=both))
    shares = [[stop.task_id for stop in route(each)] for each in (reader, second)]
    assert [task for share in shares for task in share] == [
        stop.task_id for stop in RoundStop.objects.order_by("place")
    ]
    assert [len(share) for share in shares] == [2, 1]
    assert [(each.name, each.sent) for each in progress(sent).readers] == [
        ("first 员工", 2), ("second 员工", 1),
    ]  # fmt: skip
    assert set(BookReader.objects.values_list("person_id", flat=True)) == set(both)
    assert dict(readers_for(sent.clerk, sent.run_id)) == dict(
        zip(both, ("first 员工", "second 员工"), strict=True)
    )
    # They stay the readers of the book: whoever sends later need not name them.
    send(sent, RoundChoice(is_by_hand=True))
    assert TaskAssignment.objects.count() == len(sent.walked)
    send(sent, RoundChoice(reader_ids=both[:1]))
    assert list(BookReader.objects.values_list("person_id", flat=True)) == [both[0]]


def test_a_manager_sees_the_stops_of_all(sent: SentRound, reader: Actor) -> None:
    send(sent, RoundChoice(reader_ids=(reader.number or 0,)))
    other = staff(Role.READER, units={sent.unit_id}, number=99)
    assert route(other) == []
    assert len(route(staff(Role.MANAGER, units={sent.unit_id}))) == 3


def test_refuses_people_who_do_not_read_there(sent: SentRound, reader: Actor) -> None:
    with pytest.raises(UnknownPerson):
        send(sent, RoundChoice(reader_ids=(9_999,)))
    away = new_reader("away", sent.unit_id, sent.now)
    RoleGrant.objects.filter(person_id=away.number).delete()
    with pytest.raises(PersonWithoutRole):
        send(sent, RoundChoice(reader_ids=(away.number or 0,)))
    assert not BookReader.objects.exists() and not RoundStop.objects.exists()


def test_values_from_the_phone_end_a_stop(sent: SentRound, reader: Actor) -> None:
    send(sent)
    first = sent.lacking[0]
    task_id = task_of(sent, first)
    items = sent.items(first, task_id)
    half, rest = items[:1], items[1:]
    assert {each.status for each in sync(half, by=reader, at=sent.later)} == {"accepted"}
    assert outcome_of(task_id) == ""
    assert {each.status for each in sync(rest, by=reader, at=sent.later)} == {"accepted"}
    assert outcome_of(task_id) == "read"
    assert {each.status for each in sync(items, by=reader, at=sent.later)} == {"same"}
    assert counts(sent) == (3, 1, 0, 2)


def test_a_locked_door_is_no_reading(sent: SentRound, reader: Actor) -> None:
    send(sent)
    task_id = task_of(sent, sent.lacking[0])
    visit = VisitItem("door", task_id, "locked", sent.later)
    assert [each.status for each in record_visits([visit], by=reader, at=sent.later)] == ["accepted"]
    assert outcome_of(task_id) == "locked"
    assert counts(sent) == (3, 0, 1, 2)


def test_a_reading_that_comes_by_itself_ends_its_stop(sent: SentRound) -> None:
    send(sent)
    first, second, third = sent.lacking
    sent.arrive(first)
    assert counts(sent) == (3, 1, 0, 2)
    assert outcome_of(task_of(sent, first)) == ""
    assert refresh_round(sent.run_id, by=sent.clerk, at=sent.later) == 1
    assert refresh_round(sent.run_id, by=sent.clerk, at=sent.later) == 0
    assert outcome_of(task_of(sent, first)) == ARRIVED
    sent.arrive(second)
    assert send(sent) == 0
    assert outcome_of(task_of(sent, second)) == ARRIVED
    sent.arrive(third)
    finish_step(sent.run_id, "read", outcome="done", by=staff(Role.ENGINEER), at=sent.later)
    assert outcome_of(task_of(sent, third)) == ARRIVED
    assert counts(sent) == (3, 3, 0, 0)


def test_a_sync_ends_what_came_by_itself_on_the_own_route(sent: SentRound, reader: Actor) -> None:
    send(sent)
    sent.arrive(*sent.lacking[:2])
    assert sync([], by=reader, at=sent.later) == []
    assert [stop.task_id for stop in route(reader)] == [task_of(sent, sent.lacking[2])]


def test_who_read_a_meter_that_had_answered_meanwhile_is_not_refused(sent: SentRound, reader: Actor) -> None:
    send(sent)
    same, other, shut = sent.lacking
    sent.arrive(*sent.lacking)
    refresh_round(sent.run_id, by=sent.clerk, at=sent.later)
    late = [*sent.items(same, task_of(sent, same)), *sent.items(other, task_of(sent, other), slip=500)]
    assert {each.status for each in sync(late, by=reader, at=sent.later)} == {"accepted"}
    # What differs is kept beside what stands, and given to somebody to decide.
    conflict = ReadingConflict.objects.get()
    assert conflict.offered_digits - conflict.kept_digits == 500
    visit = VisitItem("shut", task_of(sent, shut), "dog", sent.later)
    assert [each.status for each in record_visits([visit], by=reader, at=sent.later)] == ["accepted"]
    assert {outcome_of(task_of(sent, number)) for number in sent.lacking} == {ARRIVED}


def test_who_ended_a_stop_by_hand_has_ended_it(sent: SentRound, reader: Actor) -> None:
    send(sent)
    first = sent.lacking[0]
    complete_task(task_of(sent, first), "not_needed", by=reader, at=sent.later)
    items = sent.items(first, task_of(sent, first))
    assert {each.status for each in sync(items, by=reader, at=sent.later)} == {"TaskAlreadyDone"}
    sent.arrive(first)
    assert refresh_round(sent.run_id, by=sent.clerk, at=sent.later) == 0


def test_a_point_without_a_meter_is_not_walked(sent: SentRound) -> None:
    gone = sent.small.point_ids[sent.lacking[0]]
    Installation.objects.filter(usage_point_id=gone).update(
        valid_to=midnight(sent.now.date().replace(day=1)) - timedelta(days=9)
    )
    plan = round_plan(sent.clerk, sent.run_id, RoundChoice(is_by_hand=True))
    assert plan is not None
    assert (plan.without_meter, plan.lacking) == (1, 2)
    assert gone not in {stop.usage_point_id for stop in plan.stops}


def test_readers_go_when_the_month_is_over_and_its_reading_step_open(database: str, now: datetime) -> None:
    sent = build_round(now, is_prepared=False)
    with pytest.raises(NotBeingRead):
        send(sent)
    finish_step(sent.run_id, "prepare", outcome="done", by=staff(Role.CLERK), at=now)
    early = replace(sent, now=midnight(sent.now.date().replace(day=1)) - timedelta(minutes=1))
    with pytest.raises(MonthNotOver):
        send(early)
    finish_step(sent.run_id, "read", outcome="done", by=staff(Role.ENGINEER), at=now)
    with pytest.raises(NotBeingRead):
        send(sent)
    assert not RoundStop.objects.exists()


def test_a_foreign_cycle_answers_as_an_unknown_one(sent: SentRound) -> None:
    away = staff(Role.CLERK, units={sent.unit_id + 1})
    for run_id, by in ((sent.run_id, away), (999_999, sent.clerk)):
        with pytest.raises(UnknownCycle):
            send_round(run_id, MISSING, by=by, at=sent.now)
        with pytest.raises(UnknownCycle):
            refresh_round(run_id, by=by, at=sent.now)
        assert round_plan(by, run_id, MISSING) is None
        assert round_progress(by, run_id) is None
        assert readers_for(by, run_id) == []
    for stranger in (staff(Role.READER), staff(Role.CASHIER)):
        with pytest.raises(NotPermitted):
            send_round(sent.run_id, MISSING, by=stranger, at=sent.now)
        with pytest.raises(NotPermitted):
            round_plan(stranger, sent.run_id, MISSING)
