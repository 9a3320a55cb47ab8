"""The head end with its database: whole runs, in one process and in one that is stopped or killed."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from datetime import datetime, timedelta

import psycopg
import pytest
import uvloop

from headend.headend_process import free_port, head_end_process
from headend.rows import add_meters, add_polls, add_terminals, ask
from headend.stage import METER, PROFILE, TERMINAL
from headend.terminals import LoopbackTerminal, answering
from mingdu.headend import HeadEnd, Settings, Store
from mingdu.wire.dlt645.frame import Frame, encode_frame
from mingdu.wire.dlt645.replies import energies_payload, read_reply

pytestmark = pytest.mark.database

ENERGY = 0x0001FF00
POLLS = 1000


def pushed(number: int, meter: str = METER) -> bytes:
    """A frame that tells by its value which one it is."""
    return encode_frame(read_reply(meter, ENERGY, energies_payload([number])))


def test_from_the_polling_plan_to_the_inbox(database: str, now: datetime) -> None:
    terminal = add_terminals(database, [TERMINAL])[TERMINAL]
    meter = add_meters([METER])[METER]
    (good,) = add_polls([(terminal, meter)], now)
    (unknown,) = add_polls([(terminal, meter)], now, item="status")
    reply = read_reply(METER, ENERGY, energies_payload([1_234_567]))

    async def scene() -> None:
        head_end = HeadEnd(Store(database, "test"), Settings((PROFILE,), "test"), lambda: now)
        await head_end.start(0, "127.0.0.1")
        knows_energy = answering({ENERGY: energies_payload([1_234_567])})
        caller = await LoopbackTerminal(TERMINAL, knows_energy).dial(head_end.port)
        stranger = await LoopbackTerminal("999900000001").dial(head_end.port)
        await stranger.until(lambda: stranger.is_over)
        caller.send(pushed(1))
        await caller.until(lambda: caller.acknowledged == 1)
        await caller.until(lambda: len(caller.requests) == 2)
        await until_stored(head_end, 2)
        await head_end.stop()

    uvloop.run(scene())
    inbox = ask(
        database, "SELECT poll_id, terminal_id, meter_address, raw, received_at FROM metering_inboxframe"
    )
    assert sorted(inbox, key=str) == sorted(
        [(good, terminal, METER, encode_frame(reply), now), (None, terminal, METER, pushed(1), now)], key=str
    )
    polls = ask(database, "SELECT id, answered_at, given_up_at FROM metering_poll ORDER BY id")
    assert polls == [(good, now, None), (unknown, None, now)]
    assert ask(database, "SELECT terminal_address, tries FROM metering_unknownterminal") == [
        ("999900000001", 1)
    ]
    assert ask(database, "SELECT reason FROM metering_terminalsession") == [("head end stopped",)]


def test_a_broken_database_connection_is_mended(database: str, now: datetime) -> None:
    terminal = add_terminals(database, [TERMINAL])[TERMINAL]
    add_polls([(terminal, meter) for meter in add_meters([f"2026{n:08}" for n in range(50)]).values()], now)

    async def scene() -> None:
        head_end = HeadEnd(Store(database, "test"), Settings((PROFILE,), "test"), lambda: now)
        await head_end.start(0, "127.0.0.1")
        caller = await LoopbackTerminal(TERMINAL).dial(head_end.port)
        for asked in (10, 20, 30):
            await caller.until(lambda: len(caller.requests) >= asked)  # noqa: B023
            cut_connections(database)
        await caller.until(lambda: len(caller.requests) >= 50)
        await until_stored(head_end, 50)
        await head_end.stop()

    uvloop.run(scene())
    assert ask(database, "SELECT count(*) FROM metering_poll WHERE answered_at IS NULL") == [(0,)]
    assert ask(database, "SELECT count(DISTINCT poll_id) FROM metering_inboxframe") == [(50,)]


def test_the_command_stops_in_order_on_a_signal(database: str, now: datetime) -> None:
    add_terminals(database, [TERMINAL])

    async def scene(port: int, terminate: Callable[[], None]) -> None:
        caller = await LoopbackTerminal(TERMINAL).dial(port)
        for number in range(100):
            caller.send(pushed(number))
        await caller.until(lambda: caller.acknowledged == 100)
        terminate()
        await caller.until(lambda: caller.is_over)

    port = free_port()
    with head_end_process(database, port) as process:
        asyncio.run(scene(port, lambda: process.send_signal(signal.SIGTERM)))
        assert process.wait(timeout=20) == 0
    assert ask(database, "SELECT count(*) FROM metering_inboxframe") == [(100,)]
    assert ask(database, "SELECT process, reason FROM metering_terminalsession") == [
        (f"headend:{port}", "head end stopped")
    ]


class PersistentTerminal:
    """
    Pushes numbered frames, each until it is acknowledged; dials again when it is cut off.

    It stays on the line: who hangs up on a request is asked again only minutes later.
    """

    def __init__(self, address: str, meter: str) -> None:
        self.address = address
        self.meter = meter
        self.acknowledged: list[int] = []
        self.answered = 0

    async def push_all(self, port: int, numbers: range, enough: Callable[[], None]) -> None:
        """Push until all are acknowledged; `enough` hears of each acknowledgement."""
        while len(self.acknowledged) < len(numbers):
            caller = LoopbackTerminal(self.address, self._answer)
            try:
                await caller.dial(port)
            except OSError:
                await asyncio.sleep(0)
                continue
            await self._push(caller, numbers, enough)

    async def _push(self, caller: LoopbackTerminal, numbers: range, enough: Callable[[], None]) -> None:
        for number in numbers[len(self.acknowledged) :]:
            before = caller.acknowledged
            caller.send(pushed(number, self.meter))
            await caller.until(lambda: caller.acknowledged > before or caller.is_over)  # noqa: B023
            if caller.is_over:
                return
            self.acknowledged.append(number)
            enough()

    def _answer(self, request: Frame) -> bytes:
        self.answered += 1
        return answering()(request)


@pytest.mark.long
def test_killed_in_mid_load_nothing_acknowledged_is_lost(database: str, now: datetime) -> None:
    terminals = add_terminals(database, [f"0530100000{n:02}" for n in range(10)])
    meters = add_meters([f"20261123{n:04}" for n in range(POLLS)])
    pairs = [(list(terminals.values())[n % 10], meter) for n, meter in enumerate(meters.values())]
    # The command runs by the real clock, which is earlier than the tests' demo time.
    add_polls(pairs, now - timedelta(days=3650))
    callers = [PersistentTerminal(address, f"2027000000{n:02}") for n, address in enumerate(terminals)]
    numbers = range(60)
    port = free_port()
    kill_at = iter((60, 200, 400))
    at_the_kills: list[int] = []

    async def scene() -> None:
        due = [next(kill_at)]
        killed = asyncio.Event()

        def enough() -> None:
            if sum(len(caller.acknowledged) for caller in callers) >= due[0]:
                killed.set()

        pushing = asyncio.gather(*(caller.push_all(port, numbers, enough) for caller in callers))
        for _ in range(3):
            with head_end_process(database, port) as process:
                async with asyncio.timeout(30):
                    await killed.wait()
                process.send_signal(signal.SIGKILL)
                process.wait()
            at_the_kills.append(ask(database, "SELECT count(answered_at) FROM metering_poll")[0][0])
            killed.clear()
            due[0] = next(kill_at, 10**9)
        with head_end_process(database, port):
            async with asyncio.timeout(30):
                await pushing
                last = [await LoopbackTerminal(address).dial(port) for address in terminals]
                await until_answered(database)
                for caller in last:
                    await caller.hang_up()

    uvloop.run(scene())
    stored = {
        (meter, raw) for meter, raw in ask(database, "SELECT meter_address, raw FROM metering_inboxframe")
    }
    acknowledged = {
        (caller.meter, pushed(number, caller.meter)) for caller in callers for number in caller.acknowledged
    }
    assert len(acknowledged) == 600
    assert acknowledged <= stored
    # An answer and its poll are one transaction: stored once, and never asked again.
    answers = "SELECT count(*), count(DISTINCT poll_id) FROM metering_inboxframe WHERE poll_id > 0"
    assert ask(database, answers) == [(POLLS, POLLS)]
    assert all(0 < answered < POLLS for answered in at_the_kills)
    lost = "SELECT count(*) > 0 FROM metering_terminalsession WHERE reason = 'head end lost it'"
    assert ask(database, lost) == [(True,)]


def cut_connections(url: str) -> None:
    """Cut all other connections of this database, as a restart of the server would."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


async def until_stored(head_end: HeadEnd, count: int) -> None:
    """Hand over to the loop until so many answers are committed."""
    async with asyncio.timeout(10):
        while head_end.counters().stored < count:
            await asyncio.sleep(0)


async def until_answered(url: str) -> None:
    """Hand over to the loop until no poll is open."""
    async with asyncio.timeout(20), await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        while await (
            await connection.execute("SELECT 1 FROM metering_poll WHERE answered_at IS NULL LIMIT 1")
        ).fetchone():
            await asyncio.sleep(0)
