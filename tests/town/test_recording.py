"""What the meters record: registers and curves that agree, the factory, home 42, the area meters."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from mingdu.core.registers import Register
from mingdu.core.types import Ints
from mingdu.town.faults import Kind
from mingdu.town.model import NO_REGISTER, Town
from mingdu.town.profiles import PERIOD_HOURS
from mingdu.town.recording import REGISTER_TOP
from mingdu.town.roster import FACTORY, FACTORY_MULTIPLIER, QUESTIONED

FIRST, DECEMBER, END = date(2025, 12, 1), date(2026, 12, 1), date(2027, 1, 1)
BREAKS_THE_SUM = {Kind.GAP, Kind.SPIKE, Kind.ROLL_OVER, Kind.EXCHANGE}


def whole_points(town: Town) -> Ints:
    faulty = [fault.point for fault in town.faults if fault.kind in BREAKS_THE_SUM]
    return np.setdiff1d(np.arange(1, town.points + 1), faulty)


def test_intervals_add_up_to_the_register_difference(town: Town) -> None:
    points = whole_points(town)
    curves = town.curves(points, DECEMBER, 31)
    total = town.registers(points, [DECEMBER + timedelta(days=n) for n in range(32)])[Register.TOTAL]
    assert not curves.missing.any()
    assert np.array_equal(curves.digits.sum(axis=2), np.diff(total, axis=1))


def test_a_slow_twin_reads_the_same_registers(town: Town) -> None:
    """Count every quarter hour of one shop since the first day, in plain Python, as its meter does."""
    shop, days = 101, 40
    roster = town.bucket(0).roster
    scale = 10 * int(roster.multiplier[shop - 1])
    running = dict(zip(PERIOD_HOURS, roster.start_wh[shop - 1].tolist(), strict=True))
    shown = town.registers([shop], [FIRST + timedelta(days=n) for n in range(days + 1)])
    recorded = town.curves([shop], FIRST, days).digits[0].tolist()
    used = town.true_wh([shop], FIRST, days)[0].tolist()
    for day in range(days):
        for interval in range(96):
            before = sum(running.values()) // scale
            (period,) = (
                name
                for name, hours in PERIOD_HOURS.items()
                if any(first <= interval // 4 < last for first, last in hours)
            )
            running[period] += used[day][interval]
            assert recorded[day][interval] == sum(running.values()) // scale - before
        for period, energy_wh in running.items():
            assert shown[period][0, day + 1] == energy_wh // scale
        assert shown[Register.TOTAL][0, day + 1] == sum(running.values()) // scale


def test_periods_agree_with_the_total_within_one_digit_each(town: Town) -> None:
    points = whole_points(town)
    shown = town.registers(points, [DECEMBER, END])
    difference = {register: np.diff(digits, axis=1)[:, 0] for register, digits in shown.items()}
    periods = difference[Register.PEAK] + difference[Register.FLAT] + difference[Register.VALLEY]
    assert np.abs(difference[Register.TOTAL] - periods).max() <= 3


def test_home_42_ends_where_swapped_digits_read_58_percent_more(town: Town) -> None:
    begin, end = town.registers([QUESTIONED], [DECEMBER, END])[Register.TOTAL][0].tolist()
    assert end - begin == 31_000
    assert end // 1_000 % 100 == 35


def test_home_42_begins_above_zero_whatever_the_seed() -> None:
    for seed in (30, 35, 41):
        first = Town(seed).registers([QUESTIONED], [FIRST])
        assert all(0 < first[register][0, 0] < 635_847 for register in (Register.TOTAL, *PERIOD_HOURS))


def test_the_factory_stands_a_little_above_its_band(town: Town) -> None:
    demand = town.demand([FACTORY], DECEMBER)
    kilowatts = demand.digits[0] * FACTORY_MULTIPLIER / 10_000
    assert 735 < kilowatts < 760
    assert DECEMBER <= demand.at[0].item().date() < END
    frozen = town.registers([FACTORY], [END, date(2026, 11, 15)])[Register.DEMAND][0]
    assert frozen[0] == demand.digits[0]
    assert 0 < frozen[1] <= town.demand([FACTORY], date(2026, 11, 1)).digits[0] < frozen[0]


def test_the_factory_has_a_power_factor_of_about_91_percent(town: Town) -> None:
    shown = town.registers([FACTORY], [DECEMBER, END])
    used = {register: int(np.diff(digits[0])[0]) for register, digits in shown.items()}
    reactive = used[Register.REACTIVE_FORWARD] + used[Register.REACTIVE_REVERSE]
    assert used[Register.REACTIVE_REVERSE] > 0
    assert 0.90 < used[Register.TOTAL] / np.hypot(used[Register.TOTAL], reactive) < 0.92


def test_only_the_factory_has_reactive_registers(town: Town) -> None:
    shown = town.registers(slice(200, 203), [DECEMBER])
    assert (shown[Register.REACTIVE_FORWARD][:, 0] == NO_REGISTER).tolist() == [True, False, True]


def test_registers_stay_within_eight_digits(town: Town) -> None:
    shown = town.registers(slice(None), [FIRST, DECEMBER, END])
    assert all((digits < REGISTER_TOP).all() for digits in shown.values())


def test_an_area_takes_its_members_energy_and_two_to_four_percent(town: Town) -> None:
    bucket = town.bucket(0)
    area = np.where(bucket.roster.number == FACTORY, -1, (bucket.roster.number - 1) * 3 // 600)
    daily_wh = bucket.true_wh.sum(axis=2)
    members_wh = np.stack([daily_wh[area == each].sum(axis=0) for each in range(3)])
    counted_wh = np.diff(town.areas.running_wh.sum(axis=2), axis=1)
    loss = (counted_wh - members_wh) / members_wh
    assert loss.min() > 0.0199
    assert loss.max() < 0.0401


def test_area_curves_add_up_to_the_area_register(town: Town) -> None:
    digits = town.area_curves(DECEMBER, 4)
    total = town.area_registers([DECEMBER + timedelta(days=n) for n in range(5)])[Register.TOTAL]
    assert np.array_equal(digits.sum(axis=2), np.diff(total, axis=1))


def test_an_area_without_members_counts_nothing() -> None:
    hamlet = Town(3, points=2, first_day=date(2026, 12, 30))
    assert hamlet.area_curves(date(2026, 12, 30), 2)[2].sum() == 0
