"""A point's readings as energies and register values, ready to be written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
from django.conf import settings

from mingdu.base.database import reading_connection
from mingdu.core.clock import day_bounds, interval_starts
from mingdu.core.quality import Quality
from mingdu.core.registers import REGISTER_SCALE, Register
from mingdu.core.types import Ints
from mingdu.metering.queries import Installed, installations_between
from mingdu.metering.store.point_days import PointDay, point_days
from mingdu.metering.store.profiles import wh_per_digit
from mingdu.metering.store.registers import fetch_between
from mingdu.metering.zone import INTERVAL_MINUTES


@dataclass(frozen=True)
class EnergyDay:
    """One civil day: energy of each interval [Wh], None where it is missing, and its quality."""

    day: date
    energy_wh: list[int | None]
    quality: list[Quality]
    interval_minutes: int = INTERVAL_MINUTES


@dataclass(frozen=True)
class RegisterReading:
    """What a register showed at an instant, in its own unit before the multiplier."""

    register: Register
    read_at: datetime
    value: Decimal
    quality: Quality


def energy_days(usage_point_id: int, first_day: date, last_day: date) -> list[EnergyDay]:
    """Return a point's energy through civil days, both ends included; the account's door was asked before."""
    days = [first_day + timedelta(days=offset) for offset in range((last_day - first_day).days + 1)]
    return energy_of_days(usage_point_id, days)


def energy_of_days(usage_point_id: int, days: Sequence[date]) -> list[EnergyDay]:
    """Return a point's energy of some days, in their order; the account's door was asked before."""
    conn = reading_connection()
    span = day_bounds(min(days), settings.ZONE)[0], day_bounds(max(days), settings.ZONE)[1]
    installed = installations_between(conn, _one(usage_point_id), *span)
    return [_energy_day(stored, installed) for stored in point_days(conn, usage_point_id, list(days))]


def register_readings(usage_point_id: int, first_day: date, last_day: date) -> list[RegisterReading]:
    """Return a point's register readings, from the first day's midnight freeze to that after the last."""
    span = day_bounds(first_day, settings.ZONE)[0], day_bounds(last_day, settings.ZONE)[1]
    found = fetch_between(reading_connection(), _one(usage_point_id), list(Register), span)
    order = np.lexsort((found.register, found.read_at))
    return [
        RegisterReading(
            Register(int(found.register[row])),
            found.read_at[row].item().replace(tzinfo=UTC),
            register_value(Register(int(found.register[row])), int(found.digits[row])),
            Quality(int(found.quality[row])),
        )
        for row in order
    ]


def register_value(register: Register, digits: int) -> Decimal:
    """Return what the register shows, in its unit: kWh or kvarh with two decimals, demand in kW with four."""
    return digits * Decimal(1).scaleb(-REGISTER_SCALE[register].decimals)


def _energy_day(stored: PointDay, installed: Installed) -> EnergyDay:
    energy_wh = stored.values * wh_per_digit(stored.decimals) * _multipliers(stored, installed)
    quality = [Quality(int(mark)) for mark in stored.quality]
    known = [
        None if mark is Quality.MISSING else int(energy)
        for mark, energy in zip(quality, energy_wh, strict=True)
    ]
    return EnergyDay(stored.day, known, quality, stored.minutes)


def _multipliers(stored: PointDay, installed: Installed) -> Ints:
    """Return the multiplier of each interval: an exchange may change it within the day."""
    starts = interval_starts(stored.day, settings.ZONE, stored.minutes).astype(np.int64)
    held = (starts[:, None] >= installed.valid_from) & (starts[:, None] < installed.valid_to)
    multipliers: Ints = (held * installed.multiplier).sum(axis=1, dtype=np.int64)
    return multipliers


def _one(usage_point_id: int) -> Ints:
    return np.array([usage_point_id], dtype=np.int64)
