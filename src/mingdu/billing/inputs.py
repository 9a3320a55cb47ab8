"""What bills are made from, as columns: agreements, registers at both ends, multipliers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import psycopg

from mingdu.core.quality import Quality
from mingdu.core.registers import Register
from mingdu.core.tariff import BasicBy, Tariff
from mingdu.core.types import Flags, Ints
from mingdu.customers.queries import AgreementTerms, agreements_of_points
from mingdu.metering.queries import Installations, installations, register_values

from .period import Period

DIGITS_AFTER_POINT = 2


@dataclass(frozen=True)
class Inputs:
    """
    One row an agreement, one column a register of `registers`.

    terms                       the agreements, sorted by usage point
    from_digits, to_digits      int64 (account, register)  register digits
    from_versions, to_versions  int64 (account, register)  versions of the readings; 0 where missing
    quality                     int64 (account,)           worst Quality of the readings used
    found                       bool (account,)            whether every needed reading is there
    multiplier, register_range  int64 (account,)
    capacity_w                  int64 (account,)           contract capacity of the point [W]
    is_one_meter                bool (account,)            one meter hung there through the whole period
    before_digits               int64 (account,)           total register one month earlier; -1 where unknown
    """

    terms: AgreementTerms
    registers: tuple[Register, ...]
    from_digits: Ints
    to_digits: Ints
    from_versions: Ints
    to_versions: Ints
    quality: Ints
    found: Flags
    multiplier: Ints
    register_range: Ints
    capacity_w: Ints
    is_one_meter: Flags
    before_digits: Ints

    def __len__(self) -> int:
        return len(self.terms)

    def take(self, rows: Ints | Flags) -> Inputs:
        """Return the chosen rows."""
        chosen = {
            name: value[rows] for name, value in vars(self).items() if name not in ("terms", "registers")
        }
        return Inputs(terms=self.terms.take(rows), registers=self.registers, **chosen)

    def content_hash(self) -> bytes:
        """Return a hash of everything that decides the bills: same inputs, same hash."""
        digest = hashlib.sha256()
        for column in (
            self.terms.agreement_id, self.terms.account_id, self.from_digits, self.to_digits,
            self.from_versions, self.to_versions, self.quality, self.multiplier, self.register_range,
        ):  # fmt: skip
            digest.update(np.ascontiguousarray(column).tobytes())
        return digest.digest()


def needed_registers(tariff: Tariff) -> tuple[Register, ...]:
    """Return which registers a tariff bills or checks, in a fixed order."""
    registers = [Register.TOTAL]
    if tariff.time_of_use is not None:
        registers += sorted(register for register, _ in tariff.time_of_use.ratio)
    if tariff.power_factor is not None:
        registers += [Register.REACTIVE_FORWARD, Register.REACTIVE_REVERSE]
    if tariff.basic is not None and tariff.basic.by is not BasicBy.CAPACITY:
        registers += [Register.DEMAND]
    return tuple(registers)


def read_terms(
    conn: psycopg.Connection[Any], first_point: int, end_point: int, period: Period
) -> AgreementTerms:
    """Return the agreements that hold on the period's latest day for points first_point ≤ id < end_point."""
    return agreements_of_points(conn, first_point, end_point, period.end - timedelta(days=1))


def read_inputs(
    conn: psycopg.Connection[Any], terms: AgreementTerms, tariff: Tariff, period: Period, zone: ZoneInfo
) -> Inputs:
    """Fetch the registers at both ends for agreements of one tariff; what is missing is marked, not guessed."""
    registers = needed_registers(tariff)
    point_ids = terms.usage_point_id
    starts_at, ends_at = period.instants(zone)
    before_at = Period(period.before, period.first).instants(zone)[0]
    start = register_values(conn, point_ids, registers, starts_at)
    end = register_values(conn, point_ids, registers, ends_at)
    before = register_values(conn, point_ids, (Register.TOTAL,), before_at)
    is_reset = np.array([register is Register.DEMAND for register in registers])
    hung_first, hung_last = installations(conn, point_ids, starts_at), _at_end(conn, point_ids, period, zone)
    return Inputs(
        terms=terms,
        registers=registers,
        from_digits=np.where(is_reset, 0, start.digits),
        to_digits=end.digits,
        from_versions=np.where(is_reset, 0, start.version),
        to_versions=end.version,
        quality=np.maximum(_worst(start.quality, start.found), _worst(end.quality, end.found)),
        found=(start.found | is_reset).all(axis=1) & end.found.all(axis=1),
        multiplier=hung_last.multiplier,
        register_range=np.power(10, hung_last.digits),
        capacity_w=hung_last.capacity_w,
        is_one_meter=(hung_first.meter_id == hung_last.meter_id) & (hung_last.meter_id > 0),
        before_digits=np.where(before.found[:, 0], before.digits[:, 0], -1),
    )


def _at_end(conn: psycopg.Connection[Any], point_ids: Ints, period: Period, zone: ZoneInfo) -> Installations:
    return installations(conn, point_ids, period.instants(zone)[1] - timedelta(seconds=1))


def _worst(quality: Ints, found: Flags) -> Ints:
    worst: Ints = np.where(found, quality, Quality.MEASURED).max(axis=1).astype(np.int64)
    return worst
