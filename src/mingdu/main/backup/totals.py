"""Totals of every table at one place of the log: what a restored database is compared with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import psycopg
from psycopg import sql

from mingdu.errors import TradeError

from .manifest import TableTotal, Totals
from .source import Source

LOCK_MILLISECONDS = 1_500
TRIES = 40
# Whatever a session is set to, the same row is the same text.
FORM = (
    "SET TimeZone = 'UTC'",
    "SET DateStyle = 'ISO, YMD'",
    "SET IntervalStyle = 'postgres'",
    "SET bytea_output = 'hex'",
    "SET extra_float_digits = 1",
)
_TABLES = """
    SELECT n.nspname, c.relname
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p'
      AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%%'
    ORDER BY 1, 2
"""


class DatabaseBusy(TradeError):
    """No moment was found in which nobody wrote: a transaction stays open for long."""

    next_step = "look who holds it (pg_stat_activity), then: mingdu backup"


def take_totals(source: Source, tries: int = TRIES) -> Totals:
    """
    Count and hash every table as it stands at one place of the log, which is told with them.

    Writers wait for the few milliseconds in which the snapshot is taken: a commit that stands in
    the log before that place is in the snapshot then, and none that stands after it. A recovery
    that stops there has exactly these rows.

    tries   how often it is tried, for LOCK_MILLISECONDS each, in which new writers wait behind it
    raises  DatabaseBusy
    """
    with source.connected() as reader, source.connected() as holder:
        for statement in FORM:
            reader.execute(statement)
        tables = tables_of(reader)
        with _quiet(holder, tables, tries):
            reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            reader.execute("SELECT 1")
            lsn, at = mark(holder)
        try:
            return Totals(lsn, at, totals_of(reader, tables))
        finally:
            reader.execute("ROLLBACK")


def totals_of(connection: psycopg.Connection, tables: list[tuple[str, str]]) -> dict[str, TableTotal]:
    """Count and hash tables in the connection's snapshot."""
    return {f"{schema}.{table}": _total(connection, schema, table) for schema, table in tables}


def restored_totals(connection: psycopg.Connection) -> dict[str, TableTotal]:
    """Count and hash every table of a restored database."""
    for statement in FORM:
        connection.execute(statement)
    return totals_of(connection, tables_of(connection))


def tables_of(connection: psycopg.Connection) -> list[tuple[str, str]]:
    """Return (schema, name) of every table; a partitioned one stands for its parts."""
    return [(schema, table) for schema, table in connection.execute(_TABLES)]


def mark(connection: psycopg.Connection) -> tuple[str, datetime]:
    """
    Write a mark into the log and return the place behind it and the instant just before it.

    What was committed until that instant stands before the place, and the mark's own commit comes
    after the instant: a recovery to it, or to any instant before, finds where to stop.
    """
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    connection.execute("SELECT pg_logical_emit_message(true, 'mingdu_backup', '')")
    place = connection.execute("SELECT pg_current_wal_insert_lsn()::text").fetchone()
    assert row is not None and place is not None
    return place[0], row[0]


@contextmanager
def _quiet(holder: psycopg.Connection, tables: list[tuple[str, str]], tries: int) -> Iterator[None]:
    """Hold every table against writers, for as long as the block runs."""
    holder.execute(f"SET lock_timeout = '{LOCK_MILLISECONDS}ms'")
    names = sql.SQL(", ").join(sql.Identifier(*table) for table in tables)
    with holder.transaction():
        if tables:
            _hold(holder, sql.SQL("LOCK TABLE {} IN SHARE MODE").format(names), tries)
        yield


def _hold(holder: psycopg.Connection, statement: sql.Composed, tries: int) -> None:
    for _ in range(tries):
        try:
            with holder.transaction():
                holder.execute(statement)
            return
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            continue
    raise DatabaseBusy(f"tables were written in {tries} tries of {LOCK_MILLISECONDS} ms", tries=tries)


def _total(connection: psycopg.Connection, schema: str, table: str) -> TableTotal:
    statement = sql.SQL(
        "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text FROM {} t"
    ).format(sql.Identifier(schema, table))
    row = connection.execute(statement).fetchone()
    assert row is not None
    return TableTotal(row[0], row[1])
