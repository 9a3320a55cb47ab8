"""A small network for the tests of metering, and builders of what comes through the door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from mingdu.core.clock import day_number
from mingdu.core.quality import Quality
from mingdu.core.registers import Channel, Register
from mingdu.metering.readings import (
    WHICHEVER_METER,
    CurveColumns,
    Intent,
    ReadingBatch,
    RegisterColumns,
    Source,
)

DAY = date(2026, 12, 30)
MIDNIGHT = datetime(2026, 12, 29, 16, tzinfo=UTC)


@dataclass(frozen=True)
class Network:
    """Three homes with a meter each; the last home's meter was put in at MIDNIGHT in place of another."""

    points: tuple[int, ...]
    meters: tuple[int, ...]
    old_meter: int
    unit: int
    evidence: int

    def curves(self, values: Any, *, day: date = DAY, missing: Any = ()) -> CurveColumns:
        """One curve a point; `values` is a number for all intervals, or one row a point."""
        count = len(self.points)
        digits = np.array(np.broadcast_to(np.asarray(values, dtype=np.int64), (count, 96)))
        quality = np.zeros((count, 96), dtype=np.uint8)
        for interval in missing:
            digits[:, interval], quality[:, interval] = 0, Quality.MISSING
        ids = np.array(self.points)
        return CurveColumns(
            ids, np.full(count, day_number(day)), np.full(count, Channel.IMPORT), digits, quality
        )

    def registers(
        self, digits: list[int], *, at: datetime = MIDNIGHT, meter: int = WHICHEVER_METER
    ) -> RegisterColumns:
        """TOTAL of the first points, one reading each."""
        count = len(digits)
        instant = np.datetime64(at.astimezone(UTC).replace(tzinfo=None), "us")
        return RegisterColumns(
            np.array(self.points[:count]), np.full(count, meter), np.full(count, Register.TOTAL),
            np.full(count, instant), np.array(digits, dtype=np.int64), np.zeros(count, dtype=np.uint8),
        )  # fmt: skip

    def batch(
        self,
        curves: CurveColumns | None = None,
        registers: RegisterColumns | None = None,
        intent: Intent = Intent.RECORD,
    ) -> ReadingBatch:
        """A batch from a file."""
        return ReadingBatch(
            Source.FILE,
            self.evidence,
            curves or CurveColumns.none(),
            registers or RegisterColumns.none(),
            intent,
        )


@pytest.fixture
def network(database: str, now: datetime) -> Network:
    """The network in a fresh database."""
    from mingdu.base.actors import SYSTEM
    from mingdu.base.operations import create_unit
    from mingdu.metering.models import Area, Installation, Meter, UsagePoint
    from mingdu.metering.operations import record_evidence

    unit = create_unit("U1", "明湖供电所", parent=None, by=SYSTEM, at=now)
    area = Area.objects.create(code="A1", name="青柳路台区", unit=unit)
    points = [
        UsagePoint.objects.create(
            code=f"P{n}", area=area, unit=unit, customer_class="residential", capacity_w=8_000
        )
        for n in range(3)
    ]
    meters = [
        Meter.objects.create(
            meter_number=f"20240000000{n}", meter_address=f"20240000000{n}", model="demo-meter-645"
        )
        for n in range(4)
    ]
    begin = datetime(2025, 11, 30, 16, tzinfo=UTC)
    for point, meter in zip(points[:2], meters, strict=False):
        Installation.objects.create(usage_point=point, meter=meter, valid_from=begin)
    old, new = meters[2], meters[3]
    Installation.objects.create(usage_point=points[2], meter=old, valid_from=begin, valid_to=MIDNIGHT)
    Installation.objects.create(usage_point=points[2], meter=new, valid_from=MIDNIGHT)
    return Network(
        points=tuple(point.pk for point in points),
        meters=(meters[0].pk, meters[1].pk, new.pk),
        old_meter=old.pk,
        unit=unit.pk,
        evidence=record_evidence("file", "a.csv", by=SYSTEM, at=now),
    )
