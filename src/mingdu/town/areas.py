"""The area meters (台区总表): each counts its members' true energy and the technical loss on the way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mingdu.core.registers import Register
from mingdu.core.types import Ints
from mingdu.town.profiles import ORDER, PERIODS, TIME, by_period
from mingdu.town.recording import Bucket, curve_digits, register_digits
from mingdu.town.roster import AREAS, area_of
from mingdu.town.span import INTERVALS, Span
from mingdu.town.streams import Purpose, stream

AREA_MULTIPLIER = 100
AREA_SCALE_WH: Ints = np.full(AREAS, 10 * AREA_MULTIPLIER, dtype=np.int64)
# Technical loss in parts per million of what the members take: 2 % to 4 %, a little different every day.
LOSS_PPM = (20_000, 40_000)
LOSS_WANDER_PPM = 1_000


@dataclass(frozen=True)
class AreaMeters:
    """
    The three area meters.

    loss_ppm    int64 (area, day)         technical loss on what the members take
    running_wh  int64 (area, day + 1, 3)  PEAK, FLAT, VALLEY counted at each midnight [Wh]
    """

    loss_ppm: Ints
    running_wh: Ints

    def interval_wh(self, members_wh: Ints, offset: int) -> Ints:
        """Add the loss of one day to the members' energy, int64 (area, 96) [Wh]; periods sum exactly."""
        running = members_wh[:, ORDER].reshape(AREAS, len(PERIODS), -1).cumsum(axis=-1, dtype=np.int64)
        with_loss = _with_loss(running, self.loss_ppm[:, offset, None, None])
        return np.diff(with_loss, axis=-1, prepend=0).reshape(AREAS, INTERVALS)[:, TIME]

    def digits(self, members_wh: Ints, offset: int) -> Ints:
        """Return the recorded curves of one day, int64 (area, 96)."""
        midnight = self.running_wh[:, offset].sum(axis=-1)
        return curve_digits(midnight, self.interval_wh(members_wh, offset), AREA_SCALE_WH)

    def running_day(self, area: int, members_wh: Ints, offset: int) -> Ints:
        """Return the running periods of area 1, 2, 3 at the 97 quarter hours of a day, int64 (97, 3) [Wh]."""
        counted = by_period(self.interval_wh(members_wh, offset)[area - 1]).cumsum(axis=0, dtype=np.int64)
        midnight = self.running_wh[area - 1, offset]
        return np.concatenate([midnight[None], midnight + counted])

    def registers(self, offsets: Ints) -> dict[Register, Ints]:
        """Return the registers frozen at these midnights, each int64 (area, day)."""
        return register_digits(self.running_wh[:, offsets], AREA_SCALE_WH)


def area_meters(seed: int, points: int, span: Span, buckets: Iterable[Bucket]) -> AreaMeters:
    """Add up the members' days; the only thing in the town that needs every bucket."""
    members = np.zeros((AREAS, span.days, len(PERIODS)), dtype=np.int64)
    for bucket in buckets:
        members += _by_area(bucket.true_wh, area_of(bucket.roster.number, points))
    loss_ppm = _loss_ppm(seed, span)
    counted = _with_loss(members, loss_ppm[..., None])
    start = (
        stream(seed, Purpose.AREA).integers(1 << 22, size=(AREAS, 1, len(PERIODS)))
        * AREA_SCALE_WH[:, None, None]
    )
    return AreaMeters(
        loss_ppm, np.concatenate([start, start + counted.cumsum(axis=1, dtype=np.int64)], axis=1)
    )


def members_days(points: int, offsets: range, buckets: Iterable[Bucket]) -> Ints:
    """Return the members' true energy of some days, int64 (day, area, 96) [Wh]."""
    members = np.zeros((len(offsets), AREAS, INTERVALS), dtype=np.int64)
    for bucket in buckets:
        area = area_of(bucket.roster.number, points)
        for nth, offset in enumerate(offsets):
            members[nth] += _by_area(bucket.true_day(offset), area)
    return members


def _by_area(energy_wh: Ints, area: Ints) -> Ints:
    return np.stack([energy_wh[area == each].sum(axis=0, dtype=np.int64) for each in range(1, AREAS + 1)])


def _with_loss(energy_wh: Ints, loss_ppm: Ints) -> Ints:
    return energy_wh + energy_wh * loss_ppm // 1_000_000


def _loss_ppm(seed: int, span: Span) -> Ints:
    least, most = LOSS_PPM
    chance = stream(seed, Purpose.AREA, part=1)
    usual = chance.integers(least + LOSS_WANDER_PPM, most - LOSS_WANDER_PPM, size=(AREAS, 1))
    days = [
        stream(seed, Purpose.AREA, 1, int(ordinal)).integers(-1_000, 1_001, size=AREAS)
        for ordinal in span.ordinals()
    ]
    return np.asarray(usual + np.stack(days, axis=1))
