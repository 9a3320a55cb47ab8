"""Fetches voltage, current and power factor for the points that have such curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mingdu.core.day_block import NOT_KNOWN
from mingdu.core.quality import Quality
from mingdu.core.registers import CHANNEL_SCALE, Channel
from mingdu.core.types import Ints
from mingdu.core.validation_electrical import ElectricalCurves
from mingdu.metering.store.columns import Connection
from mingdu.metering.store.curves import Days, fetch_days, fill_days
from mingdu.metering.store.present import other_channels

VOLTAGES = (Channel.VOLTAGE_A, Channel.VOLTAGE_B, Channel.VOLTAGE_C)
CURRENTS = (Channel.CURRENT_A, Channel.CURRENT_B, Channel.CURRENT_C)
EVIDENCE = (Quality.MEASURED, Quality.EDITED)


def points_with_curves(conn: Connection, ids: Ints, days: Days) -> tuple[Ints, frozenset[int]]:
    """Return the places of the points that have such a curve in these days, and which channels they have."""
    wanted = np.array([*VOLTAGES, *CURRENTS, Channel.POWER_FACTOR], dtype=np.int64)
    points, channels = other_channels(conn, ids, days.first, days.first + days.count)
    is_wanted = np.isin(channels, wanted)
    places = np.flatnonzero(np.isin(ids, points[is_wanted]))
    return places, frozenset(channels[is_wanted].tolist())


def read_electrical(conn: Connection, ids: Ints, days: Days, present: frozenset[int]) -> ElectricalCurves:
    """Return these curves; those of another interval than the asked one count as not read."""

    def phases(channels: Sequence[Channel]) -> Ints:
        return np.stack(
            [_read(conn, ids, days, each if each in present else None) for each in channels], axis=1
        )

    factor = Channel.POWER_FACTOR if Channel.POWER_FACTOR in present else None
    return ElectricalCurves(phases(VOLTAGES), phases(CURRENTS), _read(conn, ids, days, factor))


def _read(conn: Connection, ids: Ints, days: Days, channel: Channel | None) -> Ints:
    """Return one channel without signs in the digits of its usual scale, NOT_KNOWN where not read."""
    if channel is None:
        return np.full((len(ids), days.count, days.points), NOT_KNOWN, dtype=np.int64)
    stored = fetch_days(conn, ids, days, channel)
    finer = CHANNEL_SCALE[channel].decimals - stored.decimals
    factor, divisor = 10 ** np.maximum(finer, 0), 10 ** np.maximum(-finer, 0)
    digits = np.abs(stored.values) * factor[:, np.newaxis] // divisor[:, np.newaxis]
    known = np.isin(stored.quality, EVIDENCE)
    read = replace(stored, values=np.where(known, digits, NOT_KNOWN))
    values, _, version = fill_days(read, len(ids), days)
    return np.where((version > 0)[:, :, np.newaxis], values, NOT_KNOWN)
