"""
A month of curves and registers sealed, read, brought back; the peer is DuckDB's Parquet, one row a reading.

    python -m bench seal_month

Two sizes: the town's 600 points, and many towns side by side. Ours proves every file by reading it back
before the rows leave the tables. The peer writes the same readings as (usage_point_id, ts, value), with zstd.
Equal totals are asserted: the table, sealed files by our own reads and by DuckDB, the peer's file.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.own_database import own_database
from mingdu.core.clock import day_number
from mingdu.core.quality import Quality
from mingdu.core.registers import Channel, Register
from mingdu.core.types import Bytes, Ints

TOWN: Final = 600
SIZES: Final = (600, 15_000)
MONTH: Final = date(2026, 3, 1)
DAYS: Final = 31
POINTS: Final = 96
NOW: Final = datetime(2027, 1, 4, tzinfo=UTC)
REGISTERS: Final = (Register.TOTAL, Register.PEAK, Register.FLAT, Register.VALLEY)
LOOKS: Final = 200
SEED: Final = 1


@dataclass(frozen=True)
class Measured:
    """Seconds and bytes of one size."""

    points: int
    readings: int
    hot_bytes: int
    sealed_bytes: int
    peer_bytes: int
    seal_s: float
    unseal_s: float
    peer_s: float
    look_ms: dict[str, float]
    block_ms: dict[str, float]


def main(sizes: tuple[int, ...] = SIZES) -> None:
    """Measure each size in a database of its own and print the rows."""
    values, quality = town_month()
    for points in sizes:
        with own_database():
            report(measure(points, values, quality))


def town_month() -> tuple[Ints, Bytes]:
    """Return a month of the simulated town, int64 and uint8 (point, day, interval)."""
    from mingdu.town.model import Town

    curves = Town(SEED, TOWN).curves(range(1, TOWN + 1), MONTH, DAYS)
    missing = np.asarray(curves.missing)
    values = np.where(missing, 0, np.asarray(curves.digits))
    return values, np.where(missing, np.uint8(Quality.MISSING), np.uint8(0))


def measure(count: int, values: Ints, quality: Bytes) -> Measured:
    """Load, seal, read, compare, bring back."""
    ids = make_points(count)
    load(ids, values, quality)
    total = expected_total(count, values)
    hot_bytes = table_bytes()
    looks, blocks = {"hot": look_ms(ids)}, {"hot": block_ms(ids, total, count)}
    seal_s = seconds(lambda: run("seal_month", NOW))
    sealed_bytes, paths = sealed()
    assert table_rows() == 0
    looks["sealed"], blocks["sealed"] = look_ms(ids), block_ms(ids, total, count)
    assert total_by_duckdb(paths) == total
    peer_s, peer_bytes = peer(ids, values, total)
    unseal_s = seconds(lambda: run("unseal_month", NOW + timedelta(hours=1)))
    assert table_rows() == count * DAYS
    readings = count * DAYS * POINTS
    return Measured(
        count, readings, hot_bytes, sealed_bytes, peer_bytes, seal_s, unseal_s, peer_s, looks, blocks
    )


def report(found: Measured) -> None:
    """Print what was measured."""
    each = found.readings
    print(f"{found.points:,} points, {each:,} readings of a month, equal totals asserted")
    print(f"  bytes a reading: hot {found.hot_bytes / each:.2f}, sealed {found.sealed_bytes / each:.2f},"
          f" peer {found.peer_bytes / each:.2f}")  # fmt: skip
    print(f"  seal {found.seal_s:.2f} s ({each / found.seal_s / 1e6:.1f} M readings/s), unseal"
          f" {found.unseal_s:.2f} s, peer writes in {found.peer_s:.2f} s")  # fmt: skip
    for name, taken in (("one customer's 30 days", found.look_ms), ("a bucket's month", found.block_ms)):
        print(f"  {name}: " + ", ".join(f"{where} {ms:.2f} ms" for where, ms in taken.items()))


def seconds(work: Callable[[], Any]) -> float:
    """Time one piece of work."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def make_points(count: int) -> Ints:
    """Register usage points and close their month; returns their ids."""
    from mingdu.base.actors import SYSTEM
    from mingdu.base.database import reading_connection
    from mingdu.base.operations import create_unit
    from mingdu.metering.models import DayClosing
    from mingdu.metering.queries import point_buckets

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
    found = conn.execute("SELECT id FROM metering_usagepoint ORDER BY id").fetchall()
    DayClosing.objects.bulk_create(
        DayClosing(day=MONTH + timedelta(days=n), bucket=bucket, closed_at=NOW, closed_by="system")
        for n in range(DAYS)
        for bucket in point_buckets()
    )
    return np.array([row[0] for row in found], dtype=np.int64)


