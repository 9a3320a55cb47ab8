"""The worker and the database are killed while readings are ingested: what was acknowledged is there once."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import uvloop

from headend.headend_process import free_port
from headend.rows import add_meters, add_terminals, ask
from headend.terminals import LoopbackTerminal
from journeys.own_server import OwnServer, own_server
from mingdu.wire.dlt645.frame import encode_frame
from mingdu.wire.dlt645.profile import ProfileRecord, write_profile
from mingdu.wire.dlt645.replies import energies_payload, read_reply

pytestmark = [pytest.mark.database, pytest.mark.long]

NOW = datetime(2027, 1, 4, 1, 0, tzinfo=UTC)
INSTALLED = datetime(2025, 11, 30, 16, tzinfo=UTC)
FIRST = date(2026, 12, 20)
TERMINALS, METERS, DAYS = 4, 40, 5
# A frame brings the records of one hour, so a day comes in 24 frames, far apart in the inbox.
STEPS = 4
PARTS = 96 // STEPS
PROFILE, ENERGY = 0x06040001, 0x0001FF00
FRAMES = METERS * (PARTS * DAYS + 1)
KILLS = 3
MOST_LOOKS = 100_000


@dataclass(frozen=True)
class Sent:
    """A frame of a meter: `part` of a day's curve, or its register when `part` is None."""

    meter: int
    day: int
    part: int | None
    raw: bytes


class Load:
    """What all meters have to say, in the order in which their terminals say it."""

    def __init__(self) -> None:
        self.addresses = [f"20261200{number:04}" for number in range(METERS)]
        values = np.random.default_rng(1).integers(1, 200, (METERS, DAYS, 96), dtype=np.int64)
        self.values = values
        running = np.zeros((METERS, DAYS * 96 + 1), dtype=np.int64)
        running[:, 1:] = values.reshape(METERS, -1).cumsum(axis=1)
        self.running = running
        self.frames = [self._register(meter) for meter in range(METERS)]
        for part in range(PARTS):
            self.frames += [self._curve(meter, day, part) for day in range(DAYS) for meter in range(METERS)]
        self.by_raw = {frame.raw: frame for frame in self.frames}
        assert len(self.frames) == len(self.by_raw) == FRAMES

    def of_terminal(self, number: int) -> list[bytes]:
        return [frame.raw for frame in self.frames if frame.meter % TERMINALS == number]

    def said_by(self, raws: set[bytes]) -> Any:
        """The curves that these frames say, int64 (meter, day, interval); −1 where they say nothing."""
        said = np.full(self.values.shape, -1, dtype=np.int64)
        for frame in map(self.by_raw.__getitem__, raws):
            if frame.part is not None:
                at = frame.meter, frame.day, slice(frame.part * STEPS, (frame.part + 1) * STEPS)
                said[at] = self.values[at]
        return said

    def registers_of(self, raws: set[bytes]) -> list[int]:
        frames = map(self.by_raw.__getitem__, raws)
        return sorted(int(self.running[frame.meter, -1]) for frame in frames if frame.part is None)

    def _register(self, meter: int) -> Sent:
        payload = energies_payload([int(self.running[meter, -1])])
        return Sent(meter, 0, None, encode_frame(read_reply(self.addresses[meter], ENERGY, payload)))

    def _curve(self, meter: int, day: int, part: int) -> Sent:
        first = day * 96 + part * STEPS
        begin = datetime.combine(FIRST, datetime.min.time())
        records = [
            ProfileRecord(begin + timedelta(minutes=15 * n), int(self.running[meter, n]))
            for n in range(first, first + STEPS + 1)
        ]
        reply = read_reply(self.addresses[meter], PROFILE, write_profile(records))
        assert not reply.has_more
        return Sent(meter, day, part, encode_frame(reply))


