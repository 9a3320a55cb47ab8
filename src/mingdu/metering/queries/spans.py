"""Energy of spans that follow each other at one point, by its total registers, in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from mingdu.core.determinants import register_energy_wh
from mingdu.core.quality import Quality
from mingdu.core.registers import WH_PER_DIGIT, Register
from mingdu.core.types import Flags, Ints
from mingdu.metering.store.columns import Connection, fetch_rows

# The latest version of the reading at one end of a segment, of the meter that hung there.
_EDGE = """
    LEFT JOIN LATERAL (
        SELECT r.digits, r.quality FROM metering_registerreading r
        WHERE r.read_at = {instant} AND r.usage_point_id = i.usage_point_id AND r.meter_id = i.meter_id
          AND r.register = %(register)s
          AND (%(known_at)s::timestamptz IS NULL OR r.recorded_at <= %(known_at)s)
        ORDER BY r.version DESC LIMIT 1
    ) AS {name} ON true"""
_SEGMENTS = f"""
    SELECT s.n - 1, i.multiplier, m.digits, coalesce(low.digits, -1), coalesce(high.digits, -1),
           coalesce(low.quality, {Quality.MISSING:d}), coalesce(high.quality, {Quality.MISSING:d})
    FROM unnest(%(lower)s::timestamptz[], %(upper)s::timestamptz[]) WITH ORDINALITY AS s(lower, upper, n)
    JOIN metering_installation i ON i.usage_point_id = %(point)s
      AND i.valid_from < s.upper AND (i.valid_to IS NULL OR i.valid_to > s.lower)
    JOIN metering_meter m ON m.id = i.meter_id
    {_EDGE.format(name="low", instant="greatest(i.valid_from, s.lower)")}
    {_EDGE.format(name="high", instant="least(i.valid_to, s.upper)")}
"""
_AS_READ = (Quality.MEASURED, Quality.EDITED)


@dataclass(frozen=True)
class SpanEnergy:
    """
    What the total registers counted, span by span.

    energy_wh     int64 (span,)  0 where not known [Wh]
    is_known      bool (span,)   every meter of the span was read at both its ends
    is_estimated  bool (span,)   one of those readings is neither measured nor edited
    """

    energy_wh: Ints
    is_known: Flags
    is_estimated: Flags


def energy_of_spans(
    conn: Connection, usage_point_id: int, instants: Sequence[datetime], known_at: datetime | None = None
) -> SpanEnergy:
    """
    Return the energy between each two instants that follow each other, exchanges of meters included.

    known_at  only versions recorded until then
    Nothing is interpolated; for other subjects, not filtered by actor.
    """
    spans = len(instants) - 1
    rows = fetch_rows(
        conn,
        _SEGMENTS,
        {
            "lower": list(instants[:-1]), "upper": list(instants[1:]), "point": usage_point_id,
            "register": int(Register.TOTAL), "known_at": known_at,
        },
    )  # fmt: skip
    span, multiplier, digits, start, end, *quality = np.array(rows, dtype=np.int64).reshape(-1, 7).T
    is_read = (start >= 0) & (end >= 0)
    counted_wh = register_energy_wh(start, end, np.power(10, digits), WH_PER_DIGIT * multiplier)
    is_known = np.bincount(span, minlength=spans) == np.bincount(span[is_read], minlength=spans)
    is_known &= np.isin(np.arange(spans), span)
    energy_wh = np.zeros(spans, dtype=np.int64)
    np.add.at(energy_wh, span, counted_wh)
    guessed = ~np.isin(quality, _AS_READ).all(axis=0)
    is_estimated = is_known & np.isin(np.arange(spans), span[guessed])
    return SpanEnergy(np.where(is_known, energy_wh, 0), is_known, is_estimated)
