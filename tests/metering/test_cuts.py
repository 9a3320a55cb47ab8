"""How a span is cut into steps and runs does not matter: a gap holds what its two registers say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mingdu.base import ledger
from mingdu.base.actors import SYSTEM
from mingdu.base.database import reading_connection
from mingdu.core.quality import ESTIMATED, Quality
from mingdu.core.types import Flags, Ints
from mingdu.metering import queries
from mingdu.metering.models import Finding
from mingdu.metering.operations import accept_readings, close_days
from mingdu.metering.zone import midnight

pytestmark = pytest.mark.database

# The last home's meter comes on the last but one day, in place of one whose last register nobody noted.
FIRST = date(2026, 12, 18)
DAYS = 14
EXCHANGE_DAY = 12
HOMES = 3
LATER = datetime(2027, 1, 5, 1, tzinfo=UTC)


def nth(day: int) -> date:
    return FIRST + timedelta(days=day)


def totals_of(values: Ints) -> Ints:
    """Registers at each midnight, int64 (home, day + 1)."""
    totals = np.full((HOMES, DAYS + 1), 1_000, dtype=np.int64)
    totals[:, 1:] += values.sum(axis=2).cumsum(axis=1)
    return totals


def store(network: Any, values: Ints, missing: Flags, frozen: Flags, now: datetime) -> None:
    """Accept the curves, less what is missing, and the freezes that were read."""
    for day in range(DAYS):
        curves = network.curves(values[:, day], day=nth(day))
        curves.values[missing[:, day]], curves.quality[missing[:, day]] = 0, Quality.MISSING
        accept_readings(network.batch(curves), by=SYSTEM, at=now)
    for number in range(DAYS + 1):
        freeze(network, values, number, frozen[:, number], now)


def freeze(network: Any, values: Ints, number: int, homes: Flags, now: datetime) -> None:
    readings = network.registers(totals_of(values)[:, number].tolist(), at=midnight(nth(number)))
    acceptance = accept_readings(network.batch(registers=readings.take(homes)), by=SYSTEM, at=now)
    assert acceptance.accepted == homes.sum()


def close(day: int, days: int, now: datetime) -> dict[str, int]:
    run = close_days(nth(day), nth(day + days - 1), by=SYSTEM, at=now)
    assert ledger.finish_run(run.pk, now).is_done, ledger.errors(run.pk)
    (figures,) = ledger.results(run.pk)
    return figures


def stored(network: Any) -> queries.CurveBlock:
    return queries.curves(reading_connection(), np.array(network.points), FIRST, DAYS)


def closed_in(network: Any, cuts: list[int], now: datetime) -> queries.CurveBlock:
    """Close all days in runs of these lengths, look, and undo it."""
    with transaction.atomic():
        for day, days in zip(np.cumsum([0, *cuts[:-1]]).tolist(), cuts, strict=True):
            close(day, days, now + timedelta(minutes=day))
        block = stored(network)
        transaction.set_rollback(True)
    return block


def a_gap(values: Ints, day_and_interval: slice) -> Flags:
    """The first home's gap, in intervals from the first midnight."""
    missing = np.zeros(values.shape, dtype=bool)
    missing.reshape(HOMES, -1)[0, day_and_interval] = True
    return missing


def test_a_gap_over_the_edge_of_a_step_holds_what_its_registers_say(network: Any, now: datetime) -> None:
    """Silent from noon of the sixth day to noon of the ninth; the register was read before and after."""
    values = np.full((HOMES, DAYS, 96), 7, dtype=np.int64)
    values[0, 5:9] = 11
    frozen = np.ones((HOMES, DAYS + 1), dtype=bool)
    frozen[0, 6:9] = False
    store(network, values, a_gap(values, slice(5 * 96 + 48, 8 * 96 + 48)), frozen, now)
    whole, weeks, daily = (closed_in(network, cuts, now) for cuts in ([DAYS], [7, 7], [1] * DAYS))
    for block in (whole, weeks, daily):
        assert block.values[0, 5:9].sum() == 4 * 96 * 11
        assert np.isin(block.quality[0, 5, 48:], ESTIMATED).all()
        assert np.array_equal(block.values, whole.values)
    assert (whole.version == 1).all()
    assert (daily.version == 1).all()


def test_days_closed_before_the_register_came_follow_it(network: Any, now: datetime) -> None:
    """Two days of the gap are closed when nothing says its energy; it comes with the end of the third."""
    values = np.full((HOMES, DAYS, 96), 7, dtype=np.int64)
    values[0, 2:5] = 11
    frozen = np.ones((HOMES, DAYS + 1), dtype=bool)
    frozen[0, 3:] = False
    store(network, values, a_gap(values, slice(2 * 96 + 4, 5 * 96)), frozen, now)
    close(0, 4, now)
    assert stored(network).values[0, 2:4].sum() < 2 * 96 * 11
    freeze(network, values, 5, np.array([True, False, False]), LATER)
    assert close(4, 1, LATER)["changed_curves"] == 3
    block = stored(network)
    assert block.values[0, 2:5].sum() == 3 * 96 * 11
    assert block.version[0, :6].tolist() == [1, 1, 2, 2, 1, 1]
    assert (block.version[1:] == 1).all()
    assert close(2, 3, LATER + timedelta(hours=1))["changed_curves"] == 0


