"""Energy of spans that follow each other: the same as span by span, exchanges included, in one statement."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from metering.conftest import MIDNIGHT
from mingdu.base.actors import SYSTEM
from mingdu.base.database import reading_connection
from mingdu.core.quality import Quality
from mingdu.core.registers import WH_PER_DIGIT, Register
from mingdu.metering.operations import accept_readings
from mingdu.metering.queries import energy_of_spans, register_segments
from mingdu.metering.readings import Intent

pytestmark = pytest.mark.database

BEFORE, AFTER, LATER = (MIDNIGHT + timedelta(days=days) for days in (-1, 1, 2))


@pytest.fixture
def read(network: Any, now: datetime) -> Any:
    """The points read at four midnights; the last home's meter was exchanged at the second."""
    exchanged = np.array([2])
    for at, old, new in ((BEFORE, 400, None), (MIDNIGHT, 900, 3), (AFTER, None, 253), (LATER, None, 260)):
        homes = network.registers([100, 200], at=at)
        accept_readings(network.batch(registers=homes), by=SYSTEM, at=now)
        for digits, meter in ((old, network.old_meter), (new, network.meters[2])):
            if digits is not None:
                one = network.registers([0, 0, digits], at=at, meter=meter).take(exchanged)
                accept_readings(network.batch(registers=one), by=SYSTEM, at=now)
    return network


def test_gives_what_the_segments_of_each_span_give(read: Any) -> None:
    edges = [BEFORE, MIDNIGHT, AFTER, LATER]
    conn = reading_connection()
    for point in read.points:
        found = energy_of_spans(conn, point, edges)
        for span, ends in enumerate(pairwise(edges)):
            parts = register_segments(conn, np.array([point]), (Register.TOTAL,), ends)
            used = (parts.end.digits - parts.start.digits)[:, 0] * parts.multiplier
            assert found.is_known[span]
            assert found.energy_wh[span] == used.sum() * WH_PER_DIGIT
    over_the_exchange = energy_of_spans(conn, read.points[2], [BEFORE, AFTER])
    assert over_the_exchange.energy_wh.tolist() == [(500 + 250) * WH_PER_DIGIT]


def test_a_span_is_not_known_where_an_end_was_not_read_or_no_meter_hung(read: Any) -> None:
    edges = [datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 2, 1, tzinfo=UTC), BEFORE, MIDNIGHT]
    found = energy_of_spans(reading_connection(), read.points[2], edges)
    assert found.is_known.tolist() == [False, False, True]
    assert found.energy_wh.tolist() == [0, 0, 500 * WH_PER_DIGIT]
    assert not found.is_estimated.any()


def test_a_register_that_fell_rolled_over_once(network: Any, now: datetime) -> None:
    for at, digits in ((MIDNIGHT, 99_999_990), (AFTER, 15)):
        accept_readings(network.batch(registers=network.registers([digits], at=at)), by=SYSTEM, at=now)
    found = energy_of_spans(reading_connection(), network.points[0], [MIDNIGHT, AFTER])
    assert found.energy_wh.tolist() == [25 * WH_PER_DIGIT]


def test_takes_the_version_that_was_known_and_marks_an_estimate(read: Any, now: datetime) -> None:
    soon, next_day = now + timedelta(hours=1), LATER + timedelta(days=1)
    better = read.registers([180], at=LATER)
    accept_readings(read.batch(registers=better, intent=Intent.CORRECT), by=SYSTEM, at=soon)
    guessed = read.registers([185], at=next_day)
    guessed.quality[:] = Quality.ESTIMATED_FLAT
    accept_readings(read.batch(registers=guessed), by=SYSTEM, at=soon)
    edges = [AFTER, LATER, next_day]
    latest = energy_of_spans(reading_connection(), read.points[0], edges)
    then = energy_of_spans(reading_connection(), read.points[0], edges, now)
    assert latest.energy_wh.tolist() == [80 * WH_PER_DIGIT, 5 * WH_PER_DIGIT]
    assert latest.is_estimated.tolist() == [False, True]
    assert (then.energy_wh.tolist(), then.is_known.tolist()) == ([0, 0], [True, False])
