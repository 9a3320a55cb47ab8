"""What of a point decides which limits hold for it: customer class, meter model, state of supply."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mingdu.core.types import Ints
from mingdu.metering.store.columns import Connection, fetch_rows, ints
from mingdu.rulebook.validation import PointKind

_KINDS = """
    SELECT p.customer_class, m.model, (p.supply_state <> 'on')::int, string_agg(int8send(k.n - 1), '')
    FROM unnest(%s, %s) WITH ORDINALITY AS k(usage_point_id, meter_id, n)
    JOIN metering_usagepoint p ON p.id = k.usage_point_id
    JOIN metering_meter m ON m.id = k.meter_id
    GROUP BY p.customer_class, m.model, p.supply_state <> 'on'
    ORDER BY p.customer_class, m.model
"""


@dataclass(frozen=True)
class PointKinds:
    """
    The few kinds that some points are of.

    distinct  each of them
    kind      int64 (point,)  which of these
    is_off    int64 (point,)  1 where the supply is suspended or ended
    """

    distinct: list[PointKind]
    kind: Ints
    is_off: Ints

    @property
    def classes(self) -> dict[str, Ints]:
        """Return the rows of each customer class."""
        names = [each.customer_class for each in self.distinct]
        of_class = {name: [place for place, each in enumerate(names) if each == name] for name in names}
        return {name: np.flatnonzero(np.isin(self.kind, places)) for name, places in of_class.items()}


def point_kinds(conn: Connection, usage_point_ids: Ints, meter_ids: Ints) -> PointKinds:
    """Return the kind of each point with its meter, and whether its supply is off now."""
    kind, is_off = np.zeros((2, len(usage_point_ids)), dtype=np.int64)
    distinct: list[PointKind] = []
    for customer_class, model, off, packed in fetch_rows(conn, _KINDS, (usage_point_ids, meter_ids)):
        found = PointKind(customer_class, model)
        if not distinct or distinct[-1] != found:
            distinct.append(found)
        rows = ints(packed)
        kind[rows], is_off[rows] = len(distinct) - 1, off
    return PointKinds(distinct, kind, is_off)