def load(ids: Ints, values: Ints, quality: Bytes) -> None:
    """Write the month's curves and registers, day by day, as the close of a day leaves them."""
    from django.db import transaction

    from mingdu.base.database import transaction_connection
    from mingdu.metering.readings import CurveColumns, RegisterColumns, Source
    from mingdu.metering.store.curves import Origin, write_curves
    from mingdu.metering.store.registers import write_registers

    origin, count = Origin(Source.FILE, 1, NOW), len(ids)
    rows = np.arange(count) % TOWN
    new = np.zeros(count, dtype=bool)
    first, midnight = day_number(MONTH), np.datetime64("2026-02-28T16:00", "us")
    for day in range(DAYS):
        curves = CurveColumns(
            ids, np.full(count, first + day), np.full(count, int(Channel.IMPORT)), values[rows, day],
            quality[rows, day],
        )  # fmt: skip
        wide, at = count * len(REGISTERS), midnight + np.timedelta64(day, "D")
        registers = RegisterColumns(
            np.repeat(ids, len(REGISTERS)), np.repeat(ids, len(REGISTERS)),
            np.tile(np.array(REGISTERS, dtype=np.int64), count), np.full(wide, at),
            np.repeat(ids * 1_000 + day * 37, len(REGISTERS)), np.zeros(wide, dtype=np.uint8),
        )  # fmt: skip
        with transaction.atomic():
            conn = transaction_connection()
            write_curves(conn, curves, np.ones(count, dtype=np.int64), new, origin)
            write_registers(conn, registers, np.ones(wide, dtype=np.int64), origin)


def expected_total(count: int, values: Ints) -> int:
    """Sum the digits of so many points."""
    per_point = values.sum(axis=(1, 2), dtype=np.int64)
    return int(per_point[np.arange(count) % TOWN].sum())


def run(operation: str, at: datetime) -> None:
    """Seal or unseal to the end."""
    from mingdu.base import ledger
    from mingdu.base.actors import SYSTEM
    from mingdu.metering.operations import seal

    started = getattr(seal, operation)(MONTH, by=SYSTEM, at=at)
    assert ledger.finish_run(started.pk, at).is_done, ledger.errors(started.pk)


def sealed() -> tuple[int, list[str]]:
    """Return the bytes of the curves' files, and where they lie."""
    from mingdu.base.actors import SYSTEM
    from mingdu.metering.queries.sealed import sealed_files

    files = [file for file in sealed_files(SYSTEM) if file.part == "curves"]
    return sum(file.size_bytes for file in files), [str(file.path) for file in files]


def look_ms(ids: Ints) -> float:
    """Return the median of one customer's 30 days, as a page asks for them."""
    from mingdu.base.database import reading_connection
    from mingdu.metering.queries import curves

    conn, taken = reading_connection(), []
    for point in np.random.default_rng(SEED).choice(ids, LOOKS):
        taken.append(seconds(lambda one=point: curves(conn, np.array([one]), MONTH, 30)))
    return statistics.median(taken) * 1_000


def block_ms(ids: Ints, total: int, count: int) -> float:
    """Return the median of a bucket's month, as mass work asks for it; the sum of all is asserted."""
    from mingdu.base.database import reading_connection
    from mingdu.metering.queries import bucket_of, curves

    conn, taken, found = reading_connection(), [], 0
    for bucket in np.unique(bucket_of(ids)):
        part = ids[bucket_of(ids) == bucket]
        begin = time.perf_counter()
        block = curves(conn, part, MONTH, DAYS)
        taken.append(time.perf_counter() - begin)
        found += int(block.values.sum(dtype=np.int64))
    assert found == total, (found, total, count)
    return statistics.median(taken) * 1_000


def total_by_duckdb(paths: list[str]) -> int:
    """Sum the sealed files by DuckDB alone."""
    import duckdb

    row = duckdb.execute("SELECT sum(list_sum(values)) FROM read_parquet(?)", [paths]).fetchone()
    assert row is not None
    return int(row[0])


def peer(ids: Ints, values: Ints, total: int) -> tuple[float, int]:
    """Write one row a reading by DuckDB; returns seconds and bytes."""
    import duckdb
    import pandas as pd

    count = len(ids)
    begin = np.datetime64("2026-02-28T16:00", "us") + np.arange(DAYS * POINTS) * np.timedelta64(15, "m")
    rows = pd.DataFrame(
        {
            "usage_point_id": np.repeat(ids, DAYS * POINTS),
            "ts": np.tile(begin, count),
            "value": values[np.arange(count) % TOWN].reshape(-1),
        }
    )
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as database:
        path = Path(folder) / "rows.parquet"
        database.register("rows", rows)
        taken = seconds(lambda: database.execute(f"COPY rows TO '{path}' (FORMAT parquet, COMPRESSION zstd)"))
        row = database.execute("SELECT sum(value) FROM read_parquet(?)", [str(path)]).fetchone()
        assert row is not None
        assert int(row[0]) == total
        return taken, path.stat().st_size


def table_rows() -> int:
    """Count the curves in the table."""
    from mingdu.base.database import reading_connection

    row = reading_connection().execute("SELECT count(*) FROM metering_curve").fetchone()
    assert row is not None
    return int(row[0])


def table_bytes() -> int:
    """Return the bytes of the curves' table on disk, indexes included."""
    from mingdu.base.database import reading_connection

    size = "SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('metering_curve')"
    row = reading_connection().execute(size).fetchone()
    assert row is not None
    return int(row[0])


if __name__ == "__main__":
    main()
