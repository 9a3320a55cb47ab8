"""What the tests of sealed months share: a month with readings, closed days, runs to their end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from mingdu.base import ledger
from mingdu.base.actors import SYSTEM
from mingdu.metering.models import DayClosing
from mingdu.metering.operations import accept_readings
from mingdu.metering.operations.seal import seal_month, unseal_month

MONTH = date(2026, 3, 1)
DAYS = [MONTH + timedelta(days=n) for n in range(31)]
READ_AT = datetime(2026, 4, 2, 1, tzinfo=UTC)
SEALED_AT = datetime(2027, 1, 4, 1, tzinfo=UTC)


def midnight(day: date) -> datetime:
    """When a civil day of the test's utility begins."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=8)


def month_of_readings(network: Any, days: Iterable[date] = DAYS, at: datetime = READ_AT) -> None:
    """Curves of some days, a gap in each, and a total at each midnight."""
    for number, day in enumerate(days):
        curves = network.curves(np.arange(96) + number, day=day, missing=range(number % 5))
        registers = network.registers([100 * number, 7 * number, number], at=midnight(day))
        accept_readings(network.batch(curves), by=SYSTEM, at=at)
        old = registers.take(np.array([2]))
        new = registers.take(np.array([0, 1]))
        for part in (new, old):
            accept_readings(network.batch(registers=part), by=SYSTEM, at=at)


def close_month(buckets: Iterable[int] = (0,), at: datetime = READ_AT) -> None:
    """Every day of the month counts as closed."""
    DayClosing.objects.bulk_create(
        [
            DayClosing(day=day, bucket=bucket, closed_at=at, closed_by="system")
            for day in DAYS
            for bucket in buckets
        ],
        ignore_conflicts=True,
    )


def seal(at: datetime = SEALED_AT) -> list[dict[str, Any]]:
    """Seal the month here and now; returns the figures of its buckets."""
    return _finished(seal_month(MONTH, by=SYSTEM, at=at).pk, at)


def unseal(at: datetime = SEALED_AT) -> list[dict[str, Any]]:
    """Bring the month back here and now."""
    return _finished(unseal_month(MONTH, by=SYSTEM, at=at).pk, at)


def _finished(run: int, at: datetime) -> list[dict[str, Any]]:
    assert ledger.finish_run(run, at).is_done, ledger.errors(run)
    return ledger.results(run)
