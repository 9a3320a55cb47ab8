"""Looking at foreign numbers of usage points, and at where a meter hung."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mingdu.base.actors import Actor
from mingdu.base.permissions import scope
from mingdu.metering.models import PointAlias
from mingdu.metering.store.columns import Connection, fetch_rows

_HUNG = """
    SELECT i.usage_point_id, (extract(epoch FROM i.valid_from) * 1000000)::bigint,
           coalesce((extract(epoch FROM i.valid_to) * 1000000)::bigint, 9223372036854775807)
    FROM metering_installation i JOIN metering_meter m ON m.id = i.meter_id
    WHERE m.meter_number = %s ORDER BY i.valid_from
"""


@dataclass(frozen=True)
class Alias:
    """A foreign number of a usage point, and who registered it."""

    kind: str
    number: str
    usage_point: str
    by: str


def aliased_points(conn: Connection, kind: str, numbers: Sequence[str]) -> dict[str, int]:
    """Return the usage points of those numbers that are registered; for imports, not filtered by actor."""
    rows = fetch_rows(
        conn,
        "SELECT number, usage_point_id FROM metering_pointalias WHERE kind = %s AND number = ANY(%s)",
        (kind, list(numbers)),
    )
    return {str(number): int(point) for number, point in rows}


def points_of_meter(conn: Connection, meter_number: str) -> list[tuple[int, int, int]]:
    """Return usage point, begin and end [µs since 1970] of every place a meter hung at; not filtered."""
    return [(int(each[0]), int(each[1]), int(each[2])) for each in fetch_rows(conn, _HUNG, (meter_number,))]


def aliases(by: Actor, most: int) -> list[Alias]:
    """Return the first aliases of points that the actor may see, by kind and number."""
    units = scope(by, "metering.read").unit_ids
    found = PointAlias.objects.select_related("usage_point").order_by("kind", "number")
    if units is not None:
        found = found.filter(usage_point__unit_id__in=units)
    return [Alias(each.kind, each.number, each.usage_point.code, each.by) for each in found[:most]]
