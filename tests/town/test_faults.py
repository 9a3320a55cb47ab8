"""Each planted fault can be seen: what was recorded differs from the truth in its own way, and only there."""

from __future__ import annotations

from collections import Counter
from datetime import date

import numpy as np
import pytest

from mingdu.core.registers import Register
from mingdu.core.types import Flags, Ints
from mingdu.town.faults import Fault, Kind
from mingdu.town.model import Town
from mingdu.town.recording import REGISTER_TOP
from mingdu.town.roster import DEMO_SHOP, FACTORY, QUESTIONED
from mingdu.town.span import INTERVALS


def planted(town: Town, kind: Kind) -> list[Fault]:
    return [fault for fault in town.faults if fault.kind is kind]


def around(town: Town, fault: Fault) -> tuple[Ints, Ints, Flags, slice]:
    """Return true and recorded energy [Wh], gaps of the fault's days, all flat, and where the fault lies."""
    first = fault.start // INTERVALS
    days = max(fault.start, fault.stop - 1) // INTERVALS + 1 - first
    true_wh = town.true_wh(range(fault.point, fault.point + 1), town.span.day(first), days).ravel()
    curves = town.curves(range(fault.point, fault.point + 1), town.span.day(first), days)
    scale = int(town.bucket(0).roster.scale_wh[fault.point - 1])
    part = slice(fault.start - first * INTERVALS, fault.stop - first * INTERVALS)
    return true_wh, curves.digits.ravel() * scale, curves.missing.ravel(), part


def register_steps(town: Town, fault: Fault) -> int:
    """Return by how much the TOTAL register moves over the civil days of a fault [digits]."""
    first, last = fault.start // INTERVALS, max(fault.start, fault.stop - 1) // INTERVALS + 1
    days = [town.span.day(first), town.span.day(last)]
    total = town.registers(range(fault.point, fault.point + 1), days)[Register.TOTAL]
    return int(total[0, 1] - total[0, 0])


def test_every_kind_is_planted_mostly_in_the_last_month(town: Town) -> None:
    kinds = Counter(fault.kind for fault in town.faults)
    assert all(kinds[kind] >= 2 for kind in Kind if kind is not Kind.THIEF)
    assert kinds[Kind.THIEF] == 1
    in_december = [fault for fault in town.faults if fault.start >= town.span.billed_month() * INTERVALS]
    assert len(town.faults) / 2 < len(in_december) < len(town.faults)


def test_no_point_has_two_faults_and_the_demo_accounts_have_none(town: Town) -> None:
    points = [fault.point for fault in town.faults]
    assert len(set(points)) == len(points)
    assert not {QUESTIONED, DEMO_SHOP, FACTORY} & set(points)


def test_larger_towns_have_more_faults() -> None:
    large = Town(20, points=5_000, first_day=date(2026, 12, 1))
    kinds = Counter(fault.kind for fault in large.faults)
    assert kinds[Kind.GAP] == 32
    assert kinds[Kind.THIEF] == 8


def test_a_town_of_a_few_days_has_no_faults() -> None:
    assert Town(20, points=60, first_day=date(2026, 12, 20)).faults == []


@pytest.mark.parametrize("kind", list(Kind))
def test_outside_the_fault_the_record_is_the_truth(town: Town, kind: Kind) -> None:
    for fault in planted(town, kind):
        true_wh, recorded_wh, missing, part = around(town, fault)
        sound = np.ones(len(true_wh), dtype=np.bool_)
        sound[part] = False
        scale = int(town.bucket(0).roster.scale_wh[fault.point - 1])
        if kind is Kind.EXCHANGE:
            sound[fault.start % INTERVALS] = False
        assert not missing[sound].any()
        assert np.abs(recorded_wh - true_wh)[sound].max(initial=0) <= scale


