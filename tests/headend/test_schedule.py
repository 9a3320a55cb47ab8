"""Lanes in memory and the time of the next attempt."""

from __future__ import annotations

from datetime import timedelta

import pytest

from headend.stage import START, poll
from mingdu.headend.schedule import Schedule, retry_at


def taken(schedule: Schedule) -> list[int]:
    order = []
    while (each := schedule.take(7)) is not None:
        order.append(each.poll_id)
    return order


def test_the_urgent_lane_goes_first_then_what_waits_longest() -> None:
    schedule = Schedule()
    schedule.put(
        [
            poll(1, lane=9),
            poll(2, lane=5, not_before=START),
            poll(3, lane=5, not_before=START - timedelta(hours=1)),
            poll(4, lane=1),
        ]
    )
    assert taken(schedule) == [4, 3, 2, 1]


def test_a_poll_is_in_memory_once_until_it_is_finished() -> None:
    schedule = Schedule()
    asked = poll(1)
    schedule.put([asked, asked])
    assert taken(schedule) == [1]
    schedule.put([asked])
    assert taken(schedule) == []
    schedule.finish(asked)
    schedule.put([asked])
    assert taken(schedule) == [1]


def test_a_terminal_that_left_leaves_nothing_behind() -> None:
    schedule = Schedule()
    schedule.put([poll(1), poll(2, terminal_id=8)])
    schedule.forget_terminal(7)
    schedule.forget_terminal(7)
    assert taken(schedule) == []
    schedule.put([poll(1)])
    assert taken(schedule) == [1]


@pytest.mark.parametrize(
    ("attempts", "minutes"),
    [(0, 5), (1, 10), (2, 20), (3, 40), (4, 80), (5, 160), (6, 240), (7, 240), (90, 240)],
)
def test_back_off_doubles_from_five_minutes_to_four_hours(attempts: int, minutes: int) -> None:
    assert retry_at(START, attempts) == START + timedelta(minutes=minutes)
