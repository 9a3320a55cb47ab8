"""Bills by the curve: sums of intervals of any length and scale, judged by a plain sum; holes hold them."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import override_settings

from billing.desk import CLERK, approved, held_checks, issue, rehearsed, rows_of_run
from mingdu.base.actors import SYSTEM
from mingdu.billing import queries
from mingdu.core.bill_check import verify_bill
from mingdu.core.clock import day_number
from mingdu.core.quality import Quality
from mingdu.metering.models import Installation
from mingdu.metering.operations import accept_readings
from mingdu.metering.readings import CurveColumns, ReadingBatch, Source
from small_town import SmallTown, register_town, registry

pytestmark = pytest.mark.database

RULES = """\
schema: mingdu/tariff/1
name: curve-tou
title: {zh: 按曲线计费, en: By the curve}
region: CN-53
currency: CNY
unit: yuan/kWh
valid_from: 2026-01-01
valid_to: null
tariff:
  kind: one_part
  quantity_from: curve
  components:
    - {id: energy, price: "0.30", floats: true, source: made up for a test}
    - {id: grid, price: "0.05", source: made up for a test}
  time_of_use:
    source: made up for a test
    ratio: {PEAK: "1.5", FLAT: "1", VALLEY: "0.5"}
    periods:
      - {register: PEAK, hours: "7-9,18-24"}
      - {register: FLAT, hours: "0-2,6-7,9-12,16-18"}
      - {register: VALLEY, hours: "2-6,12-16"}
"""
PEAK = (*range(7, 9), *range(18, 24))
VALLEY = (*range(2, 6), *range(12, 16))
RATIOS = {"PEAK": Decimal("1.5"), "FLAT": Decimal(1), "VALLEY": Decimal("0.5")}
DAYS = [date(2026, 12, 1) + timedelta(days=n) for n in range(31)]


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    (tmp_path / "tariffs").mkdir()
    (tmp_path / "tariffs" / "curve-tou-2026-01-01.yaml").write_text(RULES, encoding="utf-8")
    return tmp_path


@pytest.fixture
def town(database: str, now: datetime) -> SmallTown:
    """Three shops that are billed by the curve; no register of theirs is ever read."""
    rows = deepcopy(registry(3))
    for agreement in rows["agreements"]:
        agreement["tariff"] = "curve-tou"
    return register_town(3, at=now, rows=rows)


def store(town: SmallTown, number: int, day: date, *, minutes: int, decimals: int, gap: Any = None) -> None:
    """A day whose intervals rise; `gap`: places and the quality that they have."""
    count = 1440 // minutes
    quality = np.zeros((1, count), dtype=np.uint8)
    if gap:
        quality[0, gap[0]] = gap[1]
    values = (np.arange(count, dtype=np.int64)[np.newaxis] + day.day) * (quality != Quality.MISSING)
    curves = CurveColumns(
        np.array([town.point_ids[number]]), np.array([day_number(day)]), np.array([1]), values, quality,
        np.array([decimals]),
    )  # fmt: skip
    assert not accept_readings(ReadingBatch(Source.FILE, town.evidence, curves), by=SYSTEM, at=now_()).bad


def now_() -> datetime:
    return datetime(2027, 1, 4, 1, 0, tzinfo=UTC)


def plain_kwh(minutes: int, decimals: int, multiplier: int) -> dict[str, Decimal]:
    """The month by hand, interval by interval."""
    sums = dict.fromkeys(RATIOS, Decimal(0))
    for day in DAYS:
        for n in range(1440 // minutes):
            hour = n * minutes // 60
            name = "PEAK" if hour in PEAK else "VALLEY" if hour in VALLEY else "FLAT"
            sums[name] += Decimal(n + day.day).scaleb(-decimals) * multiplier
    return sums


def plain_total(sums: dict[str, Decimal]) -> Decimal:
    lines = [sums[name] * Decimal("0.30") * ratio for name, ratio in RATIOS.items()]
    lines.append(sum(sums.values()) * Decimal("0.05"))
    return sum((line.quantize(Decimal("0.01"), ROUND_HALF_UP) for line in lines), Decimal(0))


def test_bills_what_the_curve_says_and_verifies_without_the_database(
    town: SmallTown, rules: Path, now: datetime
) -> None:
    Installation.objects.filter(usage_point_id=town.point_ids[2]).update(multiplier=4)
    for day in DAYS:
        gap = ([3, 4], Quality.ESTIMATED_LINEAR) if day.day == 9 else None
        store(town, 1, day, minutes=30, decimals=3, gap=gap)
        store(town, 2, day, minutes=15, decimals=2)
        store(town, 3, day, minutes=60, decimals=2, gap=([5], Quality.MISSING) if day.day == 9 else None)
    with override_settings(RULES_FOLDER=rules):
        run_id = approved(now)
        assert issue(run_id, now) == []
        assert {check for checks in held_checks(run_id).values() for check in checks} == {"curve_incomplete"}
        (held,) = held_checks(run_id).values()
        assert held["curve_incomplete"] == {"missing_minutes": 60}
        rows = {row.account_id: row for row in rows_of_run(run_id)}
        for number, (minutes, decimals, multiplier) in {1: (30, 3, 1), 2: (15, 2, 4)}.items():
            row = rows[town.account_ids[number]]
            bill = json.loads(json.dumps(queries.bill_json(CLERK, row.id, now=now)))
            sums = plain_kwh(minutes, decimals, multiplier)
            assert {name: Decimal(bill["input"]["curve"]["energy"][name]) for name in sums} == sums
            assert Decimal(bill["total"]) == plain_total(sums)
            assert bill["checks"] == ([{"check": "estimated_curve"}] if number == 1 else [])
            assert verify_bill(bill) == {"ok": True}
            assert row.quality == (Quality.ESTIMATED_LINEAR if number == 1 else Quality.MEASURED)


def test_a_day_that_is_not_there_holds_the_bill(town: SmallTown, rules: Path, now: datetime) -> None:
    for day in DAYS[1:]:
        store(town, 1, day, minutes=30, decimals=3)
    with override_settings(RULES_FOLDER=rules):
        run_id = rehearsed(now)
    minutes = {values["curve_incomplete"]["missing_minutes"] for values in held_checks(run_id).values()}
    assert minutes == {1440, 31 * 1440}
    assert rows_of_run(run_id) == []


def test_holds_all_where_an_interval_lies_in_two_periods(town: SmallTown, rules: Path, now: datetime) -> None:
    path = rules / "tariffs" / "curve-tou-2026-01-01.yaml"
    text = RULES.replace('"7-9,18-24"', '"7:30-9,18-24"').replace("6-7,9-12", "6-7:30,9-12")
    path.write_text(text, encoding="utf-8")
    for day in DAYS:
        store(town, 1, day, minutes=60, decimals=2)
    with override_settings(RULES_FOLDER=rules):
        run_id = rehearsed(now)
    errors = {values["no_price"]["error"] for values in held_checks(run_id).values()}
    assert errors == {"IntervalAcrossPeriods"}
