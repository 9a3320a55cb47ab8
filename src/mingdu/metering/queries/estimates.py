"""What of a day was estimated, by which method, and how far it may be wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from mingdu.core.estimation import Anchor
from mingdu.core.quality import Quality
from mingdu.metering.models import Estimate


@dataclass(frozen=True)
class EstimateView:
    """
    One gap of a day as it was filled.

    is_exact         registers at its ends give the energy
    low_wh, high_wh  the true energy lies between them in nine cases of ten
    """

    first_interval: int
    latest_interval: int
    interval_minutes: int
    method: Quality
    is_exact: bool
    energy_wh: int
    low_wh: int
    high_wh: int


def estimates_of_day(usage_point_id: int, day: date) -> list[EstimateView]:
    """Return a day's estimates by time; for pages that have asked their own door."""
    found = Estimate.objects.filter(usage_point_id=usage_point_id, day=day).order_by("first_interval")
    return [
        EstimateView(
            row.first_interval, row.latest_interval, row.interval_minutes, Quality(row.method),
            row.anchor == Anchor.REGISTERS, row.energy_wh, row.low_wh, row.high_wh,
        )
        for row in found
    ]  # fmt: skip
