"""Who lives at which point: class, profile, size, multiplier, start of the registers; a bucket at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np

from mingdu.core.types import Flags, Ints
from mingdu.town.profiles import Profile
from mingdu.town.streams import BUCKET_POINTS, Purpose, stream

QUESTIONED = 42
# Home i = 42 is an ordinary family whatever the seed: its year fits below its register's known end.
QUESTIONED_BASE_WH = 7_900
DEMO_SHOP = 101
FACTORY = 201
FACTORY_MULTIPLIER = 2_000
FACTORY_CAPACITY_W = 1_000_000
AREAS = 3

# The days on which a household may be away lie here, whatever part of the year a town lives in.
AWAY_FIRST = date(2025, 12, 1).toordinal()
AWAY_WITHIN_DAYS = 400


class Size(NamedTuple):
    """Energy of an ordinary day: drawn between the bounds [Wh]."""

    least_wh: int
    most_wh: int


SIZES = {
    Profile.WORKERS: Size(3_000, 9_000),
    Profile.RETIRED: Size(2_500, 7_000),
    Profile.FAMILY: Size(5_000, 16_000),
    Profile.VACANT: Size(200, 600),
    Profile.RETAIL: Size(18_000, 45_000),
    Profile.RESTAURANT: Size(20_000, 50_000),
    Profile.OFFICE: Size(20_000, 45_000),
}
# Out of 256 homes so many are WORKERS, RETIRED, FAMILY; the rest stands VACANT.
HOME_SHARES = (115, 180, 250)
LARGE_SHOP_SCALE = 4
LARGE_SHOP_MULTIPLIER = 30


@dataclass(frozen=True)
class Roster:
    """
    The points of one bucket, one row each.

    number      int64 (point,)     1, 2, … through the whole town
    profile     int64 (point,)     Profile; the factory's row is not used
    base_wh     int64 (point,)     energy of an ordinary day [Wh]
    heat        int64 (point,)     extra use for every 0.1 °C below 14 °C [‰]
    away        int64 (point, 2)   first day away and first day back, as ordinals; equal when never away
    multiplier  int64 (point,)
    capacity_w  int64 (point,)     contract capacity [W]
    start_wh    int64 (point, 3)   PEAK, FLAT, VALLEY by the meter on the first midnight [Wh]
    """

    number: Ints
    profile: Ints
    base_wh: Ints
    heat: Ints
    away: Ints
    multiplier: Ints
    capacity_w: Ints
    start_wh: Ints

    @property
    def is_shop(self) -> Flags:
        """Say which rows are shops, bool (point,)."""
        return is_shop(self.number)

    @property
    def scale_wh(self) -> Ints:
        """Return the worth of one register digit (0.01 kWh before the multiplier), int64 (point,) [Wh]."""
        return 10 * self.multiplier


def is_shop(number: Ints) -> Flags:
    """Say which points are shops: every twentieth, but not the factory."""
    return np.asarray((number % 20 == 1) & (number != FACTORY))


def area_of(number: Ints, points: int) -> Ints:
    """Return each point's area 1…3, or 0 for the factory, which stands on its own line; int64 (point,)."""
    return np.where(number == FACTORY, 0, (number - 1) * AREAS // points + 1)


def roster_of(seed: int, bucket: int, points: int) -> Roster:
    """Draw the points of one bucket; a point is the same in every town of the seed, however large."""
    number = np.arange(
        bucket * BUCKET_POINTS + 1, min(points, (bucket + 1) * BUCKET_POINTS) + 1, dtype=np.int64
    )
    draw = _draws(seed, bucket, len(number))
    profile = _profiles(number, draw[:, 0])
    multiplier = _multipliers(number)
    base_wh = np.where(number == QUESTIONED, QUESTIONED_BASE_WH, _base_wh(profile, draw[:, 1], multiplier))
    scale_wh = 10 * multiplier[:, None]
    return Roster(
        number=number,
        profile=profile,
        base_wh=base_wh,
        heat=np.where(is_shop(number), draw[:, 2] * 4 >> 16, draw[:, 2] * 11 >> 16),
        away=_away(number, draw),
        multiplier=multiplier,
        capacity_w=_capacity_w(number, base_wh, multiplier),
        # Between 1,000 and 8,000 kWh in each period, by the meter's own display.
        start_wh=scale_wh * (100_000 + draw[:, 5:8] * 700_000 // 65_536),
    )


def _draws(seed: int, bucket: int, rows: int) -> Ints:
    generator = stream(seed, Purpose.HOUSEHOLD, bucket)
    return generator.integers(0, 1 << 16, size=(rows, 8), dtype=np.uint16).astype(np.int64)


def _profiles(number: Ints, draw: Ints) -> Ints:
    home = np.searchsorted(np.array(HOME_SHARES), draw >> 8, side="right")
    profile = np.where(is_shop(number), Profile.RETAIL + draw % 3, home)
    profile = np.where(number == QUESTIONED, Profile.FAMILY, profile)
    return profile.astype(np.int64)


def _multipliers(number: Ints) -> Ints:
    """Every other shop is large and stands behind current transformers of 150/5 A."""
    large = is_shop(number) & (number // 20 % 2 == 1)
    multiplier = np.where(large, LARGE_SHOP_MULTIPLIER, 1)
    return np.where(number == FACTORY, FACTORY_MULTIPLIER, multiplier).astype(np.int64)


def _base_wh(profile: Ints, draw: Ints, multiplier: Ints) -> Ints:
    sizes = np.array([SIZES[each] for each in Profile], dtype=np.int64)[profile]
    base_wh = sizes[:, 0] + (sizes[:, 1] - sizes[:, 0]) * draw // 65_536
    return np.where(multiplier == LARGE_SHOP_MULTIPLIER, base_wh * LARGE_SHOP_SCALE, base_wh)


def _away(number: Ints, draw: Ints) -> Ints:
    """A quarter of the homes is away once, for three to twelve days."""
    first = AWAY_FIRST + draw[:, 3] * AWAY_WITHIN_DAYS // 65_536
    leaves = (draw[:, 4] < 16_384) & ~is_shop(number) & ~np.isin(number, (QUESTIONED, FACTORY))
    length = np.where(leaves, 3 + draw[:, 4] % 10, 0)
    return np.stack([first, first + length], axis=1)


def _capacity_w(number: Ints, base_wh: Ints, multiplier: Ints) -> Ints:
    home = np.where(base_wh < 8_000, 8_000, 16_000)
    shop = np.where(multiplier == LARGE_SHOP_MULTIPLIER, 90_000, 30_000)
    capacity_w = np.where(is_shop(number), shop, home)
    return np.where(number == FACTORY, FACTORY_CAPACITY_W, capacity_w).astype(np.int64)
