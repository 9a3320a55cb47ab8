"""
All SQL of the head end: the tables are metering's, the statements are here. One connection, one user of it.

Every call is one transaction. Whatever fails becomes `StoreLost`; the caller closes, opens again and repeats.
Repeating is safe: an answer that was committed unseen stands twice, which ingest accepts as once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg

from mingdu.errors import TradeError

from .backlog import Answer, Batch, Ending, Outcome, Sighting
from .schedule import Poll
from .sessions import Login

CONNECT_SECONDS: Final = 5
STATEMENT_SECONDS: Final = 10
# Widths of the text columns.
ERROR_CHARACTERS: Final = 200
REASON_CHARACTERS: Final = 60

LIMIT_STATEMENTS: Final = "SELECT set_config('statement_timeout', %(patience)s, false)"

END_LEFTOVERS: Final = """
UPDATE metering_terminalsession SET ended_at = %(at)s::timestamptz, reason = 'head end lost it'
WHERE process = %(process)s AND ended_at IS NULL AND NOT id = ANY (%(open)s::bigint[])"""

OPEN_SESSIONS: Final = """
WITH known AS (
    SELECT terminal.id, terminal.terminal_address, login.peer
    FROM unnest(%(address)s::text[], %(profile)s::text[], %(peer)s::text[]) AS login (address, profile, peer)
    JOIN metering_terminal terminal
      ON terminal.terminal_address = login.address AND terminal.profile = login.profile
), opened AS (
    INSERT INTO metering_terminalsession (terminal_id, process, peer, connected_at, heartbeat_at, reason)
    SELECT id, %(process)s, peer, %(at)s::timestamptz, %(at)s::timestamptz, '' FROM known
    RETURNING id, terminal_id
)
SELECT known.terminal_address, known.id, opened.id FROM opened JOIN known ON known.id = opened.terminal_id"""

DUE_POLLS: Final = """
SELECT poll.id, poll.terminal_id, meter.meter_address, poll.item, poll.day, poll.lane, poll.attempts,
       poll.not_before
FROM unnest(%(terminals)s::bigint[]) AS wanted (terminal_id)
CROSS JOIN LATERAL (
    SELECT * FROM metering_poll
    WHERE terminal_id = wanted.terminal_id AND lane <= %(lane)s::smallint
      AND not_before <= %(at)s::timestamptz AND answered_at IS NULL AND given_up_at IS NULL
    ORDER BY lane, not_before, id LIMIT %(most)s::bigint
) poll
JOIN metering_meter meter ON meter.id = poll.meter_id"""

KEEP_ANSWERS: Final = """
INSERT INTO metering_inboxframe (received_at, terminal_id, poll_id, meter_address, raw, error)
SELECT received_at, terminal_id, poll_id, meter_address, raw, ''
FROM unnest(%(received_at)s::timestamptz[], %(terminal)s::bigint[], %(poll)s::bigint[], %(meter)s::text[],
            %(raw)s::bytea[]) AS answer (received_at, terminal_id, poll_id, meter_address, raw)"""

ANSWER_POLLS: Final = """
UPDATE metering_poll poll SET answered_at = answer.at, attempts = poll.attempts + 1, error = ''
FROM unnest(%(poll)s::bigint[], %(received_at)s::timestamptz[]) AS answer (id, at)
WHERE poll.id = answer.id AND poll.answered_at IS NULL"""

PUT_OFF_POLLS: Final = """
UPDATE metering_poll poll SET attempts = outcome.attempts, not_before = outcome.not_before,
    given_up_at = outcome.given_up_at, error = outcome.error
FROM unnest(%(poll)s::bigint[], %(attempts)s::integer[], %(not_before)s::timestamptz[],
            %(given_up_at)s::timestamptz[], %(error)s::text[])
    AS outcome (id, attempts, not_before, given_up_at, error)
WHERE poll.id = outcome.id AND poll.answered_at IS NULL"""

KEEP_HEARTBEATS: Final = """
UPDATE metering_terminalsession session SET heartbeat_at = beat.at
FROM unnest(%(session)s::bigint[], %(at)s::timestamptz[]) AS beat (id, at) WHERE session.id = beat.id"""

END_SESSIONS: Final = """
UPDATE metering_terminalsession session SET ended_at = ending.at, reason = ending.reason
FROM unnest(%(session)s::bigint[], %(at)s::timestamptz[], %(reason)s::text[]) AS ending (id, at, reason)
WHERE session.id = ending.id"""

KEEP_SIGHTINGS: Final = """
INSERT INTO metering_unknownterminal AS stranger (terminal_address, peer, first_at, latest_at, tries)
SELECT address, (array_agg(peer ORDER BY latest_at DESC))[1], min(first_at), max(latest_at), sum(tries)
FROM unnest(%(address)s::text[], %(peer)s::text[], %(first_at)s::timestamptz[], %(latest_at)s::timestamptz[],
            %(tries)s::integer[]) AS seen (address, peer, first_at, latest_at, tries)