@dataclass
class Utility:
    """The server of a test, its url, and the points of the meters in their order."""

    server: OwnServer
    url: str
    points: list[int]

    def count(self, condition: str = "true") -> int:
        found = ask(self.url, f"SELECT count(*) FROM metering_inboxframe WHERE {condition}")
        return int(found[0][0])

    def ingested(self) -> int:
        return self.count("ingested_at IS NOT NULL")

    def raws(self, condition: str = "true") -> set[bytes]:
        rows = ask(self.url, f"SELECT raw FROM metering_inboxframe WHERE {condition}")
        return {bytes(raw) for (raw,) in rows}

    def is_writing(self) -> bool:
        """Tell whether somebody else is in the middle of a transaction that writes."""
        others = "pid <> pg_backend_pid() AND datname = current_database()"
        found = ask(self.url, f"SELECT 1 FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND {others}")
        return bool(found)

    def wait_ingested(self, least: int, *, in_the_middle: bool = False) -> None:
        """Wait until so many frames are ingested; on demand, until then the next ones are being written."""
        for _ in range(MOST_LOOKS):
            if self.ingested() >= least and (not in_the_middle or self.is_writing()):
                return
        raise AssertionError(f"{self.ingested()} of {least} frames ingested\n{self.server.logs()}")


@pytest.fixture
def utility() -> Iterator[Utility]:
    from mingdu.main import database

    with own_server(NOW) as server:
        url = database.url(server.environment)
        yield Utility(server, url, add_points(url, Load().addresses))


def add_points(url: str, addresses: Sequence[str]) -> list[int]:
    """Register a point for each meter; no terminal is theirs, so nobody asks them for anything."""
    from mingdu.base.models import OrgUnit
    from mingdu.metering.models import Installation, Meter, UsagePoint

    add_terminals(url, [address_of(number) for number in range(TERMINALS)])
    unit = OrgUnit.objects.get(code="headend")
    meters = add_meters(addresses)
    points = UsagePoint.objects.bulk_create(
        UsagePoint(code=f"P{each}", unit=unit, customer_class="residential", capacity_w=8_000)
        for each in addresses
    )
    hung = Meter.objects.in_bulk(meters.values())
    Installation.objects.bulk_create(
        Installation(usage_point=point, meter=hung[meters[each]], valid_from=INSTALLED)
        for point, each in zip(points, addresses, strict=True)
    )
    return [point.pk for point in points]


def address_of(terminal: int) -> str:
    return f"0530100000{terminal:02}"


