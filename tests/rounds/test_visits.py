"""A reader's visits: kept once, a reason ends the task, and a bad one holds back no other."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import override_settings

from acting import customer, staff
from listening import heard, listening
from mingdu.base.actors import SYSTEM
from mingdu.base.attachments import store_attachment
from mingdu.base.models import AuditEntry
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.rounds.models import FieldVisit
from mingdu.rounds.operations import READ_OUTCOMES, TooManyItems, sync
from mingdu.rounds.operations.visits import NO_ACCESS, VisitItem, record_visits
from mingdu.rounds.queries import route
from mingdu.work.events import TaskCompleted
from mingdu.work.operations import TaskOrder, complete_task, open_task
from mingdu.work.queries import task_by_id
from service.stage import NOW, Stage
from threads import at_once

pytestmark = pytest.mark.database
LATER = NOW + timedelta(minutes=1)
PNG = b"\x89PNG\r\n\x1a\n" + b"a locked door"


def visit(task_id: int, outcome: str = "locked") -> VisitItem:
    return VisitItem(f"phone-7:{task_id}:{outcome}", task_id, outcome, NOW, note="敲门无人")


def statuses(stage: Stage, *visits: VisitItem) -> list[str]:
    return [result.status for result in record_visits(list(visits), by=stage.reader, at=LATER)]


def outcome_of(task_id: int) -> str:
    task = task_by_id(SYSTEM, task_id)
    assert task is not None
    return task.outcome


def test_a_reason_ends_the_task_with_note_and_photo(stage: Stage, tmp_path: Path) -> None:
    task_id = stage.order_reread(stage.new_home())
    with override_settings(ATTACHMENTS_FOLDER=tmp_path):
        photo = store_attachment(PNG, by=stage.reader, at=NOW)
    with listening(TaskCompleted):
        assert statuses(stage, replace(visit(task_id), photo_id=photo.pk)) == ["accepted"]
        assert heard(TaskCompleted)[-1]["outcome"] == "locked"
    assert outcome_of(task_id) == "locked"
    assert task_id not in {stop.task_id for stop in route(stage.reader)}
    stored = FieldVisit.objects.get(task_id=task_id)
    assert (stored.outcome, stored.note, stored.photo_id) == ("locked", "敲门无人", photo.pk)
    assert (stored.reader, stored.taken_at, stored.synced_at) == (stage.reader.id, NOW, LATER)
    written = AuditEntry.objects.get(verb="rounds.record_visit", target=f"task:{task_id}")
    assert written.details == {"outcome": "locked", "visit": stored.pk, "is_confirmed": False}


def test_a_visit_with_a_reading_leaves_the_end_to_its_values(stage: Stage) -> None:
    home = stage.new_home()
    task_id = stage.order_reread(home)
    confirmed = replace(visit(task_id, "read"), is_confirmed=True)
    assert statuses(stage, confirmed) == ["accepted"]
    assert outcome_of(task_id) == ""
    assert [result.status for result in sync([stage.item(home, task_id)], by=stage.reader, at=LATER)] == [
        "accepted"
    ]
    assert outcome_of(task_id) in READ_OUTCOMES
    assert statuses(stage, confirmed) == ["same"]
    assert FieldVisit.objects.get(task_id=task_id).is_confirmed


def test_the_same_visit_from_eight_lines_at_once_is_kept_once(stage: Stage) -> None:
    item = visit(stage.order_reread(stage.new_home()))
    outcomes = at_once([lambda: statuses(stage, item)] * 8)
    assert Counter(map(str, outcomes)) == {"['accepted']": 1, "['same']": 7}
    assert FieldVisit.objects.filter(client_id=item.client_id).count() == 1


@pytest.mark.parametrize("reason", NO_ACCESS)
def test_takes_every_reason(stage: Stage, reason: str) -> None:
    assert statuses(stage, visit(stage.order_reread(stage.new_home()), reason)) == ["accepted"]


def test_names_what_is_wrong_and_takes_the_others(stage: Stage) -> None:
    done = stage.order_reread(stage.new_home())
    complete_task(done, "withdrawn", by=SYSTEM, at=NOW)
    other = open_task(
        TaskOrder("finding", "other", "finding:1", "engineer", stage.unit_id), by=SYSTEM, at=NOW
    )
    good, late, lost, taken = (stage.order_reread(stage.new_home()) for _ in range(4))
    taken_before = visit(taken, "read")
    assert statuses(stage, taken_before) == ["accepted"]
    assert statuses(
        stage,
        visit(good),
        visit(done),
        visit(999_999),
        visit(other.pk),
        visit(late, "weather"),
        replace(visit(lost), photo_id=999_999),
        replace(taken_before, outcome="dog"),
        visit(good, "dog"),
    ) == [
        "accepted", "TaskAlreadyDone", "UnknownRereadTask", "UnknownRereadTask", "UnknownVisitOutcome",
        "UnknownPhoto", "ClientIdTaken", "TaskAlreadyDone",
    ]  # fmt: skip
    kept = FieldVisit.objects.filter(task_id__in=(done, late, lost, taken))
    assert [(stored.task_id, stored.outcome) for stored in kept] == [(taken, "read")]
    assert outcome_of(lost) == ""


def test_another_unit_s_task_is_unknown(stage: Stage) -> None:
    task_id = stage.order_reread(stage.new_home())
    stranger = staff(Role.READER, units={999_999}, number=9)
    [result] = record_visits([visit(task_id)], by=stranger, at=LATER)
    assert result.status == "UnknownRereadTask"


def test_refuses_too_many_and_who_may_not(stage: Stage) -> None:
    with pytest.raises(TooManyItems):
        record_visits([visit(1)] * 501, by=stage.reader, at=LATER)
    for by in (stage.agent, customer(1, 1)):
        with pytest.raises(NotPermitted):
            record_visits([], by=by, at=LATER)
