"""The balance of areas: worked days, a plain twin as judge, who explains a loss, who hangs elsewhere."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingdu.core.area_balance import (
    LARGEST_WH,
    PPM,
    AreaDays,
    BadBalance,
    Balance,
    Band,
    Verdict,
    balance,
)
from mingdu.core.area_suspects import LEAST_DAYS, better_areas, suspects
from mingdu.core.types import Ints

BAND = Band(10_000, 70_000)
NAMED_FROM = 100_000


def days_of(supplied: Any, energy: Any, area: Any, *, unknown: Any = (), unsupplied: Any = ()) -> AreaDays:
    supplied_wh, energy_wh = np.array(supplied, dtype=np.int64), np.array(energy, dtype=np.int64)
    is_supplied, is_known = np.ones(supplied_wh.shape, dtype=bool), np.ones(energy_wh.shape, dtype=bool)
    for at in unsupplied:
        is_supplied[at] = False
    for at in unknown:
        is_known[at], energy_wh[at] = False, 0
    return AreaDays(supplied_wh, is_supplied, energy_wh, is_known, np.array(area, dtype=np.int64))


def test_a_worked_day() -> None:
    """1,030 kWh in, 600 and 400 out: 3 % of 1,000 were lost, and 3 % is what this area loses."""
    found = balance(days_of([[1_030_000]], [[600_000], [400_000]], [0, 0]), BAND)
    assert (found.sold_wh.tolist(), found.loss_wh.tolist()) == ([[1_000_000]], [[30_000]])
    assert (found.technical_ppm.tolist(), found.technical_wh.tolist()) == ([[30_000]], [[30_000]])
    assert found.unexplained_wh.tolist() == [[0]]
    assert found.verdict.tolist() == [[Verdict.WITHIN]]


def test_the_technical_loss_stays_within_the_band() -> None:
    """12 % lost every day: 7 % is the most that wires take, 5 % are unexplained."""
    found = balance(days_of([[1_120_000] * 3], [[1_000_000] * 3], [0]), BAND)
    assert found.technical_ppm.tolist() == [[70_000] * 3]
    assert found.unexplained_wh.tolist() == [[50_000] * 3]
    assert found.verdict.tolist() == [[Verdict.ABOVE] * 3]


def test_less_lost_than_wires_take_is_said() -> None:
    found = balance(days_of([[1_030_000, 995_000]], [[1_000_000, 1_000_000]], [0]), BAND)
    assert found.verdict.tolist() == [[Verdict.WITHIN, Verdict.BELOW]]


def test_days_that_are_not_aligned_are_not_judged() -> None:
    supplied, energy = [[1_030] * 3, [0] * 3], [[500] * 3, [500] * 3]
    found = balance(days_of(supplied, energy, [0, 0], unknown=[(1, 1)], unsupplied=[(0, 2)]), BAND)
    assert found.verdict[0].tolist() == [Verdict.WITHIN, Verdict.NOT_ALIGNED, Verdict.NOT_ALIGNED]
    assert found.missing[0].tolist() == [0, 1, 0]
    assert (found.sold_wh[0].tolist(), found.loss_wh[0].tolist()) == ([1_000, 500, 1_000], [30, 0, 0])
    # An area without a point has nothing to balance.
    assert found.verdict[1].tolist() == [Verdict.NOT_ALIGNED] * 3


def small_areas() -> st.SearchStrategy[AreaDays]:
    def build(numbers: tuple[int, int, int, int]) -> AreaDays:
        seed, areas, points, days = numbers
        draw = np.random.default_rng(seed)
        energy = draw.integers(0, 40_000, (points, days))
        area = draw.integers(0, areas, points)
        supplied = np.zeros((areas, days), dtype=np.int64)
        np.add.at(supplied, area, energy)
        supplied = supplied * draw.integers(98, 115, (areas, 1)) // 100 + draw.integers(
            -500, 500, (areas, days)
        )
        is_known = draw.random((points, days)) > 0.05
        return AreaDays(
            supplied, draw.random((areas, days)) > 0.1, np.where(is_known, energy, 0), is_known, area
        )

    return st.tuples(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 12), st.integers(1, 9)).map(
        build
    )


def share_of(value: int, ppm: int) -> int:
    exact = Decimal(value) * ppm / PPM
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP)) if value >= 0 else -1


def twin_of(days: AreaDays, place: int) -> tuple[list[int], list[bool], int]:
    """What an area sold, which days are aligned, its technical share; one number after another."""
    members = [row for row, area in enumerate(days.area.tolist()) if area == place]
    sold, aligned = [], []
    for day in range(days.supplied_wh.shape[1]):
        known = [row for row in members if days.is_known[row, day]]
        sold.append(sum(int(days.energy_wh[row, day]) for row in known))
        aligned.append(bool(members) and known == members and bool(days.is_supplied[place, day]))
    supplied = days.supplied_wh[place].tolist()
    each = zip(supplied, sold, aligned, strict=True)
    shares = sorted(
        (given - taken) * PPM // taken for given, taken, is_aligned in each if is_aligned and taken
    )
    middle = shares[(len(shares) - 1) // 2] if shares else 40_000
    return sold, aligned, min(max(middle, 10_000), 70_000)


@given(small_areas())
def test_the_plain_twin_balances_alike(days: AreaDays) -> None:
    found = balance(days, BAND)
    for place, supplied in enumerate(days.supplied_wh.tolist()):
        sold, aligned, ppm = twin_of(days, place)
        assert (found.technical_ppm[place] == ppm).all()
        for day, (energy, is_aligned) in enumerate(zip(sold, aligned, strict=True)):
            loss = supplied[day] - energy if is_aligned else 0
            technical = share_of(energy, ppm) if is_aligned else 0
            got = (found.sold_wh, found.loss_wh, found.technical_wh, found.unexplained_wh)
            assert [int(column[place, day]) for column in got] == [energy, loss, technical, loss - technical]
            assert found.verdict[place, day] == verdict_of(loss, energy, is_aligned)


def verdict_of(loss: int, sold: int, is_aligned: bool) -> Verdict:
    if not is_aligned:
        return Verdict.NOT_ALIGNED
    if loss > share_of(sold, 70_000):
        return Verdict.ABOVE
    return Verdict.BELOW if loss < share_of(sold, 10_000) else Verdict.WITHIN


def correlation_squared(x: list[int], y: list[int]) -> Fraction:
    """Exact, of whole numbers; the kernel keeps ten bits of each deviation."""
    n = len(x)
    across = n * sum(a * b for a, b in zip(x, y, strict=True)) - sum(x) * sum(y)
    spread = (n * sum(a * a for a in x) - sum(x) ** 2) * (n * sum(b * b for b in y) - sum(y) ** 2)
    return Fraction(across**2, spread) if spread else Fraction(0)


@given(small_areas(), st.integers(1, 6))
def test_a_day_does_not_depend_on_what_comes_after_it(days: AreaDays, look_back: int) -> None:
    whole = balance(days, BAND, look_back)
    for count in range(1, days.supplied_wh.shape[1]):
        cut = AreaDays(
            days.supplied_wh[:, :count], days.is_supplied[:, :count], days.energy_wh[:, :count],
            days.is_known[:, :count], days.area,
        )  # fmt: skip
        assert balance(cut, BAND, look_back).verdict.tolist() == whole.verdict[:, :count].tolist()


@given(small_areas())
def test_the_plain_twin_names_the_same_first(days: AreaDays) -> None:
    found = balance(days, BAND)
    ranked = suspects(days, found, 1)
    assert ((ranked.drop_ppm == 0) | (ranked.use_ppm == 0)).all()
    exact = [exact_share(days, found, row) for row in range(len(days.area))]
    for area in range(len(days.supplied_wh)):
        members = np.flatnonzero(days.area == area).tolist()
        first = [row for row in members if ranked.step[row] == 1]
        best = max((exact[row] for row in members), default=Fraction(0))
        got = int(ranked.drop_ppm[first].sum() + ranked.use_ppm[first].sum())
        assert len(first) <= 1
        assert abs(got - best * PPM) <= 8_000
        assert all(abs(exact[row] - best) * PPM <= 8_000 for row in first)


def exact_share(days: AreaDays, found: Balance, row: int) -> Fraction:
    area = int(days.area[row])
    aligned = np.flatnonzero(found.is_aligned[area]).tolist()
    used = [int(days.energy_wh[row, day]) for day in aligned]
    lost = [int(found.unexplained_wh[area, day]) for day in aligned]
    return correlation_squared(used, lost) if len(aligned) >= LEAST_DAYS else Fraction(0)


def town_of(points: int, days: int) -> Ints:
    return np.random.default_rng(7).integers(3_000, 15_000, (points, days))


def supplied_by(energy: Ints, area: Ints, areas: int) -> Ints:
    supplied = np.zeros((areas, energy.shape[1]), dtype=np.int64)
    np.add.at(supplied, area, energy)
    return supplied * 103 // 100


def test_a_meter_that_counts_a_part_explains_the_loss_by_its_use() -> None:
    true = town_of(40, 30)
    counted = true.copy()
    counted[17] //= 2
    area = np.zeros(40, dtype=np.int64)
    days = AreaDays(
        supplied_by(true, area, 1), np.ones((1, 30), dtype=bool), counted, np.ones((40, 30), dtype=bool), area
    )
    ranked = suspects(days, balance(days, BAND), NAMED_FROM)
    assert ranked.step[17] == 1
    assert ranked.use_ppm[17] > 500_000


def test_who_counts_less_when_more_is_lost_explains_it_by_his_drop() -> None:
    true = town_of(40, 30)
    counted = true.copy()
    counted[9, 15:] //= 10
    area = np.zeros(40, dtype=np.int64)
    days = AreaDays(
        supplied_by(true, area, 1), np.ones((1, 30), dtype=bool), counted, np.ones((40, 30), dtype=bool), area
    )
    ranked = suspects(days, balance(days, BAND), NAMED_FROM)
    assert ranked.step[9] == 1
    assert ranked.drop_ppm[9] > 500_000


def test_a_loud_one_does_not_hide_a_quiet_one() -> None:
    """A meter that stands still for days, and one that counts a third less from the tenth day on."""
    draw = np.random.default_rng(3)
    true = draw.integers(3_000, 15_000, (40, 1)) * draw.integers(900, 1_100, (40, 30)) // 1_000
    counted = true.copy()
    counted[9, 15:20] = 0
    counted[17, 9:] = counted[17, 9:] * 2 // 3
    area = np.zeros(40, dtype=np.int64)
    days = AreaDays(
        supplied_by(true, area, 1), np.ones((1, 30), dtype=bool), counted, np.ones((40, 30), dtype=bool), area
    )
    ranked = suspects(days, balance(days, BAND), NAMED_FROM)
    assert {int(ranked.step[9]), int(ranked.step[17])} == {1, 2}


def test_nothing_is_ranked_from_few_days() -> None:
    true = town_of(5, LEAST_DAYS - 1)
    area = np.zeros(5, dtype=np.int64)
    days = AreaDays(
        supplied_by(true, area, 1) + 5_000, np.ones((1, LEAST_DAYS - 1), dtype=bool), true,
        np.ones(true.shape, dtype=bool), area,
    )  # fmt: skip
    ranked = suspects(days, balance(days, BAND), NAMED_FROM)
    assert not ranked.step.any() and not ranked.drop_ppm.any() and not ranked.use_ppm.any()


def test_a_point_of_another_area_is_found() -> None:
    energy = town_of(60, 30)
    true_area = np.repeat(np.arange(3), 20)
    booked = true_area.copy()
    booked[25] = 2
    days = AreaDays(
        supplied_by(energy, true_area, 3),
        np.ones((3, 30), dtype=bool),
        energy,
        np.ones((60, 30), dtype=bool),
        booked,
    )
    place, saved = better_areas(days, balance(days, BAND))
    assert (int(place[25]), int(np.argmax(saved))) == (1, 25)
    assert saved[25] > 800_000 > 2 * np.sort(saved)[-2]


def test_nobody_is_moved_where_all_hang_right() -> None:
    energy = town_of(60, 30)
    area = np.repeat(np.arange(3), 20)
    days = AreaDays(
        supplied_by(energy, area, 3),
        np.ones((3, 30), dtype=bool),
        energy,
        np.ones((60, 30), dtype=bool),
        area,
    )
    place, saved = better_areas(days, balance(days, BAND))
    assert (place == -1).all() and not saved.any()


@pytest.mark.parametrize(
    ("supplied", "energy", "area"),
    [([[1, 2]], [[1]], [0]), ([[1]], [[1]], [1]), ([[1]], [[1]], [-1]), ([[LARGEST_WH + 1]], [[1]], [0])],
)
def test_refuses_columns_that_do_not_fit(supplied: Any, energy: Any, area: Any) -> None:
    with pytest.raises(BadBalance):
        days_of(supplied, energy, area)


def test_a_year_of_the_largest_energies_stays_whole() -> None:
    days = 366
    used = np.where(np.arange(days) % 2 == 0, LARGEST_WH, 0).astype(np.int64)[np.newaxis]
    area, known = np.zeros(1, dtype=np.int64), np.ones((1, days), dtype=bool)
    # Half of what is used is lost as well: only `supplied` would be too large, so the use is halved.
    counted = used // 2
    found = balance(AreaDays(used, known, counted, known, area), BAND)
    ranked = suspects(AreaDays(used, known, counted, known, area), found, NAMED_FROM)
    assert 995_000 <= int(ranked.use_ppm[0]) <= PPM
