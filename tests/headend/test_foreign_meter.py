"""
The meter server of another project (PyPI dlt645 3.2.0) behind a relay that plays the terminal.

It departs from the standard in ways that are known; what follows from them is expected here, so that a
change on either side is noticed:
1. its address must be given pair-reversed, or it goes out high byte first;
2. it reads time sync and freeze commands year first: the head end sends neither;
3. it refuses for a wrong address (as if it were that meter) instead of keeping silent;
4. it knows no block FF, no freezes and no load profile, no partial wildcard;
5. it refuses a family that it does not know with "other", not with "no such data";
6. to the full wildcard it answers with the wildcard, not with its own address.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
import uvloop

from headend.memory_store import MemoryStore
from headend.relay import relay
from headend.stage import METER, PROFILE, START, TERMINAL, poll
from mingdu.headend import HeadEnd, Settings
from mingdu.headend.schedule import Poll
from mingdu.wire.dlt645.frame import decode_frames
from mingdu.wire.dlt645.values import read_values

pytestmark = pytest.mark.long

SETTINGS = Settings((PROFILE,), request_seconds=2.0)


@pytest.fixture(scope="module")
def meter_port() -> Iterator[int]:
    import dlt645  # here, not above: `make test` collects this file without the peers

    service = dlt645.MeterServerService.new_tcp_server("127.0.0.1", 0)
    pairs = [METER[at : at + 2] for at in range(0, 12, 2)]
    service.set_address("".join(reversed(pairs)))
    service.set_00(0x00010000, 12345.67)
    assert service.start()
    yield service.server.port
    service.stop()


def read_through_relay(meter_port: int, *polls: Poll) -> MemoryStore:
    """Ask the foreign meter for some polls; returns what the store was told."""
    store = MemoryStore({TERMINAL: 7}, {each.poll_id: each for each in polls})

    async def scene() -> None:
        head_end = HeadEnd(store, SETTINGS, lambda: START)
        await head_end.start(0, "127.0.0.1")
        relaying = asyncio.create_task(relay(head_end.port, meter_port, TERMINAL))
        await store.until(lambda: len(store.answers) + len(store.outcomes) == len(polls))
        await head_end.stop()
        await relaying

    uvloop.run(scene())
    return store


def test_its_energy_arrives_with_its_digits(meter_port: int) -> None:
    store = read_through_relay(meter_port, poll(item="energy_total"))
    (answer,) = store.answers
    (frame,) = decode_frames(answer.raw)
    (value,) = read_values(frame)
    assert (answer.meter_address, value.digits) == (METER, 1_234_567)


def test_its_clock_and_status_are_whole_answers(meter_port: int) -> None:
    store = read_through_relay(meter_port, poll(1, "clock"), poll(2, "status"))
    assert [len(decode_frames(answer.raw)) for answer in store.answers] == [2, 1]
    assert store.outcomes == []


@pytest.mark.parametrize("item", ["energy", "demand_now"])
def test_a_block_is_given_up_because_it_says_no_such_data(meter_port: int, item: str) -> None:
    (outcome,) = read_through_relay(meter_port, poll(item=item)).outcomes
    assert outcome.given_up_at == START
    assert outcome.error.endswith("says no_such_data")


@pytest.mark.parametrize("item", ["daily_freeze", "load_profile"])
def test_an_unknown_family_is_put_off_because_it_says_other(meter_port: int, item: str) -> None:
    (outcome,) = read_through_relay(meter_port, poll(item=item)).outcomes
    assert outcome.given_up_at is None
    assert outcome.error.endswith("says other")


def test_a_wrong_address_is_refused_instead_of_silence(meter_port: int) -> None:
    (outcome,) = read_through_relay(meter_port, poll(meter_address="202611230099")).outcomes
    assert outcome.error == "Refused: meter 202611230099 says other"


def test_a_partial_wildcard_is_refused(meter_port: int) -> None:
    (outcome,) = read_through_relay(
        meter_port, poll(item="energy_total", meter_address="AAAAAAAA0042")
    ).outcomes
    assert outcome.error.endswith("says other")


def test_the_full_wildcard_is_answered_in_the_wildcards_name(meter_port: int) -> None:
    store = read_through_relay(meter_port, poll(item="energy_total", meter_address="AAAAAAAAAAAA"))
    assert [answer.meter_address for answer in store.answers] == ["AAAAAAAAAAAA"]