@contextmanager
def head_end(server: OwnServer, port: int) -> Iterator[subprocess.Popen[str]]:
    """Run `mingdu headend` by the server's clock; at the end it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "mingdu.main.cli", "headend", "--port", str(port)],
        env=os.environ | {"MINGDU_DATA": str(server.environment.data_folder)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        while "listening port=" not in (line := process.stdout.readline()):
            assert line, "the head end ended before it listened"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


async def push(port: int, terminal: int, raws: list[bytes]) -> None:
    """Send frames and wait until every one is acknowledged."""
    caller = await dial(port, terminal, raws[0])
    send(caller, raws[1:])
    await caller.until(lambda: caller.acknowledged == len(raws) or caller.is_over)
    assert caller.acknowledged == len(raws)
    await caller.hang_up()


async def dial(port: int, terminal: int, raw: bytes) -> LoopbackTerminal:
    """Dial in and send a first frame; a terminal that says much more before it is admitted is cut off."""
    caller = await LoopbackTerminal(address_of(terminal)).dial(port)
    caller.send(raw)
    await caller.until(lambda: caller.acknowledged == 1)
    return caller


def send(caller: LoopbackTerminal, raws: list[bytes]) -> None:
    for raw in raws:
        caller.send(raw)


async def push_all(port: int, of_terminal: list[list[bytes]]) -> None:
    await asyncio.gather(*(push(port, number, raws) for number, raws in enumerate(of_terminal) if raws))


def assert_holds(utility: Utility, load: Load, raws: set[bytes]) -> None:
    """Exactly what these frames say is stored: each value once, of no frame only a part."""
    from django.db import connection

    from mingdu.base.database import reading_connection
    from mingdu.core.quality import Quality
    from mingdu.metering import queries

    connection.close()
    block = queries.curves(reading_connection(), np.array(utility.points), FIRST, DAYS)
    said = load.said_by(raws)
    assert np.array_equal(np.where(block.quality == Quality.MISSING, -1, block.values), said)
    stored = ask(utility.url, "SELECT usage_point_id, day, version FROM metering_curve")
    assert len(stored) == int((said >= 0).any(axis=2).sum())
    assert {version for _, _, version in stored} <= {1}
    registers = ask(utility.url, "SELECT digits, version FROM metering_registerreading ORDER BY digits")
    assert registers == [(digits, 1) for digits in load.registers_of(raws)]
    assert utility.count("error <> ''") == 0
    assert ask(utility.url, "SELECT count(*) FROM metering_readingconflict") == [(0,)]


def assert_ingested_once(utility: Utility) -> None:
    """Every frame of the inbox stands in the evidence of exactly one transaction."""
    ids = [number for (number,) in ask(utility.url, "SELECT id FROM metering_inboxframe ORDER BY id")]
    rows = ask(utility.url, "SELECT reference FROM metering_evidence WHERE kind = 'frame'")
    spans = sorted(tuple(map(int, row[0].removeprefix("inbox:").split("-"))) for row in rows)
    taken = [number for first, last in spans for number in ids if first <= number <= last]
    assert taken == ids


def test_killed_workers_lose_and_double_no_reading(utility: Utility) -> None:
    load, server, port = Load(), utility.server, free_port()
    with head_end(server, port):
        uvloop.run(push_all(port, [load.of_terminal(number) for number in range(TERMINALS)]))
    assert (utility.count(), utility.ingested()) == (FRAMES, 0)
    at_the_kills = [0]
    for number in range(1, KILLS + 1):
        worker = server.start_worker()
        utility.wait_ingested(FRAMES * number // (KILLS + 2), in_the_middle=True)
        worker.kill()
        worker.wait()
        at_the_kills.append(utility.ingested())
        assert_holds(utility, load, utility.raws("ingested_at IS NOT NULL"))
    assert all(before < after < FRAMES for before, after in pairwise(at_the_kills))
    last = server.start_worker()
    utility.wait_ingested(FRAMES)
    assert last.poll() is None, server.logs()
    assert_holds(utility, load, set(load.by_raw))
    assert_ingested_once(utility)


async def push_until_killed(
    utility: Utility, of_terminal: list[list[bytes]], port: int, kill_all: Callable[[], None]
) -> list[int]:
    """
    Send half of the load; when a part of it is ingested send the rest, and kill in the middle of both.

    Returns how many frames of each terminal were acknowledged.
    """
    callers = [await dial(port, number, raws[0]) for number, raws in enumerate(of_terminal)]
    for caller, raws in zip(callers, of_terminal, strict=True):
        send(caller, raws[1 : len(raws) // 2])
    for caller, raws in zip(callers, of_terminal, strict=True):
        await caller.until(lambda: caller.acknowledged == len(raws) // 2)  # noqa: B023
    utility.wait_ingested(FRAMES // 8, in_the_middle=True)
    for caller, raws in zip(callers, of_terminal, strict=True):
        send(caller, raws[len(raws) // 2 :])
    await callers[0].until(lambda: callers[0].acknowledged > len(of_terminal[0]) // 2)
    kill_all()
    for caller in callers:
        await caller.until(lambda: caller.is_over)  # noqa: B023
    return [caller.acknowledged for caller in callers]


def test_a_killed_database_loses_and_doubles_no_reading(utility: Utility) -> None:
    """As when the power fails: the database first, then all that stood at it, and all is started again."""
    load, server, port = Load(), utility.server, free_port()
    of_terminal = [load.of_terminal(number) for number in range(TERMINALS)]
    worker = server.start_worker()
    with head_end(server, port) as process:

        def kill_all() -> None:
            os.kill(server.pid, signal.SIGKILL)
            process.kill()
            worker.kill()

        acknowledged = uvloop.run(push_until_killed(utility, of_terminal, port, kill_all))
    worker.wait()
    server.start_database()
    kept = utility.raws()
    for raws, count in zip(of_terminal, acknowledged, strict=True):
        assert set(raws[:count]) <= kept
    assert FRAMES // 8 <= utility.ingested() < FRAMES // 2 < sum(acknowledged) <= len(kept) < FRAMES
    assert_holds(utility, load, utility.raws("ingested_at IS NOT NULL"))
    last = server.start_worker()
    unheard = [raws[count:] for raws, count in zip(of_terminal, acknowledged, strict=True)]
    with head_end(server, port):
        uvloop.run(push_all(port, unheard))
    utility.wait_ingested(utility.count())
    assert last.poll() is None, server.logs()
    assert_holds(utility, load, set(load.by_raw))
    assert_ingested_once(utility)
