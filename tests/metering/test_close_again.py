"""A corrected register closes the days beside it again, so that estimates follow it by themselves."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from mingdu.base import ledger, outbox
from mingdu.base.actors import SYSTEM
from mingdu.base.database import reading_connection
from mingdu.core.quality import ESTIMATED
from mingdu.metering import queries
from mingdu.metering.operations import accept_readings, close_days
from mingdu.metering.readings import Intent

pytestmark = pytest.mark.database

DAY = date(2026, 12, 30)
MIDNIGHT = datetime(2026, 12, 29, 16, tzinfo=UTC)
END = MIDNIGHT + timedelta(days=1)
LATER = datetime(2027, 1, 4, 3, tzinfo=UTC)


def store(network: Any, digits: int, *, at: datetime, now: datetime, intent: Intent = Intent.RECORD) -> None:
    batch = network.batch(registers=network.registers([digits], at=at), intent=intent)
    assert not accept_readings(batch, by=SYSTEM, at=now).bad


def energy(network: Any) -> tuple[int, bool]:
    block = queries.curves(reading_connection(), np.array(network.points[:1]), DAY, 1)
    return int(block.values[0, 0].sum()), bool((block.quality[0, 0] >= min(ESTIMATED)).all())


def test_estimates_follow_a_corrected_register(network: Any, now: datetime) -> None:
    store(network, 1_000, at=MIDNIGHT, now=now)
    store(network, 9_000, at=END, now=now)
    ledger.finish_run(close_days(DAY, DAY, by=SYSTEM, at=now).pk, now)
    assert energy(network) == (8_000, True)
    store(network, 4_000, at=END, now=LATER, intent=Intent.CORRECT)
    outbox.deliver_all(LATER)
    while ledger.work_one(LATER):
        pass
    assert energy(network) == (3_000, True)


def test_days_that_are_still_open_stay_open(network: Any, now: datetime) -> None:
    store(network, 1_000, at=MIDNIGHT, now=now)
    store(network, 9_000, at=END, now=now)
    store(network, 4_000, at=END, now=LATER, intent=Intent.CORRECT)
    outbox.deliver_all(LATER)
    assert not ledger.work_one(LATER)
