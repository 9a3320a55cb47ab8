"""What bills are made from, as columns: agreements, registers at both ends, multipliers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import psycopg

from mingdu.core.quality import Quality
from mingdu.core.registers import WH_PER_DIGIT, Register
from mingdu.core.tariff import Basic, BasicBy, Tariff
from mingdu.core.types import AnyColumn, Flags, Ints
from mingdu.customers.queries import AgreementTerms, agreements_of_points
from mingdu.metering.queries import (
    Segments,
    installations,
    register_segments,
    register_values,
)

from .period import Period

THOUSAND = 1000


@dataclass(frozen=True)
class Inputs:
    """
    One row an agreement, one column a register of `registers`.

    terms                       the agreements, sorted by usage point
    from_digits, to_digits      int64 (account, register)  register digits
    from_versions, to_versions  int64 (account, register)  versions of the readings; 0 where missing
    quality                     int64 (account,)           worst Quality of the readings used
    missing                     int64 (account,)           how many of the needed readings are not there
    multiplier, register_range  int64 (account,)
    capacity_w                  int64 (account,)           contract capacity of the point [W]
    is_one_meter                bool (account,)            one meter hung there through the whole period
    before_digits               int64 (account,)           total of this meter a month earlier; -1 if unknown
    contract_w, capacity_va     int64 (account,)           as agreed; 0 where nothing is agreed
    lacks_terms                 bool (account,)            the tariff needs what the agreement does not name
    wh_per_digit                int64 (account,)           energy of one digit before the multiplier: 10 of a
                                                           register, 1 where the curve is billed [Wh]
    estimated_minutes           int64 (account,)           of a curve; 0 where registers are billed
    """

    terms: AgreementTerms
    registers: tuple[Register, ...]
    from_digits: Ints
    to_digits: Ints
    from_versions: Ints
    to_versions: Ints
    quality: Ints
    missing: Ints
    multiplier: Ints
    register_range: Ints
    capacity_w: Ints
    is_one_meter: Flags
    before_digits: Ints
    contract_w: Ints
    capacity_va: Ints
    lacks_terms: Flags
    wh_per_digit: Ints
    estimated_minutes: Ints

    @property
    def is_by_curve(self) -> Flags:
        """Tell which rows are sums of curves, bool (account,)."""
        return np.equal(self.wh_per_digit, 1)

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
            self.contract_w, self.capacity_va,
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
    """Fetch the registers at both ends for agreements of one tariff; what is missing is never guessed."""
    registers = needed_registers(tariff)
    point_ids, span = terms.usage_point_id, period.instants(zone)
    segments = register_segments(conn, point_ids, registers, span)
    ends = _Ends(segments, len(terms))
    is_reset = np.array([register is Register.DEMAND for register in registers])
    found_from, found_to = ends.first(segments.start.found) | is_reset, ends.latest(segments.end.found)
    meter_id, worst = ends.first(segments.meter_id), _worst(segments)
    contract_w, capacity_va = _thousandths(terms.contract_kw), _thousandths(terms.capacity_kva)
    return Inputs(
        terms=terms,
        registers=registers,
        from_digits=np.where(is_reset, 0, ends.first(segments.start.digits)),
        to_digits=ends.latest(segments.end.digits),
        from_versions=np.where(is_reset, 0, ends.first(segments.start.version)),
        to_versions=ends.latest(segments.end.version),
        quality=np.maximum(ends.first(worst), ends.latest(worst)),
        missing=(~found_from).sum(axis=1) + (~found_to).sum(axis=1),
        multiplier=ends.latest(segments.multiplier),
        register_range=np.power(10, ends.latest(segments.digits)),
        capacity_w=installations(conn, point_ids, span[0]).capacity_w,
        is_one_meter=ends.is_whole(span),
        before_digits=_month_before(conn, point_ids, meter_id, period, zone),
        contract_w=contract_w,
        capacity_va=capacity_va,
        lacks_terms=_lacks(tariff.basic, contract_w, capacity_va),
        wh_per_digit=np.full(len(terms), WH_PER_DIGIT, dtype=np.int64),
        estimated_minutes=np.zeros(len(terms), dtype=np.int64),
    )


@dataclass(frozen=True)
class _Ends:
    """The first and the latest segment of each point; zero where a point has none."""

    segments: Segments
    rows: int

    def first(self, values: AnyColumn) -> Any:
        """Spread a column of the segments over the points: the first segment's value."""
        return self._spread(self.segments.row[::-1], values[::-1])

    def latest(self, values: AnyColumn) -> Any:
        """Spread a column of the segments over the points: the latest segment's value."""
        return self._spread(self.segments.row, values)

    def is_whole(self, span: tuple[datetime, datetime]) -> Flags:
        """Tell which points have one segment that fills the span, bool (point,)."""
        starts, ends = (np.datetime64(edge.astimezone(UTC).replace(tzinfo=None), "us") for edge in span)
        fills = (self.segments.starts_at == starts) & (self.segments.ends_at == ends)
        whole: Flags = self.latest(fills)
        return whole

    def _spread(self, rows: Ints, values: AnyColumn) -> Any:
        # Where a row comes more than once, its last value stands.
        spread = np.zeros((self.rows, *values.shape[1:]), dtype=values.dtype)
        spread[rows] = values
        return spread


def _worst(segments: Segments) -> Ints:
    edges = (np.where(edge.found, edge.quality, Quality.MEASURED) for edge in (segments.start, segments.end))
    worst: Ints = np.concatenate(list(edges), axis=1).max(axis=1).astype(np.int64)
    return worst


def _month_before(
    conn: psycopg.Connection[Any], point_ids: Ints, meter_id: Ints, period: Period, zone: ZoneInfo
) -> Ints:
    before_at = Period(period.before, period.first).instants(zone)[0]
    before = register_values(conn, point_ids, (Register.TOTAL,), before_at)
    is_same_meter = before.found[:, 0] & (before.meter_id[:, 0] == meter_id)
    return np.where(is_same_meter, before.digits[:, 0], -1)


def _thousandths(texts: list[str]) -> Ints:
    """Decimal texts of kVA or kW to whole VA or W, int64 (account,); 0 for an empty one."""
    parts = (text.partition(".") for text in texts)
    wholes = [int(whole or 0) * THOUSAND + int(f"{part:0<3}"[:3]) for whole, _, part in parts]
    return np.array(wholes, dtype=np.int64)


def _lacks(basic: Basic | None, contract_w: Ints, capacity_va: Ints) -> Flags:
    nothing = np.zeros(len(contract_w), dtype=np.bool_)
    if basic is None:
        return nothing
    lacks_contract = contract_w <= 0 if basic.by is BasicBy.CONTRACT_DEMAND else nothing
    lacks_capacity = capacity_va <= 0 if basic.by is BasicBy.CAPACITY or basic.rule_260 else nothing
    return lacks_contract | lacks_capacity
