"""A small town in a test's database: registry, books and the registers from which December 2026 is billed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from mingdu.base.actors import SYSTEM
from mingdu.core.quality import Quality
from mingdu.core.registers import Register
from mingdu.metering.readings import (
    WHICHEVER_METER,
    Acceptance,
    Intent,
    ReadingBatch,
    RegisterColumns,
    Source,
)
from mingdu.town.identity import account_number, usage_point_code
from mingdu.town.model import NO_REGISTER, Town
from mingdu.town.registry import registry_of

ZONE = ZoneInfo("Asia/Shanghai")
SEED = 1
# The month before, from which the variance gate is taken, and both ends of the billed month.
FREEZES = (date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1))

# One register reading: point number, register, civil day of the freeze, digits.
Reading = tuple[int, Register, date, int]


@dataclass(frozen=True)
class SmallTown:
    """
    A town whose network, customers and books are registered.

    point_ids, account_ids   by the number of the point, counted from 1
    """

    town: Town
    point_ids: dict[int, int]
    account_ids: dict[int, int]
    evidence: int

    def store(
        self,
        readings: Iterable[Reading],
        *,
        at: datetime,
        correct: bool = False,
        quality: Quality = Quality.MEASURED,
    ) -> Acceptance:
        """Take register readings through the one door, as a file that the system imports."""
        from mingdu.metering.operations import accept_readings

        rows = list(readings)
        batch = ReadingBatch(
            Source.FILE,
            self.evidence,
            registers=self._columns(rows, quality),
            intent=Intent.CORRECT if correct else Intent.RECORD,
        )
        return accept_readings(batch, by=SYSTEM, at=at)

    def _columns(self, rows: list[Reading], quality: Quality) -> RegisterColumns:
        count = len(rows)
        instants = [midnight(day).astimezone(ZoneInfo("UTC")).replace(tzinfo=None) for _, _, day, _ in rows]
        return RegisterColumns(
            np.array([self.point_ids[number] for number, _, _, _ in rows], dtype=np.int64),
            np.full(count, WHICHEVER_METER, dtype=np.int64),
            np.array([register for _, register, _, _ in rows], dtype=np.int64),
            np.array(instants, dtype="datetime64[us]"),
            np.array([digits for _, _, _, digits in rows], dtype=np.int64),
            np.full(count, quality, dtype=np.uint8),
        )


def midnight(day: date) -> datetime:
    """Return the instant of a day's freeze, aware."""
    return datetime.combine(day, datetime.min.time(), ZONE)


@cache
def town_of(points: int) -> Town:
    """Return the town of this many points; built once a session."""
    return Town(SEED, points)


@cache
def registry(points: int) -> dict[str, Any]:
    """Return the town's registry; built once a session, so alter a deep copy."""
    return registry_of(town_of(points))


def register_town(points: int, *, at: datetime, rows: dict[str, Any] | None = None) -> SmallTown:
    """Register network, customers and books of a town, or of its altered registry; no freeze is stored."""
    from mingdu.customers.models import Account
    from mingdu.customers.operations import register_customers
    from mingdu.metering.models import UsagePoint
    from mingdu.metering.operations import record_evidence, register_network
    from mingdu.rounds.operations import register_books

    rows = registry(points) if rows is None else rows
    register_network(rows, by=SYSTEM, at=at)
    register_customers(rows, by=SYSTEM, at=at)
    register_books(rows, by=SYSTEM, at=at)
    ids = dict(UsagePoint.objects.values_list("code", "pk"))
    accounts = dict(Account.objects.values_list("account_number", "pk"))
    numbers = range(1, points + 1)
    return SmallTown(
        town_of(points),
        {number: ids[usage_point_code(number)] for number in numbers},
        {number: accounts[account_number(number)] for number in numbers},
        record_evidence("file", "freezes.csv", by=SYSTEM, at=at),
    )


def build_small_town(points: int = 250, *, at: datetime, freezes: tuple[date, ...] = FREEZES) -> SmallTown:
    """Register a town and store the registers of its freezes; 250 points have shop 101 and factory 201."""
    small = register_town(points, at=at)
    for day in freezes:
        acceptance = small.store(freeze_readings(small.town, day), at=at)
        assert not acceptance.bad and not acceptance.conflicts
    return small


def freeze_readings(town: Town, day: date) -> list[Reading]:
    """List what every meter froze at the midnight of a day; registers that a meter lacks are left out."""
    numbers = range(1, town.points + 1)
    found = town.registers(slice(None), (day,))
    return [
        (number, register, day, int(digits[row, 0]))
        for register, digits in found.items()
        for row, number in enumerate(numbers)
        if digits[row, 0] != NO_REGISTER
    ]
