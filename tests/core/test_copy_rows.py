"""Rows of binary COPY: byte for byte as a plain twin writes them, and back from the database unchanged."""

from __future__ import annotations

import struct
from datetime import UTC, date
from typing import Any

import numpy as np
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingdu.core import copy_rows as c


def plain_twin(rows: list[tuple[bytes | None, ...]]) -> bytes:
    """The format of the manual, field by field."""
    out = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
    for row in rows:
        out += struct.pack(">h", len(row))
        for field in row:
            out += struct.pack(">i", -1) if field is None else struct.pack(">i", len(field)) + field
    return out + struct.pack(">h", -1)


FIELD = st.one_of(st.none(), st.binary(max_size=9))


@given(st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), FIELD, st.integers(-(2**15), 2**15 - 1), FIELD)))
def test_writes_what_a_plain_twin_writes(rows: list[tuple[int, bytes | None, int, bytes | None]]) -> None:
    columns = [
        c.int64(np.array([row[0] for row in rows], dtype=np.int64)),
        c.bytea([row[1] for row in rows]),
        c.int16(np.array([row[2] for row in rows], dtype=np.int64)),
        c.bytea([row[3] for row in rows]),
    ]
    plain = [(struct.pack(">q", row[0]), row[1], struct.pack(">h", row[2]), row[3]) for row in rows]
    assert c.copy_rows(columns) == plain_twin(plain)


def test_writes_only_fixed_columns_in_one_block() -> None:
    assert c.copy_rows([c.int32(np.array([7, -1])), c.constant_text("x", 2)]) == plain_twin(
        [(struct.pack(">i", 7), b"x"), (struct.pack(">i", -1), b"x")]
    )


def test_encodes_a_column_as_one_parameter() -> None:
    expected = struct.pack(">iiiii", 1, 0, 20, 2, 1) + struct.pack(">iqiq", 8, 5, 8, -6)
    assert c.array_bytes(np.array([5, -6])) == expected
    assert c.array_bytes(np.zeros(0, dtype=np.int64)) == struct.pack(">iii", 0, 0, 20)


@pytest.mark.parametrize("rows", [0, 1, 300])
@pytest.mark.database
def test_returns_from_the_database_as_it_went_in(server_url: str, rows: int) -> None:
    numbers = np.arange(rows, dtype=np.int64) * 97 - 5
    names = [None if n % 3 == 0 else f"名{n}" for n in range(rows)]
    packed = [None if n % 4 == 1 else bytes([n % 256]) * (n % 7) for n in range(rows)]
    arrays = np.stack([numbers, -numbers], axis=1)
    instants = np.datetime64("2026-12-29T16:00:00.123456") + numbers * np.timedelta64(1, "h")
    columns = [
        c.int16(numbers % 1000), c.int32(numbers), c.int64(numbers * 10**12), c.date(numbers + 20_000),
        c.timestamptz(instants), c.bytea(packed), c.text(names), c.constant_text("恒", rows),
        c.int_array(arrays), c.int_array(arrays % 100, 2), c.int_array(arrays[:, :0], 4),
    ]  # fmt: skip
    back = round_trip(server_url, c.copy_rows(columns))
    expected: list[tuple[Any, ...]] = [
        (
            n % 1000, n, n * 10**12, date.fromordinal(719_163 + n + 20_000),
            instants[k].item().replace(tzinfo=UTC), packed[k], names[k], "恒", [n, -n],
            [n % 100, -n % 100], [],
        )
        for k, n in enumerate(numbers.tolist())
    ]  # fmt: skip
    assert back == expected


def test_keeps_the_epoch_of_the_database() -> None:
    assert c.date(np.array([10_957])).fields.tolist() == [[0, 0, 0, 4, 0, 0, 0, 0]]
    midnight = np.array([np.datetime64("2000-01-01", "us")])
    assert c.timestamptz(midnight).fields[0, 4:].tolist() == [0] * 8


def test_refuses_columns_of_different_lengths() -> None:
    with pytest.raises(c.UnlikeColumns):
        c.copy_rows([c.int16(np.array([1])), c.int16(np.array([1, 2]))])
    with pytest.raises(c.UnlikeColumns):
        c.copy_rows([])


@pytest.mark.parametrize(("make", "value"), [(c.int16, 2**15), (c.int32, -(2**31) - 1), (c.date, 2**40)])
def test_refuses_a_number_that_does_not_fit(make: Any, value: int) -> None:
    with pytest.raises(c.DoesNotFit):
        make(np.array([value], dtype=np.int64))


def round_trip(url: str, buffer: bytes) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as conn:
        conn.execute("SET TIME ZONE 'UTC'")
        conn.execute(
            "CREATE TEMP TABLE trip (a smallint, b integer, c bigint, d date, e timestamptz, f bytea, g text,"
            " h text, i bigint[], j smallint[], k integer[])"
        )
        with conn.cursor().copy("COPY trip FROM STDIN (FORMAT binary)") as copy:
            copy.write(buffer)
        return conn.execute("SELECT * FROM trip ORDER BY b").fetchall()
