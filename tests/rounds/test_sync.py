"""The phone's sync door: every good item once, every bad one under its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from django.test import override_settings

from acting import customer, staff
from listening import heard, listening
from mingdu.base.actors import SYSTEM
from mingdu.base.attachments import store_attachment
from mingdu.base.database import reading_connection
from mingdu.base.models import AuditEntry
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.core.registers import Register
from mingdu.metering.models import Evidence
from mingdu.metering.queries import register_values, registers_as_known
from mingdu.rounds.events import FieldReadingSynced
from mingdu.rounds.models import FieldReading
from mingdu.rounds.operations import FieldItem, RereadOrder, TooManyItems, order_reread, sync
from mingdu.rounds.queries import route, stands_by_reread
from mingdu.work.operations import TaskOrder, complete_task, open_task
from mingdu.work.queries import task_by_id
from service.stage import NOW, SHOP, SLIP_DIGITS, Stage
from small_town import midnight
from threads import at_once

pytestmark = pytest.mark.database
LATER = NOW + timedelta(minutes=1)
PNG = b"\x89PNG\r\n\x1a\n" + b"a register"


def statuses(stage: Stage, *items: FieldItem) -> list[str]:
    return [result.status for result in sync(list(items), by=stage.reader, at=LATER)]


def standing(stage: Stage, number: int, register: Register = Register.TOTAL) -> tuple[int, int]:
    """Digits and version that stand for the slip day."""
    ids, at = np.array([stage.small.point_ids[number]]), midnight(stage.slip_day)
    found = register_values(reading_connection(), ids, (register,), at)
    return int(found.digits[0, 0]), int(found.version[0, 0])


def outcome_of(task_id: int) -> str:
    task = task_by_id(SYSTEM, task_id)
    assert task is not None
    return task.outcome


def test_the_value_becomes_the_next_version_and_the_old_one_is_kept(stage: Stage) -> None:
    home = stage.new_home()
    true = stage.true_digits(home)
    assert standing(stage, home) == (true + SLIP_DIGITS, 1)
    task_id = stage.order_reread(home, reason="check:1")
    with listening(FieldReadingSynced):
        assert statuses(stage, stage.item(home, task_id)) == ["accepted"]
    assert standing(stage, home) == (true, 2)
    ids, at = np.array([stage.small.point_ids[home]]), midnight(stage.slip_day)
    before = registers_as_known(reading_connection(), ids, (Register.TOTAL,), at, NOW)
    assert int(before.digits[0, 0]) == true + SLIP_DIGITS
    assert outcome_of(task_id) == "corrected"
    assert task_id not in {stop.task_id for stop in route(stage.reader)}
    told = heard(FieldReadingSynced)[-1]
    assert (told["task_id"], told["reason"], told["corrected"]) == (task_id, "check:1", True)
    assert stands_by_reread(int(ids[0]), Register.TOTAL, at)
    written = AuditEntry.objects.get(verb="rounds.sync", target=f"task:{task_id}")
    assert (written.by, written.details) == (stage.reader.id, {"register": "TOTAL", "digits": true})


def test_a_value_that_agrees_confirms_and_writes_no_version(stage: Stage) -> None:
    home = stage.new_home()
    task_id = stage.order_reread(home)
    with listening(FieldReadingSynced):
        assert statuses(stage, stage.agreeing_item(home, task_id)) == ["accepted"]
    assert standing(stage, home) == (stage.true_digits(home) + SLIP_DIGITS, 1)
    assert outcome_of(task_id) == "confirmed"
    assert heard(FieldReadingSynced)[-1]["corrected"] is False


def test_the_same_item_again_changes_nothing(stage: Stage) -> None:
    home = stage.new_home()
    item = stage.item(home, stage.order_reread(home))
    with listening(FieldReadingSynced):
        told = len(heard(FieldReadingSynced))
        assert statuses(stage, item, item) == ["accepted", "same"]
        assert statuses(stage, item) == ["same"]
        assert len(heard(FieldReadingSynced)) == told + 1
    assert standing(stage, home) == (stage.true_digits(home), 2)


def test_eight_phones_at_once_store_an_item_once(stage: Stage) -> None:
    home = stage.new_home()
    item = stage.item(home, stage.order_reread(home))
    with listening(FieldReadingSynced):
        told = len(heard(FieldReadingSynced))
        outcomes = at_once([lambda: statuses(stage, item)] * 8)
        assert len(heard(FieldReadingSynced)) == told + 1
    assert Counter(map(str, outcomes)) == {"['accepted']": 1, "['same']": 7}
    assert standing(stage, home) == (stage.true_digits(home), 2)
    assert FieldReading.objects.filter(client_id=item.client_id).count() == 1
    assert Evidence.objects.filter(kind="phone", reference=item.client_id).count() == 1


def test_keeps_the_photo_with_the_value(stage: Stage, tmp_path: Path) -> None:
    home = stage.new_home()
    with override_settings(ATTACHMENTS_FOLDER=tmp_path):
        photo = store_attachment(PNG, by=stage.reader, at=NOW)
    item = replace(stage.item(home, stage.order_reread(home)), photo_id=photo.pk)
    assert statuses(stage, item) == ["accepted"]
    stored = FieldReading.objects.get(client_id=item.client_id)
    assert (stored.photo_id, stored.reader, stored.synced_at) == (photo.pk, stage.reader.id, LATER)


Spoiling = Callable[[Stage, FieldItem, int], FieldItem]


def of_an_unknown_task(stage: Stage, item: FieldItem, home: int) -> FieldItem:
    return replace(item, task_id=999_999)


def of_a_task_of_another_kind(stage: Stage, item: FieldItem, home: int) -> FieldItem:
    order = TaskOrder("case", f"case:{home}", f"case:{home}", "agent", stage.unit_id)
    return replace(item, task_id=open_task(order, by=SYSTEM, at=NOW).pk)


def of_a_done_task(stage: Stage, item: FieldItem, home: int) -> FieldItem:
    complete_task(item.task_id, "no_access", by=stage.reader, at=NOW)
    return item


def of_a_freeze_to_come(stage: Stage, item: FieldItem, home: int) -> FieldItem:
    to_come = LATER + timedelta(days=1)
    order = RereadOrder(f"next:{home}", stage.small.point_ids[home], (Register.TOTAL,), to_come, "check")
    return replace(item, task_id=order_reread(order, by=SYSTEM, at=NOW), read_at=to_come)


def of_a_known_number(stage: Stage, item: FieldItem, home: int) -> FieldItem:
    neighbour = stage.new_home()
    known = replace(stage.item(neighbour, stage.order_reread(neighbour)), client_id=item.client_id)
    assert statuses(stage, known) == ["accepted"]
    return item


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda stage, item, home: replace(item, value="12.345"), "BadFieldValue"),
        (lambda stage, item, home: replace(item, value="123456789"), "BadValue"),
        (lambda stage, item, home: replace(item, outcome="no_access"), "NothingRead"),
        (lambda stage, item, home: replace(item, register=Register.PEAK), "NotAskedFor"),
        (lambda stage, item, home: replace(item, read_at=NOW), "NotAskedFor"),
        (lambda stage, item, home: replace(item, read_at=LATER + timedelta(days=1)), "FutureReading"),
        (lambda stage, item, home: replace(item, photo_id=999_999), "UnknownPhoto"),
        (of_a_freeze_to_come, "FutureReading"),
        (of_an_unknown_task, "UnknownRereadTask"),
        (of_a_task_of_another_kind, "UnknownRereadTask"),
        (of_a_done_task, "TaskAlreadyDone"),
        (of_a_known_number, "ClientIdTaken"),
    ],
)
def test_a_bad_item_is_named_and_holds_back_no_other(stage: Stage, spoil: Spoiling, error: str) -> None:
    home, good_home = stage.new_home(), stage.new_home()
    stored = standing(stage, home)
    good = stage.item(good_home, stage.order_reread(good_home))
    bad = spoil(stage, stage.item(home, stage.order_reread(home)), home)
    results = sync([bad, good], by=stage.reader, at=LATER)
    assert [result.status for result in results] == [error, "accepted"]
    assert results[0].message
    assert standing(stage, home) == stored
    assert standing(stage, good_home) == (stage.true_digits(good_home), 2)
    assert not FieldReading.objects.filter(usage_point_id=stage.small.point_ids[home]).exists()


def test_another_units_reader_meets_an_unknown_task(stage: Stage) -> None:
    home = stage.new_home()
    item = stage.item(home, stage.order_reread(home))
    stranger = staff(Role.READER, units={stage.unit_id + 1})
    assert [result.status for result in sync([item], by=stranger, at=LATER)] == ["UnknownRereadTask"]


def test_only_readers_may_sync(stage: Stage) -> None:
    home = stage.new_home()
    item = stage.item(home, stage.order_reread(home))
    for stranger in (stage.agent, staff(Role.CLERK), customer(1)):
        with pytest.raises(NotPermitted):
            sync([item], by=stranger, at=LATER)
    assert not FieldReading.objects.filter(client_id=item.client_id).exists()


def test_refuses_more_items_than_one_sync_carries(stage: Stage) -> None:
    with pytest.raises(TooManyItems) as refusal:
        sync([stage.item(1, 1)] * 501, by=stage.reader, at=LATER)
    assert refusal.value.values == {"items": 501, "most": 500}


def test_a_reread_of_several_registers_ends_with_the_last_one(stage: Stage) -> None:
    registers = (Register.TOTAL, Register.PEAK, Register.VALLEY)
    task_id = stage.order_reread(SHOP, *registers)
    with listening(FieldReadingSynced):
        told = len(heard(FieldReadingSynced))
        for register in registers[:-1]:
            assert statuses(stage, stage.item(SHOP, task_id, register)) == ["accepted"]
            assert outcome_of(task_id) == ""
            assert task_id in {stop.task_id for stop in route(stage.reader)}
        assert len(heard(FieldReadingSynced)) == told
        # The last register agrees; what the others have corrected counts all the same.
        assert statuses(stage, stage.item(SHOP, task_id, registers[-1])) == ["accepted"]
        assert outcome_of(task_id) == "corrected"
        assert heard(FieldReadingSynced)[-1]["corrected"] is True


def test_registers_that_arrive_at_once_end_the_task_once(stage: Stage) -> None:
    registers = (Register.TOTAL, Register.PEAK, Register.FLAT, Register.VALLEY)
    other_shop = SHOP - 20
    task_id = stage.order_reread(other_shop, *registers)
    items = [stage.item(other_shop, task_id, register) for register in registers]
    with listening(FieldReadingSynced):
        told = len(heard(FieldReadingSynced))
        outcomes = at_once([partial(statuses, stage, item) for item in items])
        assert len(heard(FieldReadingSynced)) == told + 1
    assert outcomes == [["accepted"]] * 4
    assert outcome_of(task_id) == "corrected"


def test_two_values_for_the_last_register_at_once_leave_one(stage: Stage) -> None:
    home = stage.new_home()
    item = stage.item(home, stage.order_reread(home))
    other = replace(stage.agreeing_item(home, item.task_id), client_id="phone-8:1")
    outcomes = at_once([lambda: statuses(stage, item), lambda: statuses(stage, other)])
    assert Counter(map(str, outcomes)) == {"['accepted']": 1, "['TaskAlreadyDone']": 1}
    assert FieldReading.objects.filter(task_id=item.task_id).count() == 1


def test_a_reread_that_was_given_up_takes_nothing_more(stage: Stage) -> None:
    fourth_shop = SHOP - 60
    task_id = stage.order_reread(fourth_shop, Register.TOTAL, Register.PEAK)
    complete_task(task_id, "no_access", by=stage.reader, at=NOW)
    assert statuses(stage, stage.item(fourth_shop, task_id)) == ["TaskAlreadyDone"]
    assert standing(stage, fourth_shop)[1] == 1


def test_a_slip_of_the_finger_is_typed_again_while_the_task_is_open(stage: Stage) -> None:
    third_shop = SHOP - 40
    task_id = stage.order_reread(third_shop, Register.TOTAL, Register.PEAK)
    item = stage.item(third_shop, task_id)
    slipped = replace(item, client_id="phone-7:slip", value="1.00")
    assert statuses(stage, slipped, item) == ["accepted", "accepted"]
    assert standing(stage, third_shop) == (stage.true_digits(third_shop), 3)
    assert outcome_of(task_id) == ""


def test_a_reading_stands_by_a_reread_only_while_nobody_corrects_it(stage: Stage) -> None:
    home = stage.new_home()
    point_id, read_at = stage.small.point_ids[home], midnight(stage.slip_day)
    assert not stands_by_reread(point_id, Register.TOTAL, read_at)
    assert statuses(stage, stage.item(home, stage.order_reread(home))) == ["accepted"]
    assert stands_by_reread(point_id, Register.TOTAL, read_at)
    again = (home, Register.TOTAL, stage.slip_day, stage.true_digits(home) + 1)
    assert stage.small.store([again], at=LATER, correct=True).accepted == 1
    assert not stands_by_reread(point_id, Register.TOTAL, read_at)
