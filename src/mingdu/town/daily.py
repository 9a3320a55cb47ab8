"""True energy of every day by period, and its spread over the day, drawn by bucket and day."""

from __future__ import annotations

from datetime import date

import numpy as np

from mingdu.core.types import Ints
from mingdu.town.profiles import PERIODS, SHARES, WEIGHTS, spread
from mingdu.town.roster import QUESTIONED, Roster
from mingdu.town.span import INTERVALS, Span
from mingdu.town.streams import Purpose, bucket_of, stream
from mingdu.town.weather import Weather

# Home i = 42 uses exactly this much on an average day of the billed month: 310 kWh in December.
QUESTIONED_DAY_WH = 10_000


def day_energy(seed: int, roster: Roster, span: Span, weather: Weather) -> Ints:
    """
    Draw the true energy of every day of a bucket by period.

    returns  int64 (point, day, 3)  PEAK, FLAT, VALLEY [Wh]; the factory's row is replaced by its own load
    """
    draws = _day_draws(seed, roster, span)
    energy_wh = roster.base_wh[:, None] * _season(roster, weather) // 1_000
    energy_wh = energy_wh * _rest_day(roster, weather) // 1_000 * _away(roster, span) // 1_000
    energy_wh = energy_wh * (800 + (draws[..., 0] + draws[..., 1]) * 400 // 510) // 1_000
    _settle_questioned(energy_wh, roster, span)
    return _by_period(energy_wh, roster, weather, draws[..., 2:])


def interval_energy(seed: int, roster: Roster, rows: Ints, day: date, period_wh: Ints, is_rest: bool) -> Ints:
    """
    Spread one day's period energies of some rows over the 96 intervals.

    rows       int64 (row,)     which rows of the bucket
    period_wh  int64 (row, 3)   their energy by period [Wh]
    returns    int64 (row, 96)  true energy in the order of time [Wh]
    """
    bucket = bucket_of(int(roster.number[0]))
    generator = stream(seed, Purpose.SHAPE, bucket, day.toordinal())
    # Draw down to the last row that is asked for: a row's noise is the same whoever is asked beside it.
    noise = generator.integers(0, 256, size=(int(rows.max()) + 1, INTERVALS), dtype=np.uint8)[rows].astype(
        np.int32
    )
    noise = 64 + (3 * noise * noise >> 8)
    weights = WEIGHTS[roster.profile[rows], int(is_rest)].astype(np.int32)
    return spread(period_wh, (weights * noise.reshape(weights.shape)).astype(np.int64))


def _day_draws(seed: int, roster: Roster, span: Span) -> Ints:
    bucket, rows = bucket_of(int(roster.number[0])), len(roster.number)
    draws = np.empty((rows, span.days, 2 + len(PERIODS)), dtype=np.uint8)
    for offset, ordinal in enumerate(span.ordinals()):
        generator = stream(seed, Purpose.DAY, bucket, int(ordinal))
        draws[:, offset] = generator.integers(0, 256, size=(rows, 2 + len(PERIODS)), dtype=np.uint8)
    return draws.astype(np.int64)


def _season(roster: Roster, weather: Weather) -> Ints:
    """Return the factor of heating and cooling, int64 (point, day) [‰]."""
    cold = np.maximum(0, 140 - weather.temperature_dc)
    warm = np.maximum(0, weather.temperature_dc - 220)
    return np.asarray(1_000 + roster.heat[:, None] * cold + 6 * warm)


def _rest_day(roster: Roster, weather: Weather) -> Ints:
    """Return the factor of weekends and of the Spring Festival, int64 (point, day) [‰]."""
    shop = roster.is_shop[:, None]
    rest = np.where(shop, 1_080, 1_120)
    factor = np.where(weather.is_rest, rest, 1_000)
    return np.where(weather.is_festival, np.where(shop, 350, 1_150), factor)


def _away(roster: Roster, span: Span) -> Ints:
    """Return 1,000 at home and what the refrigerator still takes when away, int64 (point, day) [‰]."""
    ordinals = span.ordinals()
    away = (roster.away[:, :1] <= ordinals) & (ordinals < roster.away[:, 1:])
    return np.where(away, 150, 1_000)


def _settle_questioned(energy_wh: Ints, roster: Roster, span: Span) -> None:
    """Scale the billed month of home i = 42, in place, to its known sum; the last day takes the rest."""
    rows = np.flatnonzero(roster.number == QUESTIONED)
    if not len(rows):
        return
    month = energy_wh[rows[0], span.billed_month() :]
    wanted = QUESTIONED_DAY_WH * len(month)
    month[:] = month * wanted // int(month.sum(dtype=np.int64))
    month[-1] += wanted - int(month.sum(dtype=np.int64))


def _by_period(energy_wh: Ints, roster: Roster, weather: Weather, draws: Ints) -> Ints:
    share = SHARES[roster.profile][:, weather.is_rest.astype(np.int64)] * (224 + draws // 4)
    split = energy_wh[..., None] * share // share.sum(axis=-1, keepdims=True, dtype=np.int64)
    split[..., -1] = energy_wh - split[..., 0] - split[..., 1]
    return np.asarray(split)
