"""Fetches what the points of some areas counted between midnights, by their total registers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from mingdu.core.area_balance import AreaDays
from mingdu.core.instants import instant64, microseconds
from mingdu.core.quality import Quality
from mingdu.core.registers import WH_PER_DIGIT, Register
from mingdu.core.types import Flags, Ints
from mingdu.core.usage import RegisterPairs, Remark, capacity_limit_wh, register_usage
from mingdu.metering.store.columns import Connection
from mingdu.metering.store.registers import fetch_at
from mingdu.metering.zone import midnight

from .points import Points, installations_between

# What was read; an estimate of a register says nothing about losses.
AS_READ = (Quality.MEASURED, Quality.EDITED)
NOT_READ = -1
SECONDS_PER_MICROSECOND = 1_000_000


@dataclass(frozen=True)
class FetchedDays:
    """
    The kernel's columns with what they stand for.

    area_ids   int64 (area,)   by place
    point_ids  int64 (point,)  customers' points, by row
    """

    days: AreaDays
    area_ids: Ints
    point_ids: Ints


def fetch_area_days(conn: Connection, found: Points, area_ids: Ints, first: date, count: int) -> FetchedDays:
    """
    Return the energies of areas' points through days; `area_ids` is sorted.

    A day is known where one meter was read at both its midnights and its register neither fell nor jumped; on
    the day of an exchange it is not, and the area's day is not aligned.
    """
    members = found.take(np.isin(found.area_ids, area_ids))
    energy_wh, is_known = _energies(conn, members, first, count)
    place = np.searchsorted(area_ids, members.area_ids)
    supplied_wh = np.zeros((len(area_ids), count), dtype=np.int64)
    is_supplied = np.zeros((len(area_ids), count), dtype=bool)
    checks = np.flatnonzero(members.is_area)
    supplied_wh[place[checks]], is_supplied[place[checks]] = energy_wh[checks], is_known[checks]
    sold = ~members.is_area
    days = AreaDays(supplied_wh, is_supplied, energy_wh[sold], is_known[sold], place[sold])
    return FetchedDays(days, area_ids, members.ids[sold])


def _energies(conn: Connection, members: Points, first: date, count: int) -> tuple[Ints, Flags]:
    """Return int64 (point, day) energies [Wh] and bool (point, day) where they are known."""
    midnights = [midnight(first + timedelta(days=n)) for n in range(count + 1)]
    edges = microseconds(np.array([instant64(each) for each in midnights]))
    digits, meter = np.full((2, len(members.ids), count + 1), NOT_READ, dtype=np.int64)
    read = fetch_at(conn, members.ids, [Register.TOTAL], midnights)
    read = read.take(np.isin(read.quality, AS_READ))
    column = np.searchsorted(edges, microseconds(read.read_at))
    digits[read.place, column], meter[read.place, column] = read.digits, read.meter_id
    row, day = np.nonzero((digits[:, :-1] >= 0) & (digits[:, 1:] >= 0) & (meter[:, :-1] == meter[:, 1:]))
    scale, shown = _meters(conn, members, (midnights[0], midnights[-1]), meter[row, day])
    hung = scale > 0
    row, day, scale, shown = row[hung], day[hung], scale[hung], shown[hung]
    seconds = (edges[day + 1] - edges[day]) // SECONDS_PER_MICROSECOND
    usage = register_usage(
        RegisterPairs(
            start=digits[row, day],
            end=digits[row, day + 1],
            digit_count=shown,
            wh_per_digit=np.full(len(row), WH_PER_DIGIT, dtype=np.int64),
            multiplier=scale,
            limit_wh=capacity_limit_wh(np.maximum(members.capacity_w[row], 1), seconds),
        )
    )
    sure = (usage.remarks & (Remark.NEGATIVE | Remark.JUMP)) == 0
    energy_wh = np.zeros((len(members.ids), count), dtype=np.int64)
    is_known = np.zeros(energy_wh.shape, dtype=bool)
    energy_wh[row[sure], day[sure]], is_known[row[sure], day[sure]] = usage.energy_wh[sure], True
    return energy_wh, is_known


def _meters(
    conn: Connection, members: Points, span: tuple[datetime, datetime], meter_ids: Ints
) -> tuple[Ints, Ints]:
    """Return multiplier and shown digits of each meter; 0 for one that hung nowhere among the points."""
    installed = installations_between(conn, members.ids, *span)
    order = np.argsort(installed.meter_id, kind="stable")
    known = installed.meter_id[order]
    place = np.minimum(np.searchsorted(known, meter_ids), max(len(known) - 1, 0))
    if not len(known):
        return np.zeros_like(meter_ids), np.zeros_like(meter_ids)
    is_own = known[place] == meter_ids
    multiplier = np.where(is_own, installed.multiplier[order][place], 0)
    return multiplier, np.where(is_own, installed.digits[order][place], 0)
