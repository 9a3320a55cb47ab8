"""A reader's walk: where, which meter, and what to expect of it, without what is on file."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pytest

from acting import staff
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.core.registers import Register
from mingdu.metering.queries.hanging import meter_numbers
from mingdu.rounds.expectations import Expected, PointExpected, expectations, month_starts
from mingdu.rounds.models import BookPoint
from mingdu.rounds.walk import WalkStop, walk
from service.stage import NOW, SHOP, SLIP_DIGITS, Stage
from small_town import FREEZES, midnight

pytestmark = pytest.mark.database


def stop_of(stage: Stage, task_id: int) -> WalkStop:
    return next(walked for walked in walk(stage.reader) if walked.stop.task_id == task_id)


def true_digits(stage: Stage, number: int, day: date, register: Register = Register.TOTAL) -> int:
    return int(stage.small.town.registers([number], (day,))[register][0, 0])


def test_a_stop_says_where_and_which_meter(stage: Stage) -> None:
    home = stage.new_home()
    point = stage.small.point_ids[home]
    placed = BookPoint.objects.select_related("book").get(usage_point_id=point)
    walked = stop_of(stage, stage.order_reread(home))
    assert (walked.book, walked.place) == (placed.book.name, placed.place)
    assert placed.place > 0
    assert walked.meter_number == meter_numbers([point], NOW)[point] != ""
    assert walked.stop.address != ""


def test_expects_from_the_month_s_start_and_never_tells_what_is_on_file(stage: Stage) -> None:
    home = stage.new_home()
    walked = stop_of(stage, stage.order_reread(home, Register.TOTAL, Register.PEAK))
    total, peak = walked.expected.registers
    before = month_starts(midnight(stage.slip_day))[0]
    assert total.start == true_digits(stage, home, before)
    assert peak.start == true_digits(stage, home, before, Register.PEAK)
    assert (total.places, total.decimals, total.register) == (6, 2, Register.TOTAL)
    on_file = stage.true_digits(home) + SLIP_DIGITS
    assert on_file not in (total.start, total.usual, total.most)


def test_stops_keep_the_order_of_the_route(stage: Stage) -> None:
    """What is looked up in groups comes back by limit."""
    for registers in ((Register.TOTAL,), (Register.TOTAL, Register.PEAK), (Register.TOTAL,)):
        stage.order_reread(stage.new_home(), *registers)
    walked = [each.stop for each in walk(stage.reader)]
    assert walked == sorted(walked, key=lambda stop: (stop.due_at, stop.task_id))
    assert all(stop.registers for stop in walked)


def test_without_tasks_there_is_no_walk(stage: Stage) -> None:
    assert walk(staff(Role.READER, units={999_999}, number=9)) == []
    with pytest.raises(NotPermitted):
        walk(stage.agent)


def expected_of(stage: Stage, number: int, read_at: datetime, *registers: Register) -> PointExpected:
    points = np.array([stage.small.point_ids[number]], dtype=np.int64)
    return expectations(points, registers or (Register.TOTAL,), read_at)[0]


def test_the_mean_is_of_the_months_before_the_start(stage: Stage) -> None:
    home = stage.new_home()
    [total] = expected_of(stage, home, midnight(FREEZES[-1])).registers
    starts = [day for day in month_starts(midnight(FREEZES[-1])) if day in FREEZES]
    assert len(starts) >= 2
    shown = [true_digits(stage, home, day) for day in starts]
    assert total.usual == (shown[0] - shown[-1]) // (len(shown) - 1)
    assert total.most == max(3 * total.usual, 5_000)


def test_without_a_history_the_contract_is_the_limit(stage: Stage) -> None:
    first, following = FREEZES[:2]
    home = stage.new_home()
    [total] = expected_of(stage, home, midnight(following)).registers
    assert total.start == true_digits(stage, home, first)
    assert total.usual is None
    assert total.most is not None and total.most > 100_000


def test_where_nothing_is_known_nothing_is_expected(stage: Stage) -> None:
    home = stage.new_home()
    long_ago = midnight(date(2020, 3, 1))
    [total] = expected_of(stage, home, long_ago).registers
    assert total == Expected(Register.TOTAL, 1, 2)
    assert meter_numbers([stage.small.point_ids[home]], long_ago) == {}


def test_demand_begins_anew_each_month_and_has_no_expectation(stage: Stage) -> None:
    [demand] = expected_of(stage, SHOP, midnight(FREEZES[-1]), Register.DEMAND).registers
    assert demand == Expected(Register.DEMAND, 4, 4)


def test_a_month_start_belongs_to_the_month_that_ends_there() -> None:
    assert month_starts(midnight(date(2027, 1, 1))) == [
        date(2026, 12, 1), date(2026, 11, 1), date(2026, 10, 1), date(2026, 9, 1),
    ]  # fmt: skip
    assert month_starts(midnight(date(2027, 1, 2)))[0] == date(2027, 1, 1)


def test_a_point_in_no_book_has_no_place(stage: Stage) -> None:
    home = stage.new_home()
    BookPoint.objects.filter(usage_point_id=stage.small.point_ids[home]).delete()
    walked = stop_of(stage, stage.order_reread(home))
    assert (walked.book, walked.place) == ("", 0)
