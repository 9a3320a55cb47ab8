"""The server that is backed up: ours or that of DATABASE_URL, asked over the same doors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from mingdu.errors import TradeError
from mingdu.main.database import DatabaseDown, start
from mingdu.main.database.programs import Programs, find_programs
from mingdu.main.environment import DependencyDown, Environment

FIRST_INCREMENTAL = 17
FIRST_SERVER = 15
# A server that recovers the data must allow at least as much as the one that wrote the log.
MINIMA = (
    "max_connections",
    "max_worker_processes",
    "max_wal_senders",
    "max_prepared_transactions",
    "max_locks_per_transaction",
)
# One backup at a time, and one hand at the log at a time, wherever their processes run.
RUN_LOCK, LOG_LOCK = 0x6D6762_0001, 0x6D6762_0002


class NoReplicationRight(TradeError):
    """The role of the connection may not copy the server."""


class NoReplicationDoor(TradeError):
    """The server lets nobody copy it from here: no line of pg_hba.conf allows it."""


class ServerNotServed(DependencyDown):
    """Backups of this version of PostgreSQL cannot be made with these programs."""


@dataclass(frozen=True)
class Source:
    """
    A server and the programs that copy it.

    url  libpq URL with password
    """

    url: str = field(repr=False)
    programs: Programs
    is_foreign: bool

    @contextmanager
    def connected(self) -> Iterator[psycopg.Connection]:
        """Give a connection in which each statement stands for itself."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            yield connection

    def run(self, name: str, arguments: Sequence[str]) -> str:
        """Run a program that connects to the server; the password goes through its environment."""
        parts = conninfo_to_dict(self.url)
        password = str(parts.pop("password", ""))
        return self.programs.run(
            name, ["--dbname", make_conninfo("", **parts), "--no-password", *arguments], password=password
        )

    @property
    def database(self) -> str:
        return str(conninfo_to_dict(self.url).get("dbname", ""))


@dataclass(frozen=True)
class ServerFacts:
    """What a server says of itself; version 180006 for 18.6; segment_bytes of its log's files."""

    system: str
    timeline: int
    version: int
    role: str
    segment_bytes: int
    summarizes: bool
    settings: dict[str, str]
    now: datetime


def source_of(environment: Environment) -> Source:
    """
    Return the server to back up, started if it is ours.

    raises  DatabaseDown, ServerNotServed, NoReplicationRight, NoReplicationDoor and those of the launcher
    """
    server = start(environment)
    source = Source(server.url, find_programs(environment.pg_bin), environment.database_url is not None)
    with source.connected() as connection:
        _refuse_version(connection.info.server_version, source.programs)
        _refuse_without_right(connection, source.is_foreign)
    _refuse_without_door(source)
    return source


def facts_of(connection: psycopg.Connection) -> ServerFacts:
    """Ask a server for its facts."""
    row = connection.execute(
        "SELECT (SELECT system_identifier FROM pg_control_system()),"
        " (SELECT timeline_id FROM pg_control_checkpoint()),"
        " current_setting('server_version_num')::int, current_user,"
        " (SELECT setting::bigint * CASE unit WHEN '16MB' THEN 16777216 WHEN 'B' THEN 1 ELSE 1024 END"
        "  FROM pg_settings WHERE name = 'wal_segment_size'),"
        " coalesce(current_setting('summarize_wal', true), 'off') = 'on',"
        " clock_timestamp()"
    ).fetchone()
    assert row is not None
    found = connection.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", (list(MINIMA),))
    settings: dict[str, str] = dict(found.fetchall())
    return ServerFacts(str(row[0]), row[1], row[2], row[3], row[4], row[5], settings, row[6])


def is_locked(connection: psycopg.Connection, lock: int) -> bool:
    """Try to take a lock that ends with the connection; tells whether it is ours now."""
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", (lock,)).fetchone()
    return row is not None and bool(row[0])


def _refuse_version(version: int, programs: Programs) -> None:
    server = version // 10_000
    if FIRST_SERVER <= server <= programs.major_version:
        return
    raise ServerNotServed(
        f"the server is PostgreSQL {server}, the programs are {programs.major_version}",
        next_step=f"set MINGDU_PG_BIN to the bin folder of PostgreSQL {server}; at least {FIRST_SERVER}",
        server_version=server,
        program_version=programs.major_version,
    )


def _refuse_without_right(connection: psycopg.Connection, is_foreign: bool) -> None:
    row = connection.execute(
        "SELECT rolname, rolreplication OR rolsuper FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    if row is None or row[1]:
        return
    statement = f'ALTER ROLE "{row[0]}" REPLICATION;'
    ours = "give the role its right by starting the database once more: mingdu db stop; mingdu db start"
    raise NoReplicationRight(
        f"the role {row[0]} has no right to copy the server",
        next_step=f"as superuser of that server: {statement}" if is_foreign else ours,
        role=row[0],
    )


def _refuse_without_door(source: Source) -> None:
    try:
        psycopg.connect(source.url, replication="true", autocommit=True).close()
    except psycopg.OperationalError as cause:
        said = str(cause).strip()
        if "pg_hba.conf" not in said:
            raise DatabaseDown(f"the server takes no connection that copies: {said}") from cause
        raise NoReplicationDoor(
            f"the server lets nobody copy it from here: {said}", next_step=_door_line(source.url)
        ) from cause


def _door_line(url: str) -> str:
    parts = conninfo_to_dict(url)
    role, host = parts.get("user", "all"), str(parts.get("host", ""))
    way = "local" if host.startswith("/") or not host else "host"
    address = "" if way == "local" else "<address of this machine>/32 "
    return (
        "add this line to pg_hba.conf of that server, then SELECT pg_reload_conf(): "
        f"{way} replication {role} {address}scram-sha-256"
    )
