"""The balance of areas over stored readings: aligned days, again after late ones, and for whose eyes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from mingdu.base.actors import SYSTEM, Actor, Grant
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.core.area_balance import Verdict
from mingdu.metering.models import Area, AreaDay, DayClosing, UsagePoint
from mingdu.metering.operations import (
    DayNotOver,
    DaysOutOfOrder,
    accept_readings,
    balance_areas,
    import_file,
    record_evidence,
    register_network,
)
from mingdu.metering.queries.balances import area_days, area_months, suspects_of
from mingdu.metering.readings import WHICHEVER_METER, Intent, ReadingBatch, RegisterColumns, Source
from mingdu.metering.zone import midnight
from mingdu.town.files import write_town
from mingdu.town.model import Town
from mingdu.town.registry import registry_of
from mingdu.town.truth import truth_of

pytestmark = pytest.mark.database

FIRST, LAST = date(2026, 12, 1), date(2026, 12, 31)


@pytest.fixture(scope="module")
def town(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Town:
    now = datetime(2027, 1, 4, 1, tzinfo=UTC)
    made = Town(1, 60, FIRST, LAST)
    folder: Path = tmp_path_factory.mktemp("town")
    write_town(made, folder)
    register_network(registry_of(made), by=SYSTEM, at=now)
    for path in sorted(folder.glob("registers-2026-12.csv")):
        import_file(path, by=SYSTEM, at=now)
    balance_areas(FIRST, LAST, by=SYSTEM, at=now)
    return made


def person(role: Role, unit: int | None = None) -> Actor:
    units = None if unit is None else frozenset({unit})
    return Actor("person:1", "稽查 员", (Grant(role, units),), frozenset(), "zh")


def test_the_towns_losses_are_found_within_the_band(town: Town) -> None:
    rows = AreaDay.objects.exclude(verdict=Verdict.NOT_ALIGNED)
    assert rows.count() > 60
    honest = [row for row in rows if row.verdict == Verdict.WITHIN]
    # The town loses 2 % to 4 % of what the members take; registers show whole digits.
    assert all(10_000 <= row.loss_wh * 1_000_000 // row.sold_wh <= 70_000 for row in honest)
    months = {each.code: each for each in area_months(SYSTEM, FIRST, LAST)}
    for code, month in months.items():
        own = [row for row in rows.filter(area__code=code)]
        assert month.supplied_wh == sum(row.supplied_wh for row in own)
        assert month.loss_wh == sum(row.loss_wh for row in own)
        assert month.days - month.not_aligned == len(own)


def test_a_day_on_which_a_point_was_not_read_is_not_judged(town: Town) -> None:
    silent = [row for row in AreaDay.objects.all() if row.missing]
    assert all(row.verdict == Verdict.NOT_ALIGNED and row.loss_wh == 0 for row in silent)


def test_the_same_again_changes_nothing(town: Town, now: datetime) -> None:
    assert balance_areas(FIRST, LAST, by=SYSTEM, at=now) == 0


def test_a_corrected_reading_changes_its_days(town: Town, now: datetime) -> None:
    row = AreaDay.objects.filter(verdict=Verdict.WITHIN).order_by("day", "area_id")[5]
    point = UsagePoint.objects.filter(area=row.area, kind="customer").order_by("pk")[0]
    from mingdu.base.database import reading_connection
    from mingdu.core.registers import Register
    from mingdu.metering.queries import register_values

    at, ids = midnight(row.day + timedelta(days=1)), np.array([point.pk], dtype=np.int64)
    shown = int(register_values(reading_connection(), ids, [Register.TOTAL], at).digits[0, 0])
    column = RegisterColumns(
        ids, np.array([WHICHEVER_METER]), np.array([0]),
        np.array([at.replace(tzinfo=None)], dtype="datetime64[us]"), np.array([shown + 10]),
        np.zeros(1, dtype=np.uint8),
    )  # fmt: skip
    evidence = record_evidence("file", "late", by=SYSTEM, at=now)
    batch = ReadingBatch(Source.FILE, evidence, registers=column, intent=Intent.CORRECT)
    accept_readings(batch, by=SYSTEM, at=now)
    assert balance_areas(row.day, row.day, by=SYSTEM, at=now) == 1
    again = AreaDay.objects.get(pk=row.pk)
    assert again.sold_wh == row.sold_wh + 100
    assert again.loss_wh == row.loss_wh - 100


def test_who_explains_a_loss_is_named_to_inspectors_alone(town: Town) -> None:
    """A meter that stood still for days is behind most of an area's loss."""
    faulty = {fault["usage_point"]: fault["kind"] for fault in truth_of(town)["faults"]}
    named = [
        each.usage_point
        for area in Area.objects.order_by("pk")
        for each in suspects_of(person(Role.INSPECTOR), area.code, LAST)
    ]
    assert named
    assert {faulty[code] for code in named} <= {"stuck", "thief"}
    area = Area.objects.order_by("pk")[0]
    for role in (Role.ENGINEER, Role.CLERK, Role.MANAGER, Role.READER):
        with pytest.raises(NotPermitted):
            suspects_of(person(role), area.code, LAST)


def test_foreign_units_have_no_balances(town: Town) -> None:
    away = person(Role.INSPECTOR, 999_999)
    code = Area.objects.order_by("pk")[0].code
    assert area_months(away, FIRST, LAST) == []
    assert area_days(away, code, FIRST, LAST) == []
    assert suspects_of(away, code, LAST) == []
    assert suspects_of(person(Role.INSPECTOR), "NOWHERE", LAST) == []


def test_the_worker_balances_a_week_when_a_day_is_closed_everywhere(town: Town, now: datetime) -> None:
    from mingdu.main.area_balances import BalanceDuty

    AreaDay.objects.all().delete()
    duty = BalanceDuty()
    assert duty.act(now) == 0
    DayClosing.objects.create(day=date(2026, 12, 20), bucket=0, closed_at=now, closed_by="system")
    assert duty.act(now) == 3 * 7
    assert duty.act(now) == 0
    assert BalanceDuty().act(now) == 0
    week = AreaDay.objects.values_list("day", flat=True).distinct()
    assert (min(week), max(week)) == (date(2026, 12, 14), date(2026, 12, 20))
    balance_areas(FIRST, LAST, by=SYSTEM, at=now)


def test_refuses_days_that_are_none(town: Town, now: datetime) -> None:
    with pytest.raises(DaysOutOfOrder):
        balance_areas(LAST, FIRST, by=SYSTEM, at=now)
    with pytest.raises(DayNotOver):
        balance_areas(FIRST, date(2027, 2, 1), by=SYSTEM, at=now)
    with pytest.raises(NotPermitted):
        balance_areas(FIRST, LAST, by=person(Role.READER), at=now)
