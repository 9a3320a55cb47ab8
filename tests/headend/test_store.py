"""Every statement of the store on a freshly migrated database."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import psycopg
import pytest

from headend.rows import add_meters, add_polls, add_terminals, ask
from headend.stage import METER, PROFILE, TERMINAL, RememberingLine, poll
from mingdu.headend import Store, StoreLost
from mingdu.headend import store as statements
from mingdu.headend.backlog import Answer, Batch, Ending, Outcome, Sighting
from mingdu.headend.schedule import Poll
from mingdu.headend.sessions import Login, Session

pytestmark = pytest.mark.database

STATEMENTS = {
    name: text for name, text in vars(statements).items() if name.isupper() and isinstance(text, str)
}


def with_store(url: str, act: Callable[[Store], Awaitable[None]], process: str = "headend:test") -> None:
    async def scene() -> None:
        store = Store(url, process)
        try:
            await act(store)
        finally:
            await store.close()

    asyncio.run(scene())


def login(address: str = TERMINAL) -> Login:
    return Login(address, PROFILE, RememberingLine())


def session_of(terminal_id: int, number: int = 1) -> Session:
    return Session(number, terminal_id, TERMINAL, PROFILE, RememberingLine())


@pytest.mark.parametrize("name", STATEMENTS)
def test_the_database_takes_the_statement(name: str, module_database: str) -> None:
    text = STATEMENTS[name]
    values = dict.fromkeys(re.findall(r"%\((\w+)\)s", text))
    with psycopg.connect(module_database) as connection:
        connection.execute(f"EXPLAIN {text}", values)


def test_there_are_statements_to_check() -> None:
    assert len(STATEMENTS) == 10


def test_a_registered_terminal_is_admitted_with_a_session_row(database: str, now: datetime) -> None:
    terminals = add_terminals(database, [TERMINAL])

    async def act(store: Store) -> None:
        await store.open([], now)
        admissions = await store.open_sessions([login(), login("999900000001")], now)
        assert list(admissions) == [TERMINAL]
        assert admissions[TERMINAL].terminal_id == terminals[TERMINAL]
        rows = ask(database, "SELECT id, terminal_id, process, peer, ended_at FROM metering_terminalsession")
        expected = (
            admissions[TERMINAL].session_number,
            terminals[TERMINAL],
            "headend:test",
            "127.0.0.1:40001",
            None,
        )
        assert rows == [expected]

    with_store(database, act)


def test_a_terminal_of_another_profile_is_a_stranger(database: str, now: datetime) -> None:
    add_terminals(database, [TERMINAL], profile="another")

    async def act(store: Store) -> None:
        await store.open([], now)
        assert await store.open_sessions([login()], now) == {}

    with_store(database, act)


def test_opening_ends_the_rows_that_a_killed_process_left(database: str, now: datetime) -> None:
    add_terminals(database, [TERMINAL, "053010000002"])
    numbers: dict[str, int] = {}

    async def first(store: Store) -> None:
        await store.open([], now)
        admitted = await store.open_sessions([login(), login("053010000002")], now)
        numbers.update({address: each.session_number for address, each in admitted.items()})

    async def second(store: Store) -> None:
        await store.open([numbers[TERMINAL]], now + timedelta(minutes=1))

    with_store(database, first)
    with_store(database, second, process="headend:other")
    left_open = "SELECT id FROM metering_terminalsession WHERE ended_at IS NULL ORDER BY id"
    assert ask(database, left_open) == [(number,) for number in sorted(numbers.values())]
    with_store(database, second)
    assert ask(database, left_open) == [(numbers[TERMINAL],)]


def test_due_polls_come_by_lane_and_up_to_a_number_a_terminal(database: str, now: datetime) -> None:
    here, there = add_terminals(database, [TERMINAL, "053010000002"]).values()
    *meters, elsewhere = add_meters([f"2026{number:08}" for number in range(5)]).values()
    slow = add_polls([(here, meter) for meter in meters], now, lane=9)
    (urgent,) = add_polls([(here, meters[0])], now, lane=1, item="clock")
    add_polls([(here, meters[1])], now, item="clock", not_before=now + timedelta(hours=1))
    add_polls([(here, meters[2])], now, item="clock", answered_at=now)
    add_polls([(here, meters[3])], now, item="clock", given_up_at=now)
    other = add_polls([(there, elsewhere)], now)

    async def act(store: Store) -> None:
        await store.open([], now)
        polls = await store.due_polls([here, there], now, lane=9, most=3)
        assert sorted(each.poll_id for each in polls) == sorted([urgent, *slow[:2], *other])
        (one,) = await store.due_polls([here], now, lane=2, most=3)
        assert one == Poll(urgent, here, "202600000000", "clock", one.day, 1, 0, now)

    with_store(database, act)


def test_a_batch_is_written_as_one(database: str, now: datetime) -> None:
    terminal = add_terminals(database, [TERMINAL])[TERMINAL]
    meter = add_meters([METER])[METER]
    answered, retried, given_up = (
        add_polls([(terminal, meter)], now, item=item)[0] for item in ("energy", "clock", "status")
    )
    later = now + timedelta(minutes=5)

    async def act(store: Store) -> None:
        await store.open([], now)
        (admission,) = (await store.open_sessions([login()], now)).values()
        session = session_of(terminal, admission.session_number)
        await store.write(
            Batch(
                answers=[
                    Answer(session, poll(answered, terminal_id=terminal), METER, b"\x68\x00\x16", now),
                    Answer(session, None, METER, b"pushed", now),
                ],
                outcomes=[
                    Outcome(retried, 1, later, "MeterSilent: " + "é" * 300),
                    Outcome(given_up, 1, now, "Refused", now),
                ],
                endings=[Ending(admission.session_number, later, "connection lost")],
                sightings=[
                    Sighting("999900000001", "10.0.0.1:1", now, now, 1),
                    Sighting("999900000001", "10.0.0.1:2", later, later, 4),
                ],
                beats={admission.session_number: later},
            )
        )

    with_store(database, act)
    assert ask(
        database,
        "SELECT poll_id, terminal_id, meter_address, raw, error FROM metering_inboxframe ORDER BY id",
    ) == [
        (answered, terminal, METER, b"\x68\x00\x16", ""),
        (None, terminal, METER, b"pushed", ""),
    ]
    polls = ask(
        database,
        "SELECT attempts, not_before, answered_at, given_up_at, left(error, 11), length(error)"
        " FROM metering_poll ORDER BY id",
    )
    assert polls == [
        (1, now, now, None, "", 0),
        (1, later, None, None, "MeterSilent", 200),
        (1, now, None, now, "Refused", 7),
    ]
    assert ask(database, "SELECT heartbeat_at, ended_at, reason FROM metering_terminalsession") == [
        (later, later, "connection lost")
    ]
    assert ask(database, "SELECT peer, first_at, latest_at, tries FROM metering_unknownterminal") == [
        ("10.0.0.1:2", now, later, 5)
    ]


def test_a_stranger_who_comes_again_keeps_one_row(database: str, now: datetime) -> None:
    async def act(store: Store) -> None:
        await store.open([], now)
        for minute in range(3):
            at = now + timedelta(minutes=minute)
            await store.write(Batch(sightings=[Sighting("999900000001", f"10.0.0.1:{minute}", at, at, 2)]))

    with_store(database, act)
    assert ask(database, "SELECT peer, first_at, latest_at, tries FROM metering_unknownterminal") == [
        ("10.0.0.1:2", now, now + timedelta(minutes=2), 6)
    ]


def test_the_first_answer_of_a_poll_stands(database: str, now: datetime) -> None:
    terminal = add_terminals(database, [TERMINAL])[TERMINAL]
    (asked,) = add_polls([(terminal, add_meters([METER])[METER])], now)
    later = now + timedelta(minutes=5)

    async def act(store: Store) -> None:
        await store.open([], now)
        for at in (now, later):
            await store.write(
                Batch(
                    answers=[Answer(session_of(terminal), poll(asked, terminal_id=terminal), METER, b"x", at)]
                )
            )
        await store.write(Batch(outcomes=[Outcome(asked, 9, later, "late failure")]))

    with_store(database, act)
    assert ask(database, "SELECT answered_at, attempts, error FROM metering_poll") == [(now, 1, "")]
    assert ask(database, "SELECT count(*) FROM metering_inboxframe") == [(2,)]


def test_nothing_of_a_batch_stays_when_a_part_fails(database: str, now: datetime) -> None:
    terminal = add_terminals(database, [TERMINAL])[TERMINAL]

    async def act(store: Store) -> None:
        await store.open([], now)
        too_long = Sighting("9" * 13, "10.0.0.1:1", now, now, 1)
        answers = [Answer(session_of(terminal), None, METER, b"x", now)]
        with pytest.raises(StoreLost):
            await store.write(Batch(answers=answers, sightings=[too_long]))
        await store.write(Batch(sightings=[Sighting("9" * 12, "10.0.0.1:1", now, now, 1)]))

    with_store(database, act)
    assert ask(database, "SELECT count(*) FROM metering_inboxframe") == [(0,)]


def test_what_a_lost_connection_does_not_do_is_named(database: str, now: datetime) -> None:
    async def act(store: Store) -> None:
        with pytest.raises(StoreLost, match="no connection"):
            await store.open_sessions([login()], now)
        await store.open([], now)
        ask(
            database,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query LIKE '%metering_terminalsession%'"
            " AND pid <> pg_backend_pid()",
        )
        for call in (
            store.open_sessions([login()], now),
            store.due_polls([1], now, lane=9, most=1),
            store.write(Batch(beats={1: now})),
        ):
            with pytest.raises(StoreLost):
                await call
        await store.close()
        await store.open([], now)
        assert await store.due_polls([1], now, lane=9, most=1) == []

    with_store(database, act)


def test_no_database_is_named(now: datetime) -> None:
    async def act(store: Store) -> None:
        with pytest.raises(StoreLost):
            await store.open([], now)

    with_store("postgresql://mingdu@127.0.0.1:1/none", act)
