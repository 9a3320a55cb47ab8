"""What the town really uses: the same by seed, sized like its people, whole to the watt-hour."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingdu.town.model import BadTown, OutsideTown, Town
from mingdu.town.profiles import ORDER, PERIOD_HOURS, period_sums, spread
from mingdu.town.roster import FACTORY, QUESTIONED
from mingdu.town.weather import is_rest

DECEMBER = date(2026, 12, 1)
SEED = 20


def test_same_seed_gives_the_same_energy_and_another_seed_another() -> None:
    first = Town(SEED, 60, DECEMBER).true_wh(slice(None), DECEMBER, 3)
    assert np.array_equal(first, Town(SEED, 60, DECEMBER).true_wh(slice(None), DECEMBER, 3))
    assert not np.array_equal(first, Town(SEED + 1, 60, DECEMBER).true_wh(slice(None), DECEMBER, 3))


def test_the_town_of_a_seed_never_changes() -> None:
    """Scores and demos are told by seed: a change of these digits is a change of the contract."""
    digits = Town(SEED, 60, DECEMBER).curves(slice(None), DECEMBER, 31).digits
    assert sha256(digits.astype("<i8").tobytes()).hexdigest()[:16] == "5bb310411c32e2f6"


def test_december_is_the_same_whether_the_town_is_a_year_or_a_month_old(town: Town) -> None:
    young = Town(SEED, points=120, first_day=DECEMBER)
    assert np.array_equal(
        young.true_wh(range(1, 121), DECEMBER, 31), town.true_wh(range(1, 121), DECEMBER, 31)
    )


def test_buckets_do_not_depend_on_each_other_or_on_their_order() -> None:
    forward, backward = (Town(SEED, 5_200, date(2026, 12, 25)) for _ in range(2))
    days = date(2026, 12, 27), 2
    rising = [forward.curves(numbers, *days).digits for numbers in forward.buckets()]
    falling = [backward.curves(numbers, *days).digits for numbers in reversed(backward.buckets())]
    assert [len(part) for part in rising] == [2_500, 2_500, 200]
    assert all(np.array_equal(a, b) for a, b in zip(rising, reversed(falling), strict=True))
    assert not np.array_equal(rising[0], rising[1])


def test_a_point_asked_alone_answers_as_among_all(december_town: Town) -> None:
    alone = december_town.true_wh(np.array([57, 3]), DECEMBER, 2)
    among = december_town.true_wh(slice(None), DECEMBER, 2)
    assert np.array_equal(alone, among[[56, 2]])


def test_a_slice_and_a_range_name_the_same_points(december_town: Town) -> None:
    by_slice = december_town.true_wh(slice(5, 9), DECEMBER, 1)
    assert np.array_equal(by_slice, december_town.true_wh(range(5, 9), DECEMBER, 1))


def test_homes_shops_and_factory_use_what_such_people_use(town: Town) -> None:
    bucket = town.bucket(0)
    december_kwh = bucket.true_wh[:, -31:].sum(axis=(1, 2)) // 1_000
    homes = december_kwh[~bucket.roster.is_shop & (bucket.roster.number != FACTORY)]
    assert 150 < np.median(homes) < 350
    assert homes.min() > 3
    assert homes.max() < 1_000
    assert (
        500 < december_kwh[bucket.roster.is_shop].min() < december_kwh[bucket.roster.is_shop].max() < 12_000
    )
    assert 150_000 < december_kwh[FACTORY - 1] < 260_000


def test_cold_months_use_more_than_warm_ones(town: Town) -> None:
    bucket = town.bucket(0)
    homes = np.flatnonzero(~bucket.roster.is_shop)[:180]
    months = {name: (first, after) for name, first, after in town.span.months()}
    daily = {
        name: bucket.true_wh[homes, first:after].sum() / (after - first)
        for name, (first, after) in months.items()
    }
    assert daily["2026-01"] > 1.1 * daily["2026-06"]


def test_nobody_draws_more_than_his_contract_capacity(town: Town) -> None:
    power_w = town.true_wh(slice(None), DECEMBER, 31).max(axis=(1, 2)) * 4
    assert (power_w <= town.bucket(0).roster.capacity_w).all()


def test_home_42_uses_310_kwh_in_the_billed_month(town: Town) -> None:
    assert town.true_wh([QUESTIONED], DECEMBER, 31).sum() == 310_000


def test_days_of_rest_follow_the_calendar() -> None:
    assert is_rest(date(2026, 12, 5))
    assert not is_rest(date(2026, 12, 7))
    assert is_rest(date(2026, 10, 1))
    assert not is_rest(date(2026, 10, 10))


def test_periods_cover_every_interval_once() -> None:
    assert sorted(ORDER.tolist()) == list(range(96))
    assert [sum(last - first for first, last in hours) for hours in PERIOD_HOURS.values()] == [8, 8, 8]


@given(
    energy_wh=st.lists(st.integers(0, 10**10), min_size=3, max_size=3),
    weights=st.lists(st.integers(1, 10**6), min_size=96, max_size=96),
)
def test_spreading_loses_nothing(energy_wh: list[int], weights: list[int]) -> None:
    spread_wh = spread(np.array([energy_wh]), np.array(weights).reshape(1, 3, 32))
    assert (spread_wh >= 0).all()
    assert period_sums(spread_wh)[0].tolist() == energy_wh


@pytest.mark.parametrize(
    ("seed", "points", "last_day"),
    [(-1, 600, DECEMBER), (1, 0, DECEMBER), (1, 600, date(2025, 11, 30))],
    ids=["seed below zero", "no point", "ends before it begins"],
)
def test_refuses_a_town_that_cannot_be(seed: int, points: int, last_day: date) -> None:
    with pytest.raises(BadTown):
        Town(seed, points, last_day=last_day)


def test_refuses_points_and_days_outside_the_town(december_town: Town) -> None:
    with pytest.raises(OutsideTown, match="numbered from 1 to 60"):
        december_town.curves(range(60, 62), DECEMBER, 1)
    with pytest.raises(OutsideTown, match="32 days from 2026-12-01"):
        december_town.curves(slice(None), DECEMBER, 32)
    with pytest.raises(OutsideTown, match="midnights exist"):
        december_town.registers(slice(None), [date(2027, 1, 2)])
