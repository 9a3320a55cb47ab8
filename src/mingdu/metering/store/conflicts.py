"""Values that contradict stored ones: written beside them, once each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from mingdu.core.instants import microseconds
from mingdu.core.types import Ints, Times

from .columns import INSTANT, Connection, fetch_rows

_INSERT = f"""
    INSERT INTO metering_readingconflict
        (usage_point_id, item, at, kept_digits, offered_digits, evidence_id, found_at)
    SELECT k.usage_point_id, k.item, {INSTANT.format("k.at")}, k.kept, k.offered, %s, %s
    FROM unnest(%s, %s::text[], %s, %s, %s) AS k(usage_point_id, item, at, kept, offered)
    ON CONFLICT DO NOTHING
    RETURNING usage_point_id, item, at
"""


@dataclass(frozen=True)
class Conflicts:
    """
    Contradictions, one entry each.

    usage_point_id, kept, offered  int64 (entry,)  digits
    item                           names of channels or registers
    at                             datetime64[us] (entry,)
    """

    usage_point_id: Ints
    item: list[str]
    at: Times
    kept: Ints
    offered: Ints

    def __len__(self) -> int:
        return len(self.usage_point_id)

    @classmethod
    def joined(cls, parts: list[Conflicts]) -> Conflicts:
        """Join several; at least one part."""
        return cls(
            np.concatenate([part.usage_point_id for part in parts]),
            [item for part in parts for item in part.item],
            np.concatenate([part.at for part in parts]),
            np.concatenate([part.kept for part in parts]),
            np.concatenate([part.offered for part in parts]),
        )


def write_conflicts(
    conn: Connection, conflicts: Conflicts, evidence_id: int, found_at: datetime
) -> list[tuple[int, str, datetime]]:
    """Keep contradictions; returns point, item and time of those that were not known yet."""
    if not len(conflicts):
        return []
    columns = (
        conflicts.usage_point_id, conflicts.item, microseconds(conflicts.at),
        conflicts.kept, conflicts.offered,
    )  # fmt: skip
    return fetch_rows(conn, _INSERT, (evidence_id, found_at, *columns))
