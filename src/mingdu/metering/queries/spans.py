"""Energy of spans that follow each other at one point, by its total registers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from mingdu.core.determinants import register_energy_wh
from mingdu.core.instants import aware, instant64, microseconds
from mingdu.core.quality import Quality
from mingdu.core.registers import WH_PER_DIGIT, Register
from mingdu.core.types import Flags, Ints
from mingdu.metering.store.columns import Connection
from mingdu.metering.store.registers import fetch_at

from .points import installations_between

_AS_READ = (Quality.MEASURED, Quality.EDITED)
_NOT_READ = (-1, int(Quality.MISSING))


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
    point = np.array([usage_point_id], dtype=np.int64)
    hung = installations_between(conn, point, instants[0], instants[-1])
    edges = np.array([instant64(at) for at in instants]).astype(np.int64)
    span, entry = np.nonzero((hung.valid_from < edges[1:, None]) & (hung.valid_to > edges[:-1, None]))
    begins = np.maximum(hung.valid_from[entry], edges[span])
    ends = np.minimum(hung.valid_to[entry], edges[span + 1])
    readings = _Readings.of(conn, point, np.union1d(begins, ends), known_at)
    start, start_quality = readings.at(hung.meter_id[entry], begins)
    end, end_quality = readings.at(hung.meter_id[entry], ends)
    is_read = (start >= 0) & (end >= 0)
    wrap, wh_per_digit = np.power(10, hung.digits[entry]), WH_PER_DIGIT * hung.multiplier[entry]
    counted_wh = register_energy_wh(start, end, wrap, wh_per_digit)
    is_known = np.bincount(span, minlength=spans) == np.bincount(span[is_read], minlength=spans)
    is_known &= np.isin(np.arange(spans), span)
    energy_wh = np.zeros(spans, dtype=np.int64)
    np.add.at(energy_wh, span, counted_wh)
    guessed = ~(np.isin(start_quality, _AS_READ) & np.isin(end_quality, _AS_READ))
    is_estimated = is_known & np.isin(np.arange(spans), span[guessed])
    return SpanEnergy(np.where(is_known, energy_wh, 0), is_known, is_estimated)


@dataclass(frozen=True)
class _Readings:
    """The total register of one point at some instants, by meter and instant."""

    found: Mapping[tuple[int, int], tuple[int, int]]

    @classmethod
    def of(cls, conn: Connection, point: Ints, instants: Ints, known_at: datetime | None) -> _Readings:
        moments = [aware(np.datetime64(int(at), "us")) for at in instants]
        stored = fetch_at(conn, point, (Register.TOTAL,), moments, known_at)
        keys = zip(stored.meter_id.tolist(), microseconds(stored.read_at).tolist(), strict=True)
        return cls(
            dict(zip(keys, zip(stored.digits.tolist(), stored.quality.tolist(), strict=True), strict=True))
        )

    def at(self, meter_id: Ints, instant: Ints) -> tuple[Ints, Ints]:
        """Return digits and quality of these meters at these instants; -1 and MISSING where not read."""
        keys = zip(meter_id.tolist(), instant.tolist(), strict=True)
        found = [self.found.get(key, _NOT_READ) for key in keys]
        digits, quality = np.array(found, dtype=np.int64).reshape(-1, 2).T
        return digits, quality
