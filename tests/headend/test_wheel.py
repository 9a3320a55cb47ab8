"""The timing wheel, in virtual time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mingdu.headend.wheel import Wheel


def test_nothing_falls_due_early_and_all_within_a_tick() -> None:
    wheel: Wheel[str] = Wheel(0.0, tick_seconds=1.0, slots=8)
    wheel.set("request", 2.5)
    assert wheel.advance(2.9) == []
    assert wheel.advance(3.0) == ["request"]
    assert wheel.advance(100.0) == []


def test_the_earliest_falls_due_first() -> None:
    wheel: Wheel[str] = Wheel(0.0, tick_seconds=1.0, slots=8)
    wheel.set("late", 5.0)
    wheel.set("early", 2.0)
    assert wheel.advance(6.0) == ["early", "late"]


def test_a_heartbeat_moves_the_moment_on() -> None:
    wheel: Wheel[str] = Wheel(0.0, tick_seconds=1.0, slots=8)
    wheel.set("session", 3.0)
    assert wheel.advance(2.0) == []
    wheel.set("session", 5.0)
    assert wheel.advance(4.0) == []
    assert wheel.advance(5.0) == ["session"]


def test_a_moment_can_be_moved_forward() -> None:
    wheel: Wheel[str] = Wheel(0.0, tick_seconds=1.0, slots=8)
    wheel.set("session", 7.0)
    wheel.set("session", 2.0)
    assert wheel.advance(2.0) == ["session"]
    assert wheel.advance(20.0) == []


def test_what_lies_beyond_the_horizon_waits_for_its_round() -> None:
    wheel: Wheel[str] = Wheel(0.0, tick_seconds=1.0, slots=4)
    wheel.set("session", 11.0)
    assert wheel.advance(10.0) == []
    assert wheel.advance(11.0) == ["session"]


def test_what_was_cancelled_does_not_fall_due() -> None:
    wheel: Wheel[str] = Wheel(0.0, tick_seconds=1.0, slots=4)
    wheel.set("request", 1.0)
    wheel.cancel("request")
    wheel.cancel("never set")
    assert "request" not in wheel
    assert wheel.advance(5.0) == []


def test_a_moment_in_the_past_falls_due_at_the_next_tick() -> None:
    wheel: Wheel[str] = Wheel(10.0, tick_seconds=1.0, slots=4)
    wheel.set("request", 3.0)
    assert wheel.advance(11.0) == ["request"]


# Whole ticks keep the twin exact; an order is (what, which key, how many ticks).
ORDERS = st.lists(
    st.tuples(st.sampled_from(["set", "cancel", "turn"]), st.integers(0, 3), st.integers(0, 40)), max_size=60
)


@given(ORDERS, st.integers(2, 16))
def test_the_wheel_does_as_a_plain_table_of_moments(orders: list[tuple[str, int, int]], slots: int) -> None:
    wheel: Wheel[int] = Wheel(0, tick_seconds=1, slots=slots)
    moments: dict[int, int] = {}
    now = 0
    for what, key, ticks in orders:
        if what == "set":
            wheel.set(key, now + ticks)
            moments[key] = max(now + ticks, now + 1)
        elif what == "cancel":
            wheel.cancel(key)
            moments.pop(key, None)
        else:
            now += ticks
            due = {each: at for each, at in moments.items() if at <= now}
            fallen = wheel.advance(now)
            assert sorted(fallen) == sorted(due)
            assert [due[each] for each in fallen] == sorted(due.values())
            moments = {each: at for each, at in moments.items() if at > now}
