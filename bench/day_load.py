"""
A day of curves into the database: ours through the one door of readings, the peer PostgreSQL's own COPY.

    python -m bench day_load

Ours is `accept_readings`: checks, merge, packing, versions, triggers, evidence, events. The peer writes the
same readings as rows (usage_point_id, ts, value) by binary COPY into a table without index, constraint or
trigger, the fastest that rows can be. Both commit durably in the same server. Equal totals are asserted.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Final

import numpy as np

from bench.own_database import own_database
from mingdu.core import copy_rows
from mingdu.core.clock import day_number
from mingdu.core.registers import Channel
from mingdu.core.types import Ints

CURVES: Final = 200_000
POINTS: Final = 96
BATCH_CURVES: Final = 25_000
ROWS_AT_ONCE: Final = 960_000
RUNS: Final = 3
SEED: Final = 1
DAY: Final = date(2026, 12, 1)
NOW: Final = datetime(2027, 1, 4, tzinfo=UTC)


def main(curves: int = CURVES, runs: int = RUNS) -> None:
    """Measure both in turn, assert equal totals and print medians and their ratio."""
    values = np.random.default_rng(SEED).integers(0, 400, (curves, POINTS), dtype=np.int64)
    with own_database():
        ids = make_points(curves)
        ours, rows = [], []
        for _ in range(runs):
            empty_tables()
            rows.append(seconds(lambda: load_as_rows(ids, values)))
            ours.append(seconds(lambda: load_as_curves(ids, values)))
        assert total_of_rows() == total_of_curves(ids) == int(values.sum())
        size_of_ours, size_of_rows = sizes()
    report(values.size, statistics.median(ours), statistics.median(rows))
    each = [f"{size / values.size:.2f}" for size in (size_of_ours, size_of_rows)]
    print(f"  on disk: ours {each[0]}, rows {each[1]} bytes a reading")


def report(readings: int, ours: float, rows: float) -> None:
    """Print one line each, and how many times faster ours is."""
    print(f"day load of {readings:,} readings, equal totals asserted")
    for name, taken in (("COPY of rows, no index", rows), ("ours, accept_readings", ours)):
        print(f"  {name:<26} {taken:8.2f} s  {readings / taken / 1e6:8.2f} M readings/s")
    print(f"  ratio {rows / ours:.1f}")


def seconds(work: Callable[[], None]) -> float:
    """Time one piece of work."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def make_points(count: int) -> Ints:
    """Register usage points and the peer's table; returns their ids."""
    from mingdu.base.actors import SYSTEM
    from mingdu.base.database import reading_connection
    from mingdu.base.operations import create_unit

    unit = create_unit("U", "bench", parent=None, by=SYSTEM, at=NOW)
    conn = reading_connection()
    conn.execute(
        """
        INSERT INTO metering_usagepoint
            (code, kind, unit_id, customer_class, capacity_w, supply_state, period_registers, address)
        SELECT 'P' || n, 'customer', %s, 'residential', 8000, 'on', false, '' FROM generate_series(1, %s) AS n
        """,
        (unit.pk, count),
    )
    conn.execute("CREATE TABLE peer_reading (usage_point_id bigint, ts timestamptz, value bigint)")
    found = conn.execute("SELECT id FROM metering_usagepoint ORDER BY id").fetchall()
    return np.array([row[0] for row in found], dtype=np.int64)


def empty_tables() -> None:
    """Take out what an earlier run wrote."""
    from mingdu.base.database import reading_connection

    reading_connection().execute("TRUNCATE metering_curve, peer_reading")


def load_as_curves(ids: Ints, values: Ints) -> None:
    """Load through the door, batch by batch."""
    from mingdu.base.actors import SYSTEM
    from mingdu.metering.operations import accept_readings, record_evidence
    from mingdu.metering.readings import CurveColumns, ReadingBatch, Source

    evidence = record_evidence("file", "bench", by=SYSTEM, at=NOW)
    for first in range(0, len(ids), BATCH_CURVES):
        part = slice(first, first + BATCH_CURVES)
        count = len(ids[part])
        curves = CurveColumns(
            ids[part], np.full(count, day_number(DAY)), np.full(count, Channel.IMPORT), values[part],
            np.zeros((count, POINTS), dtype=np.uint8),
        )  # fmt: skip
        acceptance = accept_readings(ReadingBatch(Source.FILE, evidence, curves), by=SYSTEM, at=NOW)
        assert acceptance.accepted == count * POINTS


def load_as_rows(ids: Ints, values: Ints) -> None:
    """Load one row a reading, in one COPY and one transaction."""
    from django.db import transaction

    from mingdu.base.database import cursor, transaction_connection

    begin = np.datetime64("2026-11-30T16:00:00", "us") + np.arange(POINTS) * np.timedelta64(15, "m")
    step = ROWS_AT_ONCE // POINTS
    with transaction.atomic(), cursor(transaction_connection()) as opened:
        for first in range(0, len(ids), step):
            part = slice(first, first + step)
            count = len(ids[part])
            columns: list[copy_rows.Column] = [
                copy_rows.int64(np.repeat(ids[part], POINTS)),
                copy_rows.timestamptz(np.tile(begin, count)),
                copy_rows.int64(values[part].ravel()),
            ]
            with opened.copy("COPY peer_reading FROM STDIN (FORMAT binary)") as copy:
                copy.write(copy_rows.copy_rows(columns))


def total_of_rows() -> int:
    """Sum what the peer stored."""
    from mingdu.base.database import reading_connection

    row = reading_connection().execute("SELECT sum(value), count(*) FROM peer_reading").fetchone()
    assert row is not None
    return int(row[0])


def total_of_curves(ids: Ints) -> int:
    """Sum what ours stored."""
    from mingdu.base.database import reading_connection
    from mingdu.metering.queries import curves

    conn, total = reading_connection(), 0
    for first in range(0, len(ids), BATCH_CURVES):
        block = curves(conn, ids[first : first + BATCH_CURVES], DAY, 1)
        assert (block.version == 1).all()
        total += int(block.values.sum(dtype=np.int64))
    return total


def sizes() -> tuple[int, int]:
    """Return the bytes on disk of ours and of the peer's, indexes included."""
    from mingdu.base.database import reading_connection

    row = (
        reading_connection()
        .execute(
            "SELECT (SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('metering_curve')),"
            " pg_total_relation_size('peer_reading')"
        )
        .fetchone()
    )
    assert row is not None
    return int(row[0]), int(row[1])


if __name__ == "__main__":
    main()
