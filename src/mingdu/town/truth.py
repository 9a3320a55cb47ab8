"""The truth (真值) beside the records: what was really used, what was planted, and what each fault hides."""

from __future__ import annotations

from typing import Any

import numpy as np

from mingdu.town.faults import Fault, Kind, fault_days
from mingdu.town.identity import SILENT_TERMINAL, area_usage_point, usage_point_code
from mingdu.town.model import Town
from mingdu.town.recording import QUESTIONED_END_DIGITS, Bucket
from mingdu.town.roster import AREAS, QUESTIONED
from mingdu.town.span import INTERVALS
from mingdu.town.streams import bucket_of

Row = dict[str, Any]
# The terminal of home 42 has been silent since the fourth day before the end.
SILENT_DAYS = 4


def truth_of(town: Town) -> Row:
    """
    Tell what really happened.

    monthly_energy_wh  by usage point and month, area meters included [Wh]
    faults             kind, usage_point, from, to, true_wh, recorded_wh
    mistyped           the end register of home 42 as it was and as it was typed, or null in a smaller town
    silent             the terminal that fell silent, or null

    The energies of a roll-over or an exchange are those of its civil day: what was used, and the bare
    difference of the two freezes, which is what a reader without knowledge would count.
    """
    months = [name for name, _, _ in town.span.months()]
    energy = {code: dict(zip(months, row, strict=True)) for code, row in monthly_energy(town)}
    return {
        "seed": town.seed,
        "points": town.points,
        "first_day": f"{town.span.first_day}",
        "last_day": f"{town.span.last_day}",
        "faults": [_fault(town, fault) for fault in town.faults],
        "mistyped": mistyped(town) if town.points >= QUESTIONED else None,
        "silent": _silent(town) if town.points >= QUESTIONED else None,
        "monthly_energy_wh": energy,
    }


def monthly_energy(town: Town) -> list[tuple[str, list[int]]]:
    """Return every usage point with its true energy of each month [Wh]."""
    rows: list[tuple[str, list[int]]] = []
    for index in range(len(town.buckets())):
        bucket = town.bucket(index)
        daily = bucket.true_wh.sum(axis=-1, dtype=np.int64)
        monthly = np.stack([daily[:, a:b].sum(axis=1) for _, a, b in town.span.months()], axis=1).tolist()
        numbers = bucket.roster.number.tolist()
        rows += [(usage_point_code(number), row) for number, row in zip(numbers, monthly, strict=True)]
    months = town.span.months()
    running = town.areas.running_wh.sum(axis=-1)
    for area in range(1, AREAS + 1):
        rows.append(
            (
                area_usage_point(area),
                [int(running[area - 1, b] - running[area - 1, a]) for _, a, b in months],
            )
        )
    return rows


def typed_end_digits(true_digits: int) -> int:
    """Swap hundreds and tens of the kilowatt-hours, as a tired hand does."""
    tens, hundreds = true_digits // 1_000 % 10, true_digits // 10_000 % 10
    return true_digits + (tens - hundreds) * 10_000 + (hundreds - tens) * 1_000


def mistyped(town: Town) -> Row:
    return {
        "usage_point": usage_point_code(QUESTIONED),
        "register": "TOTAL",
        "time": town.span.time(town.span.days * INTERVALS).isoformat(),
        "true_digits": QUESTIONED_END_DIGITS,
        "typed_digits": typed_end_digits(QUESTIONED_END_DIGITS),
    }


def _silent(town: Town) -> Row:
    since = max(0, town.span.days - SILENT_DAYS)
    return {
        "terminal": SILENT_TERMINAL,
        "usage_point": usage_point_code(QUESTIONED),
        "from": town.span.time(since * INTERVALS).isoformat(),
    }


def _fault(town: Town, fault: Fault) -> Row:
    bucket = town.bucket(bucket_of(fault.point))
    true_wh, recorded_wh = ENERGIES.get(fault.kind, _curve_energies)(bucket, fault)
    return {
        "kind": fault.kind.value,
        "usage_point": usage_point_code(fault.point),
        "from": town.span.time(fault.start).isoformat(),
        "to": town.span.time(fault.stop).isoformat(),
        "true_wh": true_wh,
        "recorded_wh": recorded_wh,
    }


def _curve_energies(bucket: Bucket, fault: Fault) -> tuple[int, int]:
    """Add up the true and the counted energy of the fault's intervals."""
    row = np.array([bucket.row(fault.point)])
    days = list(fault_days(fault))
    true_wh = np.concatenate([bucket.true_rows(row, offset)[0] for offset in days])
    counted_wh = np.concatenate([bucket.counted_rows(row, offset)[0] for offset in days])
    part = slice(fault.start - days[0] * INTERVALS, fault.stop - days[0] * INTERVALS)
    return int(true_wh[part].sum()), int(counted_wh[part].sum())


def _gap_energies(bucket: Bucket, fault: Fault) -> tuple[int, int]:
    return _curve_energies(bucket, fault)[0], 0


def _spike_energies(bucket: Bucket, fault: Fault) -> tuple[int, int]:
    return _curve_energies(bucket, fault)[0], bucket.spike_digits(fault) * int(
        bucket.roster.scale_wh[bucket.row(fault.point)]
    )


def _day_energies(bucket: Bucket, fault: Fault) -> tuple[int, int]:
    row, offset = bucket.row(fault.point), fault.start // INTERVALS
    totals = next(iter(bucket.registers(np.array([offset, offset + 1])).values()))[row]
    return int(bucket.true_wh[row, offset].sum()), int(totals[1] - totals[0]) * int(
        bucket.roster.scale_wh[row]
    )


ENERGIES = {
    Kind.GAP: _gap_energies,
    Kind.SPIKE: _spike_energies,
    Kind.ROLL_OVER: _day_energies,
    Kind.EXCHANGE: _day_energies,
}
