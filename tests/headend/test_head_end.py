"""The head end over loopback with a store of the test's own: log-ins, commits held back, losses, stopping."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from os import getpid, kill
from typing import Any

import pytest
import uvloop

from headend.memory_store import MemoryStore
from headend.stage import METER, PROFILE, START, TERMINAL, poll
from headend.terminals import LoopbackTerminal, answering, silent
from mingdu.headend import HeadEnd, NotFlushed, Settings, serve_until_signal
from mingdu.headend.schedule import Poll
from mingdu.wire.dlt645.frame import encode_frame
from mingdu.wire.dlt645.replies import energies_payload, read_reply

QUICK = Settings((PROFILE,), look_seconds=0.05, gather_seconds=0.001, beat_seconds=0.05, request_seconds=0.1)
PATIENT = replace(QUICK, request_seconds=5.0)
PUSHED = encode_frame(read_reply(METER, 0x0001FF00, energies_payload([1_234_567])))


def run(scene: Coroutine[Any, Any, None]) -> None:
    uvloop.run(scene)


@asynccontextmanager
async def serving(store: MemoryStore, settings: Settings = PATIENT) -> AsyncIterator[HeadEnd]:
    head_end = HeadEnd(store, settings, lambda: START)
    await head_end.start(0, "127.0.0.1")
    try:
        yield head_end
    finally:
        await head_end.stop()


def polls(*given: Poll) -> dict[int, Poll]:
    return {each.poll_id: each for each in given}


def test_polls_of_several_terminals_are_asked_and_stored() -> None:
    async def scene() -> None:
        addresses = [f"05301000{number:04}" for number in range(20)]
        store = MemoryStore({address: number for number, address in enumerate(addresses)})
        store.polls = polls(
            *(
                poll(
                    100 * terminal + number,
                    terminal_id=terminal,
                    meter_address=f"2026{terminal:04}{number:04}",
                )
                for terminal in range(20)
                for number in range(30)
            )
        )
        expected = {(each.terminal_id, each.meter_address) for each in store.polls.values()}
        async with serving(store) as head_end:
            callers = await asyncio.gather(
                *(LoopbackTerminal(address).dial(head_end.port) for address in addresses)
            )
            await store.until(lambda: not store.polls)
            assert {(each.session.terminal_id, each.meter_address) for each in store.answers} == expected
            assert len(store.answers) == 600
            assert [len(caller.requests) for caller in callers] == [30] * 20
            counters = head_end.counters()
            assert (counters.sessions, counters.frames, counters.retries) == (20, 600, 0)
            assert counters.database_up

    run(scene())


def test_a_curve_of_many_parts_is_one_answer() -> None:
    async def scene() -> None:
        payload = bytes(range(256)) * 12
        store = MemoryStore({TERMINAL: 7}, polls(poll(item="load_profile")))
        async with serving(store) as head_end:
            caller = await LoopbackTerminal(TERMINAL, answering({0x06040001: payload})).dial(head_end.port)
            await store.until(lambda: not store.polls)
            assert [request.control for request in caller.requests] == [0x11] + [0x12] * 15
            assert len(store.answers) == 1

    run(scene())


def test_an_answer_is_acknowledged_only_after_its_commit() -> None:
    async def scene() -> None:
        store = MemoryStore({TERMINAL: 7})
        async with serving(store) as head_end:
            caller = await LoopbackTerminal(TERMINAL).dial(head_end.port)
            await store.until(lambda: store.opened == 1)
            store.may_commit.clear()
            caller.send(PUSHED)
            await store.until(lambda: store.commits_begun == 1)
            # A second frame arrives while the commit hangs, so the terminal was surely served meanwhile.
            caller.send(PUSHED)
            await until_counted(lambda: head_end.counters().waiting == 2)
            assert (caller.acknowledged, store.answers) == (0, [])
            store.may_commit.set()
            await caller.until(lambda: caller.acknowledged == 2)
            assert len(store.answers) == 2

    run(scene())


def test_the_next_request_waits_for_the_commit_of_the_answer_before() -> None:
    async def scene() -> None:
        store = MemoryStore({TERMINAL: 7}, polls(poll(1), poll(2)))
        async with serving(store) as head_end:
            store.may_commit.clear()
            caller = await LoopbackTerminal(TERMINAL).dial(head_end.port)
            await store.until(lambda: store.commits_begun == 1)
            assert len(caller.requests) == 1
            store.may_commit.set()
            await caller.until(lambda: len(caller.requests) == 2)

    run(scene())


def test_an_urgent_poll_overtakes_what_is_in_memory() -> None:
    async def scene() -> None:
        store = MemoryStore({TERMINAL: 7}, polls(*(poll(number, lane=9) for number in range(1, 9))))
        seen: list[str] = []
        async with serving(store, QUICK) as head_end:
            caller = LoopbackTerminal(TERMINAL, silent)
            await caller.dial(head_end.port)
            await caller.until(lambda: len(caller.requests) == 1)
            store.polls[50] = poll(50, lane=1, meter_address="202611230099")
            # Three tries of the first, then the urgent one goes before the seven that came earlier.
            await caller.until(lambda: len(caller.requests) == 4)
            seen += [request.address for request in caller.requests]
        assert seen == [METER] * 3 + ["202611230099"]

    run(scene())


def test_a_stranger_is_quarantined_and_the_others_go_on() -> None:
    async def scene() -> None:
        store = MemoryStore({TERMINAL: 7}, polls(poll()))
        async with serving(store) as head_end:
            strangers = [await LoopbackTerminal("999900000001").dial(head_end.port) for _ in range(3)]
            await LoopbackTerminal(TERMINAL).dial(head_end.port)
            for stranger in strangers:
                await stranger.until(lambda caller=stranger: caller.is_over)  # type: ignore[misc]
            await store.until(lambda: store.sightings and not store.polls)
        assert {sighting.address for sighting in store.sightings} == {"999900000001"}
        assert store.opened == 1

    run(scene())


def test_heartbeats_are_written_in_batches() -> None:
    async def scene() -> None:
        store = MemoryStore({TERMINAL: 7})
        async with serving(store, QUICK) as head_end:
            caller = await LoopbackTerminal(TERMINAL).dial(head_end.port)
            await store.until(lambda: store.opened == 1)
            caller.beat()
            await store.until(lambda: store.beats == {1: START})

    run(scene())


def test_a_lost_database_loses_no_answer_and_stops_the_asking() -> None:
    async def scene() -> None:
        store = MemoryStore({TERMINAL: 7, "053010000002": 8}, polls(poll(1), poll(2)))
        async with serving(store) as head_end:
            caller = LoopbackTerminal(TERMINAL)
            pushing = await LoopbackTerminal("053010000002", silent).dial(head_end.port)
            await store.until(lambda: store.opened == 1)
            store.is_down = True
            await caller.dial(head_end.port)
            pushing.send(PUSHED * 5)
            await until_counted(
                lambda: head_end.counters().waiting == 5 and not head_end.counters().database_up
            )
            assert (pushing.acknowledged, caller.requests) == (0, [])
            store.is_down = False
            await pushing.until(lambda: pushing.acknowledged == 5)
            await store.until(lambda: not store.polls)
        assert len(store.answers) == 7
        # On its return the head end says which sessions are still open.
        assert store.opens == [[], [1]]

    run(scene())


def test_a_commit_whose_end_is_not_heard_is_repeated() -> None:
    async def scene() -> None:
        store = MemoryStore({TERMINAL: 7}, loses_next_commit=True)
        async with serving(store) as head_end:
            caller = await LoopbackTerminal(TERMINAL).dial(head_end.port)
            caller.send(PUSHED)
            await caller.until(lambda: caller.acknowledged == 1)
        assert [answer.raw for answer in store.answers] == [PUSHED, PUSHED]

    run(scene())


def test_a_full_queue_stops_reading_and_drops_nothing() -> None:
    async def scene() -> None:
        store = MemoryStore({TERMINAL: 7})
        async with serving(store, replace(PATIENT, rows_waiting=50)) as head_end:
            caller = await LoopbackTerminal(TERMINAL).dial(head_end.port)
            await store.until(lambda: store.opened == 1)
            store.may_commit.clear()
            many = 200_000
            caller.send(PUSHED * many)
            await until_counted(lambda: head_end.counters().waiting >= 50)
            held = head_end.counters().waiting
            # Many more rounds of the loop change nothing: the socket is not read.
            for _ in range(500):
                await asyncio.sleep(0)
            assert head_end.counters().waiting == held < many
            store.may_commit.set()
            async with asyncio.timeout(30):
                await caller.until(lambda: caller.acknowledged == many)
        assert len(store.answers) == many

    run(scene())


def test_stopping_commits_what_waits_and_ends_the_sessions() -> None:
    async def scene() -> None:
        store = MemoryStore({TERMINAL: 7})
        async with serving(store, replace(PATIENT, rows_a_commit=3)) as head_end:
            caller = await LoopbackTerminal(TERMINAL).dial(head_end.port)
            await store.until(lambda: store.opened == 1)
            store.may_commit.clear()
            caller.send(PUSHED * 10)
            await until_counted(lambda: head_end.counters().waiting == 10)
            stopping = asyncio.create_task(head_end.stop())
            await caller.until(lambda: caller.is_over)
            store.may_commit.set()
            await stopping
            await head_end.wait()
        assert len(store.answers) == 10
        assert [ending.reason for ending in store.endings] == ["head end stopped"]

    run(scene())


def test_stopping_without_a_database_says_what_was_not_stored() -> None:
    async def scene() -> None:
        store = MemoryStore({TERMINAL: 7})
        head_end = HeadEnd(store, PATIENT, lambda: START)
        await head_end.start(0, "127.0.0.1")
        caller = await LoopbackTerminal(TERMINAL).dial(head_end.port)
        await store.until(lambda: store.opened == 1)
        store.is_down = True
        caller.send(PUSHED)
        await until_counted(lambda: head_end.counters().waiting == 1)
        with pytest.raises(NotFlushed, match="1 answers"):
            await head_end.stop(flush_seconds=0.05)

    run(scene())


def test_a_poll_that_failed_is_put_off_in_the_store() -> None:
    async def scene() -> None:
        store = MemoryStore({TERMINAL: 7}, polls(poll()))
        async with serving(store, QUICK) as head_end:
            await LoopbackTerminal(TERMINAL, silent).dial(head_end.port)
            await store.until(lambda: store.outcomes)
            assert head_end.counters().retries == 2
        (outcome,) = store.outcomes[:1]
        assert outcome.not_before == START + timedelta(minutes=5)

    run(scene())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_service_in_order(number: signal.Signals) -> None:
    async def scene() -> None:
        store = MemoryStore({TERMINAL: 7})
        head_end = HeadEnd(store, PATIENT, lambda: START)
        started: asyncio.Queue[int] = asyncio.Queue()
        service = asyncio.create_task(serve_until_signal(head_end, 0, started.put_nowait))
        caller = await LoopbackTerminal(TERMINAL).dial(await started.get())
        await store.until(lambda: store.opened == 1)
        kill(getpid(), number)
        await service
        await caller.until(lambda: caller.is_over)
        assert [ending.reason for ending in store.endings] == ["head end stopped"]

    run(scene())


def test_a_fault_in_the_work_ends_the_service_with_that_fault() -> None:
    class FaultyStore(MemoryStore):
        async def open_sessions(self, logins: Any, at: Any) -> Any:
            raise ZeroDivisionError("a fault of the program")

    async def scene() -> None:
        head_end = HeadEnd(FaultyStore({}), PATIENT, lambda: START)
        started: asyncio.Queue[int] = asyncio.Queue()
        service = asyncio.create_task(serve_until_signal(head_end, 0, started.put_nowait))
        await LoopbackTerminal(TERMINAL).dial(await started.get())
        with pytest.raises(ZeroDivisionError):
            await service

    run(scene())


async def until_counted(holds: Callable[[], bool]) -> None:
    """Hand over to the loop until a condition holds."""
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0)
