"""Many at once: nothing doubled, nothing lost, nobody waits for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import pytest

from mingdu.base.actors import SYSTEM
from mingdu.base.database import reading_connection
from mingdu.metering.models import ReadingConflict, UsagePoint
from mingdu.metering.operations import accept_readings
from mingdu.metering.readings import Acceptance, CurveColumns, ReadingBatch

pytestmark = pytest.mark.database

THREADS = 8
PATIENCE_SECONDS = 60


def together(work: Callable[[int], Acceptance]) -> list[Acceptance]:
    """Run the work in eight threads that start at one moment; what one of them raises is raised."""
    barrier, done, failed = threading.Barrier(THREADS), [], []

    def one(number: int) -> None:
        from django.db import connection

        try:
            barrier.wait(PATIENCE_SECONDS)
            done.append(work(number))
        except BaseException as failure:
            failed.append(failure)
            raise
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    assert not failed
    assert not any(thread.is_alive() for thread in threads)
    return done


def counts(table: str) -> int:
    row = reading_connection().execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])


def test_takes_the_same_batch_once(network: Any, now: datetime) -> None:
    batch: ReadingBatch = network.batch(network.curves(np.arange(96)), network.registers([100, 200, 300]))
    done = together(lambda _: accept_readings(batch, by=SYSTEM, at=now))
    assert sorted(each.accepted for each in done) == [0] * 7 + [291]
    assert sorted(each.same for each in done) == [0] + [291] * 7
    assert (counts("metering_curve"), counts("metering_registerreading")) == (3, 3)


def test_keeps_every_side_of_a_conflict(network: Any, now: datetime) -> None:
    done = together(
        lambda n: accept_readings(network.batch(registers=network.registers([100 + n])), by=SYSTEM, at=now)
    )
    assert (sum(each.accepted for each in done), sum(each.conflicts for each in done)) == (1, 7)
    assert counts("metering_registerreading") == 1
    kept = set(ReadingConflict.objects.values_list("kept_digits", flat=True))
    offered = set(ReadingConflict.objects.values_list("offered_digits", flat=True))
    assert len(kept) == 1
    assert offered | kept == {100 + n for n in range(THREADS)}


def test_merges_parts_of_one_day_without_losing_any(network: Any, now: datetime) -> None:
    """Each thread brings twelve intervals of the same day."""

    def part(number: int) -> Acceptance:
        others = [n for n in range(96) if n // 12 != number]
        return accept_readings(network.batch(network.curves(5, missing=others)), by=SYSTEM, at=now)

    assert [each.accepted for each in together(part)] == [36] * THREADS
    rows = reading_connection().execute("SELECT length(digits), quality FROM metering_curve").fetchall()
    assert rows == [(97, None)] * 3


def test_buckets_taken_in_any_order_do_not_block_each_other(network: Any, now: datetime) -> None:
    """Points far apart lie in different buckets; half of the threads name them the other way round."""
    unit = UsagePoint.objects.get(pk=network.points[0]).unit_id
    far = [
        UsagePoint.objects.create(
            pk=bucket * 2_500 + 7, code=f"F{bucket}", unit_id=unit, customer_class="residential", capacity_w=1
        ).pk
        for bucket in range(1, 6)
    ]
    curves = network.curves(3).take(np.zeros(5, dtype=np.int64))
    curves.usage_point_id[:] = far

    def turned(number: int) -> Acceptance:
        chosen: CurveColumns = curves if number % 2 else curves.take(np.arange(4, -1, -1))
        return accept_readings(network.batch(chosen), by=SYSTEM, at=now)

    assert sum(each.accepted for each in together(turned)) == 5 * 96
    assert counts("metering_curve") == 5