def test_a_gap_has_no_readings_but_its_register_goes_on(town: Town) -> None:
    for fault in planted(town, Kind.GAP):
        true_wh, recorded_wh, missing, part = around(town, fault)
        assert missing[part].all()
        assert not recorded_wh[part].any()
        scale = int(town.bucket(0).roster.scale_wh[fault.point - 1])
        assert abs(register_steps(town, fault) * scale - true_wh.sum()) <= scale


def test_a_spike_is_far_above_the_capacity_and_the_register_knows_nothing(town: Town) -> None:
    for fault in planted(town, Kind.SPIKE):
        true_wh, recorded_wh, _, part = around(town, fault)
        capacity_w = int(town.bucket(0).roster.capacity_w[fault.point - 1])
        assert recorded_wh[part].item() * 4 > 2 * capacity_w
        scale = int(town.bucket(0).roster.scale_wh[fault.point - 1])
        assert abs(register_steps(town, fault) * scale - true_wh.sum()) <= scale


def test_a_stuck_meter_stands_for_two_days_while_energy_flows(town: Town) -> None:
    for fault in planted(town, Kind.STUCK):
        true_wh, recorded_wh, missing, part = around(town, fault)
        assert fault.stop - fault.start >= 2 * INTERVALS
        assert not recorded_wh[part].any()
        assert not missing.any()
        assert true_wh[part].sum() > 1_000
        scale = int(town.bucket(0).roster.scale_wh[fault.point - 1])
        assert register_steps(town, fault) * scale == recorded_wh.sum()


def test_a_reversed_meter_runs_back(town: Town) -> None:
    for fault in planted(town, Kind.REVERSED):
        true_wh, recorded_wh, _, part = around(town, fault)
        scale = int(town.bucket(0).roster.scale_wh[fault.point - 1])
        assert recorded_wh[part].min() < 0
        assert abs(recorded_wh[part].sum() + true_wh[part].sum()) <= scale
        assert register_steps(town, fault) * scale == recorded_wh.sum()


def test_a_register_rolls_over_its_top_while_the_curve_goes_on(town: Town) -> None:
    for fault in planted(town, Kind.ROLL_OVER):
        _, recorded_wh, _, part = around(town, fault)
        scale = int(town.bucket(0).roster.scale_wh[fault.point - 1])
        assert register_steps(town, fault) == recorded_wh[part].sum() // scale - REGISTER_TOP


def test_an_exchange_leaves_last_and_first_registers_that_close_the_day(town: Town) -> None:
    for fault in planted(town, Kind.EXCHANGE):
        read = town.bucket(0).exchange(fault)
        day = town.span.day(fault.start // INTERVALS)
        days = [day, town.span.day(fault.start // INTERVALS + 1)]
        total = town.registers(range(fault.point, fault.point + 1), days)[Register.TOTAL][0].tolist()
        _, recorded_wh, _, _ = around(town, fault)
        old = read.last[Register.TOTAL] - total[0]
        new = total[1] - read.first[Register.TOTAL]
        scale = int(town.bucket(0).roster.scale_wh[fault.point - 1])
        assert old > 0
        assert new > 0
        assert (old + new) * scale == recorded_wh.sum()


def test_a_thief_is_counted_less_in_the_evenings_only(town: Town) -> None:
    (fault,) = planted(town, Kind.THIEF)
    first = fault.start // INTERVALS
    point = range(fault.point, fault.point + 1)
    true_wh = town.true_wh(point, town.span.day(first), 5).reshape(5, INTERVALS)
    recorded_wh = town.curves(point, town.span.day(first), 5).digits.reshape(5, INTERVALS)
    recorded_wh = recorded_wh * int(town.bucket(0).roster.scale_wh[fault.point - 1])
    by_day, by_night = slice(0, 72), slice(72, 96)
    assert abs(recorded_wh[:, by_day].sum() / true_wh[:, by_day].sum() - 1) < 0.05
    assert abs(recorded_wh[:, by_night].sum() / true_wh[:, by_night].sum() - 0.3) < 0.05
