"""What hangs at a usage point and whether it is heard: meter, multiplier, terminal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mingdu.base.actors import Actor
from mingdu.base.permissions import require, scope
from mingdu.metering.models import Installation

VERB = "metering.read"


@dataclass(frozen=True)
class PointState:
    """
    The meter at a usage point with its terminal; times None where there is none.

    terminal      address; empty when no terminal reads the meter
    is_online     the terminal is connected now
    heartbeat_at  of its latest session
    """

    usage_point: str
    address: str
    meter_number: str
    model: str
    multiplier: int
    installed_at: datetime
    terminal: str
    is_online: bool
    heartbeat_at: datetime | None


def point_state(by: Actor, usage_point_id: int) -> PointState | None:
    """Return what hangs at a point now; None when nothing does, or the point is of other units."""
    require(by, VERB)
    units = scope(by, VERB).unit_ids
    found = Installation.objects.filter(usage_point_id=usage_point_id, valid_to__isnull=True)
    if units is not None:
        found = found.filter(usage_point__unit_id__in=units)
    row = found.select_related("usage_point", "meter", "terminal").first()
    if row is None:
        return None
    latest = row.terminal.sessions.order_by("-pk").first() if row.terminal else None
    return PointState(
        row.usage_point.code, row.usage_point.address, row.meter.meter_number, row.meter.model,
        row.multiplier, row.valid_from, row.terminal.terminal_address if row.terminal else "",
        latest is not None and latest.ended_at is None, latest.heartbeat_at if latest else None,
    )  # fmt: skip
