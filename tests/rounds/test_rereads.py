"""Re-reads: ordered once, seen by the readers of the unit, without the value that is on file."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime

import pytest

from acting import staff
from mingdu.base.actors import SYSTEM, Actor, Grant
from mingdu.base.models import AuditEntry
from mingdu.base.operations import create_unit
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.core.registers import Register
from mingdu.metering.readings import UnknownUsagePoint
from mingdu.rounds.operations import RereadOrder, order_reread
from mingdu.rounds.queries import route
from mingdu.work.queries import task_by_id
from service.stage import NOW, SLIP_DIGITS, Stage, decimal_text, point_code
from small_town import midnight
from threads import at_once

pytestmark = pytest.mark.database


def order_of(stage: Stage, number: int) -> RereadOrder:
    point_id = stage.small.point_ids[number]
    return RereadOrder(f"check:{number}", point_id, (Register.TOTAL,), midnight(stage.slip_day), "check")


def test_the_reader_sees_where_to_go_but_not_what_is_on_file(stage: Stage) -> None:
    home = stage.new_home()
    task_id = order_reread(order_of(stage, home), by=stage.agent, at=NOW)
    stop = next(stop for stop in route(stage.reader) if stop.task_id == task_id)
    assert (stop.usage_point, stop.registers) == (point_code(home), ("TOTAL",))
    assert datetime.fromisoformat(stop.read_at) == midnight(stage.slip_day)
    typed = decimal_text(stage.true_digits(home) + SLIP_DIGITS)
    task = task_by_id(stage.reader, task_id)
    assert task is not None
    assert stop.address
    for shown in (str(asdict(stop)), str(asdict(task))):
        assert typed not in shown
        assert typed.replace(".", "") not in shown
    assert set(task.details) == {"usage_point", "address", "registers", "read_at", "reason"}


def test_is_due_within_two_working_days(stage: Stage) -> None:
    task_id = order_reread(order_of(stage, stage.new_home()), by=SYSTEM, at=NOW)
    task = task_by_id(SYSTEM, task_id)
    assert task is not None
    # 16 hours of work: 7.5 on Monday after nine, 8 on Tuesday, half an hour on Wednesday.
    assert task.due_at == datetime(2027, 1, 6, 1, 0, tzinfo=UTC)
    assert task.owner_role == "reader"


def test_the_same_key_is_one_task_also_at_once(stage: Stage) -> None:
    order = order_of(stage, stage.new_home())
    tasks = at_once([lambda: order_reread(order, by=SYSTEM, at=NOW)] * 4)
    assert len(set(tasks)) == 1
    assert order_reread(order, by=SYSTEM, at=NOW) == tasks[0]
    assert AuditEntry.objects.filter(verb="rounds.order_reread", details__task=tasks[0]).exists()


def test_another_unit_neither_orders_nor_sees_it(stage: Stage) -> None:
    away = create_unit("0531", "邻所", parent=None, by=SYSTEM, at=NOW)
    order = order_of(stage, stage.new_home())
    # A reader here who is an agent elsewhere may open tasks here, but not send readers.
    grants = (Grant(Role.AGENT, frozenset({away.pk})), Grant(Role.READER, frozenset({stage.unit_id})))
    for stranger in (staff(Role.AGENT, units={away.pk}), Actor("person:8", "李娜", grants)):
        with pytest.raises(NotPermitted):
            order_reread(order, by=stranger, at=NOW)
    order_reread(order, by=SYSTEM, at=NOW)
    assert route(staff(Role.READER, units={away.pk})) == []
    with pytest.raises(NotPermitted):
        order_reread(order, by=stage.reader, at=NOW)
    with pytest.raises(NotPermitted):
        route(stage.customer(1))


def test_refuses_a_usage_point_that_does_not_exist(stage: Stage) -> None:
    order = replace(order_of(stage, 1), usage_point_id=999_999)
    with pytest.raises(UnknownUsagePoint):
        order_reread(order, by=stage.agent, at=NOW)