GROUP BY address
ON CONFLICT (terminal_address) DO UPDATE
SET peer = excluded.peer, latest_at = excluded.latest_at, tries = stranger.tries + excluded.tries"""


class StoreLost(TradeError):
    """The database did not do what was asked; nothing of it is certain."""

    next_step = "start the database; the head end goes on by itself"


@dataclass(frozen=True, slots=True)
class Admission:
    """A registered terminal and the row of its new session."""

    terminal_id: int
    session_number: int


class Store:
    """The head end's one connection to the database."""

    def __init__(self, url: str, process: str) -> None:
        self._url = url
        self._process = process
        self._connection: psycopg.AsyncConnection[Any] | None = None

    async def open(self, sessions: Sequence[int], at: datetime) -> None:
        """
        Connect, and end what sessions of this process the table still shows, but for those that are open.

        raises   StoreLost
        """
        with _as_store_lost():
            self._connection = await psycopg.AsyncConnection.connect(
                self._url, autocommit=True, connect_timeout=CONNECT_SECONDS
            )
            await self._connection.execute(LIMIT_STATEMENTS, {"patience": f"{STATEMENT_SECONDS}s"})
            await self._connection.execute(
                END_LEFTOVERS, {"at": at, "process": self._process, "open": list(sessions)}
            )

    async def close(self) -> None:
        """Leave the database; a connection that is lost or was never made is no fault."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def open_sessions(self, logins: Sequence[Login], at: datetime) -> dict[str, Admission]:
        """
        Write a session for each registered terminal among the log-ins, one log-in an address.

        returns   address to admission; an address that is missing is not registered with that profile
        raises    StoreLost
        """
        values = {
            "address": [login.address for login in logins],
            "profile": [login.profile.name for login in logins],
            "peer": [login.line.peer for login in logins],
            "process": self._process,
            "at": at,
        }
        with _as_store_lost():
            rows = await (await self._open().execute(OPEN_SESSIONS, values)).fetchall()
        return {address: Admission(terminal, session) for address, terminal, session in rows}

    async def due_polls(self, terminals: Sequence[int], at: datetime, *, lane: int, most: int) -> list[Poll]:
        """
        Return up to `most` open polls of each terminal that are due, up to and with one lane.

        raises   StoreLost
        """
        values = {"terminals": list(terminals), "at": at, "lane": lane, "most": most}
        with _as_store_lost():
            rows = await (await self._open().execute(DUE_POLLS, values)).fetchall()
        return [Poll(*row) for row in rows]

    async def write(self, batch: Batch) -> None:
        """
        Commit a batch; when this returns, all of it is on disk.

        raises   StoreLost: it may or may not have been committed
        """
        statements = [each for each in _statements(batch) if each[2]]
        connection = self._open()
        with _as_store_lost():
            async with connection.pipeline(), connection.transaction():
                for statement, values, _ in statements:
                    await connection.execute(statement, values)

    def _open(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is None:
            raise StoreLost("no connection to the database")
        return self._connection


@contextmanager
def _as_store_lost() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as cause:
        raise StoreLost(f"database: {cause}") from cause


def _statements(batch: Batch) -> Iterator[tuple[str, dict[str, Any], int]]:
    """Give each statement of a batch with its columns and the number of its rows."""
    asked = [answer for answer in batch.answers if answer.poll is not None]
    yield KEEP_ANSWERS, _answer_columns(batch.answers), len(batch.answers)
    yield ANSWER_POLLS, _answer_columns(asked), len(asked)
    yield PUT_OFF_POLLS, _outcome_columns(batch.outcomes), len(batch.outcomes)
    beats = {"session": list(batch.beats), "at": list(batch.beats.values())}
    yield KEEP_HEARTBEATS, beats, len(batch.beats)
    yield END_SESSIONS, _ending_columns(batch.endings), len(batch.endings)
    yield KEEP_SIGHTINGS, _sighting_columns(batch.sightings), len(batch.sightings)


def _answer_columns(answers: Sequence[Answer]) -> dict[str, Any]:
    return {
        "received_at": [answer.received_at for answer in answers],
        "terminal": [answer.session.terminal_id for answer in answers],
        "poll": [answer.poll.poll_id if answer.poll else None for answer in answers],
        "meter": [answer.meter_address for answer in answers],
        "raw": [answer.raw for answer in answers],
    }


def _outcome_columns(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "poll": [outcome.poll_id for outcome in outcomes],
        "attempts": [outcome.attempts for outcome in outcomes],
        "not_before": [outcome.not_before for outcome in outcomes],
        "given_up_at": [outcome.given_up_at for outcome in outcomes],
        "error": [outcome.error[:ERROR_CHARACTERS] for outcome in outcomes],
    }


def _ending_columns(endings: Sequence[Ending]) -> dict[str, Any]:
    return {
        "session": [ending.session_number for ending in endings],
        "at": [ending.ended_at for ending in endings],
        "reason": [ending.reason[:REASON_CHARACTERS] for ending in endings],
    }


def _sighting_columns(sightings: Sequence[Sighting]) -> dict[str, Any]:
    return {
        "address": [sighting.address for sighting in sightings],
        "peer": [sighting.peer for sighting in sightings],
        "first_at": [sighting.first_at for sighting in sightings],
        "latest_at": [sighting.latest_at for sighting in sightings],
        "tries": [sighting.tries for sighting in sightings],
    }
