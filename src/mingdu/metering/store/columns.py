"""Whole columns to and from the database: int64 arrays as parameters, packed bytes as answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

from mingdu.base.database import cursor
from mingdu.core.copy_rows import Column, array_bytes, copy_rows
from mingdu.core.types import Bytes, Ints

# Statements are planned for their parameters each time (prepare=False): a plan made for any length of a
# column and any month would read every partition.
Connection = psycopg.Connection[Any]
BIGINT_ARRAY = 1016


class ColumnDumper(Dumper):
    """An int64 column as bigint[], encoded at once."""

    format = Format.BINARY
    oid = BIGINT_ARRAY

    def dump(self, obj: Ints) -> bytes:
        """Encode the column."""
        return array_bytes(obj)


def fetch_row(
    conn: Connection, statement: str, parameters: tuple[Any, ...] | dict[str, Any]
) -> tuple[Any, ...]:
    """Run a statement whose answer is one row of aggregates; int64 columns may be parameters."""
    with cursor(conn, binary=True) as opened:
        opened.adapters.register_dumper(np.ndarray, ColumnDumper)
        row = opened.execute(statement, parameters, prepare=False).fetchone()
    assert row is not None
    return tuple(row)


def run(conn: Connection, statement: str, parameters: tuple[Any, ...]) -> None:
    """Run a statement that answers nothing; int64 columns may be parameters."""
    with cursor(conn) as opened:
        opened.adapters.register_dumper(np.ndarray, ColumnDumper)
        opened.execute(statement, parameters, prepare=False)


def fetch_rows(
    conn: Connection, statement: str, parameters: tuple[Any, ...] | dict[str, Any]
) -> list[tuple[Any, ...]]:
    """Run a statement and return its rows; int64 columns may be parameters."""
    with cursor(conn, binary=True) as opened:
        opened.adapters.register_dumper(np.ndarray, ColumnDumper)
        return opened.execute(statement, parameters, prepare=False).fetchall()


def copy_in(conn: Connection, table_and_columns: str, columns: list[Column]) -> None:
    """Write rows by binary COPY."""
    with cursor(conn) as opened, opened.copy(f"COPY {table_and_columns} FROM STDIN (FORMAT binary)") as copy:
        copy.write(copy_rows(columns))


def ints(packed: bytes | None) -> Ints:
    """Read `string_agg(int8send(x), '')`."""
    return np.frombuffer(packed or b"", dtype=">i8").astype(np.int64)


def small_ints(packed: bytes | None) -> Ints:
    """Read `string_agg(int2send(x), '')`."""
    return np.frombuffer(packed or b"", dtype=">i2").astype(np.int64)


def marks(packed: bytes | None) -> Bytes:
    """Read `string_agg(int2send(x), '')` of values that fit a byte."""
    return np.frombuffer(packed or b"", dtype=">i2").astype(np.uint8)


def cut(joined: bytes | None, lengths: Ints) -> list[bytes]:
    """Cut joined fields apart."""
    whole = joined or b""
    ends = np.cumsum(lengths)
    begins = ends - lengths
    return [whole[begin:end] for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)]


# Microseconds since 1970 to timestamptz, exactly: both factors are whole.
INSTANT = "(timestamptz '1970-01-01 00:00:00+00' + {} * interval '1 microsecond')"