def test_the_days_of_a_gap_that_are_open_stay_open(network: Any, now: datetime) -> None:
    values = np.full((HOMES, DAYS, 96), 7, dtype=np.int64)
    frozen = np.ones((HOMES, DAYS + 1), dtype=bool)
    frozen[0, 3:5] = False
    store(network, values, a_gap(values, slice(2 * 96, 5 * 96)), frozen, now)
    close(3, 1, now)
    block = stored(network)
    assert np.isin(block.quality[0, 3], ESTIMATED).all()
    assert (block.quality[0, [2, 4]] == Quality.MISSING).all()
    assert set(Finding.objects.values_list("day", flat=True)) == {nth(3)}


def test_counts_the_contradicted_days_that_it_wrote(network: Any, now: datetime) -> None:
    """The curve of the two days holds more than their registers say: the gap between is filled with 0."""
    values = np.full((HOMES, DAYS, 96), 7, dtype=np.int64)
    frozen = np.ones((HOMES, DAYS + 1), dtype=bool)
    frozen[0, 3] = False
    missing = a_gap(values, slice(2 * 96 + 90, 3 * 96 + 6))
    store(network, np.where(missing, -7, values), missing, frozen, now)
    with transaction.atomic():
        assert close(0, DAYS, now)["contradicted"] == 2
        assert stored(network).values[0].reshape(-1)[2 * 96 + 90 : 3 * 96 + 6].sum() == 0
        transaction.set_rollback(True)
    assert [close(day, 1, now)["contradicted"] for day in (2, 3)] == [1, 2]


def test_the_freeze_of_a_meter_put_in_at_midnight_says_nothing_of_the_day_before(
    network: Any, now: datetime
) -> None:
    """Nobody noted what the old meter showed last, so its last day's gap has no register at its end."""
    values = np.full((HOMES, DAYS, 96), 7, dtype=np.int64)
    missing, frozen = np.zeros(values.shape, dtype=bool), np.ones((HOMES, DAYS + 1), dtype=bool)
    missing[HOMES - 1, EXCHANGE_DAY - 1, 40:44] = True
    frozen[HOMES - 1, EXCHANGE_DAY:] = False
    store(network, values, missing, frozen, now)
    freeze(network, values * 2, EXCHANGE_DAY, ~frozen[:, EXCHANGE_DAY], now)
    for cuts in ([DAYS], [EXCHANGE_DAY, 1, 1], [1] * DAYS):
        assert closed_in(network, cuts, now).values[HOMES - 1, EXCHANGE_DAY - 1].sum() == 96 * 7


CUTS = st.lists(st.integers(1, DAYS), min_size=1, max_size=DAYS).map(
    lambda lengths: [
        int(each) for each in np.diff(np.unique([0, *np.minimum(np.cumsum(lengths), DAYS), DAYS]))
    ]
)
# Where a gap begins, counted in intervals, and how long it lasts.
GAPS = st.lists(
    st.tuples(st.integers(0, HOMES - 1), st.integers(0, DAYS * 96 - 1), st.integers(1, 500)), max_size=4
)
UNREAD = st.sets(st.tuples(st.integers(0, HOMES - 1), st.integers(1, DAYS - 1)), max_size=HOMES * DAYS)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**31), gaps=GAPS, unread=UNREAD, cuts=CUTS)
def test_the_cut_does_not_matter(
    network: Any, seed: int, gaps: list[tuple[int, int, int]], unread: set[tuple[int, int]], cuts: list[int]
) -> None:
    now = LATER - timedelta(days=1)
    values = np.random.default_rng(seed).integers(0, 40, (HOMES, DAYS, 96), dtype=np.int64)
    missing, frozen = np.zeros(values.shape, dtype=bool), np.ones((HOMES, DAYS + 1), dtype=bool)
    for home, begin, length in gaps:
        missing.reshape(HOMES, -1)[home, begin : begin + length] = True
    for home, number in unread:
        frozen[home, number] = False
    with transaction.atomic():
        store(network, values, missing, frozen, now)
        whole, other = closed_in(network, [DAYS], now), closed_in(network, cuts, now)
        transaction.set_rollback(True)
    assert np.array_equal(whole.values.sum(axis=2), other.values.sum(axis=2))
    for home in range(HOMES):
        read = np.flatnonzero(frozen[home])
        # The span in which the last home's meter was exchanged has no energy that its registers could say.
        is_known = (home < HOMES - 1) | (read[1:] < EXCHANGE_DAY) | (read[:-1] >= EXCHANGE_DAY)
        used = np.diff(totals_of(whole.values)[home, read])
        assert np.array_equal(used[is_known], np.diff(totals_of(values)[home, read])[is_known])
