"""
This month so far (本月至今): what an account has used up to its latest freeze, and what that comes to.

It is rated by the function that bills are rated by, as if the month ended at that freeze. Two things are said
as they will be for the whole month: the bounds of monthly tiers, because the month's bill has them whole; and
fixed charges (基本电费), because they are owed for the month whatever is used. A fixed charge cut to the days
gone by would climb from day to day, and a customer would take the month for cheaper than it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
from django.conf import settings

from mingdu.base.actors import Actor
from mingdu.base.database import reading_connection
from mingdu.base.permissions import require
from mingdu.core.clock import civil_day
from mingdu.core.determinants import register_energy_wh
from mingdu.core.registers import PERIOD_REGISTERS, WH_PER_DIGIT, Register
from mingdu.core.types import Flags, Ints
from mingdu.customers.queries import AgreementTerms, UnknownAccount, account_by_id, agreements_of_points
from mingdu.metering.queries import Segments, latest_freeze, register_segments
from mingdu.rulebook.rule_files import NoPriceForDay, UnknownTariff

from .account_bills import bills_of
from .checks import MATTERS_OF_JUDGEMENT, hold, period_energy_wh, total_energy_wh
from .inputs import Inputs, needed_registers
from .period import Period
from .preparation import ground_of
from .quantities import inputs_of
from .queries import may_see
from .rating import Rules, TiersNotMonthly, rate_inputs, rules_for

ENERGY_REGISTERS = (Register.TOTAL, *PERIOD_REGISTERS)
# So far back a freeze is looked for: a month that nobody has read for longer is no month so far.
LOOK_BACK_DAYS = 31


@dataclass(frozen=True)
class SoFar:
    """
    A month up to its latest freeze.

    until           end, excluded: the latest freeze is this day's midnight; `latest_day` is the day before
    energy_wh       as the bill counts it
    register_wh     of the total and of every period register that the meters have, priced or not
    amount_fen      None where no rule prices the month yet
    is_provisional  false once the month is billed; then every figure is the bill's
    """

    period_from: date
    until: date
    energy_wh: int
    register_wh: dict[Register, int]
    amount_fen: int | None
    is_provisional: bool

    @property
    def latest_day(self) -> date:
        """The latest day that is counted."""
        return self.until - timedelta(days=1)


def month_so_far(by: Actor, account_id: int, *, now: datetime) -> SoFar | None:
    """
    Return the month of the latest freeze up to that freeze; on the first of a month that is the month before.

    returns  None: nothing was read yet, or what was read makes no bill and a figure would mislead (a register
             that fell, an agreement that began within the month)
    raises   NotPermitted; UnknownAccount, the same for a foreign account
    """
    require(by, "billing.read")
    if not may_see(by, "billing.read", account_id):
        raise UnknownAccount(f"no account with id {account_id}", account_id=account_id)
    conn, point = reading_connection(), account_by_id(account_id).usage_point_id
    today = civil_day(now, settings.ZONE)
    days = [today - timedelta(days=back) for back in range(LOOK_BACK_DAYS)]
    until = latest_freeze(conn, point, Register.TOTAL, days)
    if until is None:
        return None
    period = Period((until - timedelta(days=1)).replace(day=1), until)
    segments = register_segments(conn, _one(point), ENERGY_REGISTERS, period.instants(settings.ZONE))
    register_wh = _register_energy(segments)
    return _billed(account_id, period, register_wh) or _unbilled(
        conn, (account_id, point), period, register_wh
    )


def _billed(account_id: int, period: Period, register_wh: dict[Register, int]) -> SoFar | None:
    """Return the standing bill of a whole month, or None."""
    row = bills_of(account_id).standing(period.first)
    if row is None:
        return None
    register_wh = register_wh | {Register.TOTAL: row.energy_wh}
    return SoFar(period.first, row.period_to, row.energy_wh, register_wh, row.total_fen, False)


def _unbilled(
    conn: psycopg.Connection[Any], owner: tuple[int, int], period: Period, register_wh: dict[Register, int]
) -> SoFar | None:
    terms = _terms(conn, owner, period)
    if not len(terms):
        return None
    try:
        rules = rules_for(terms.tariff[0], period.first, period.end, settings.RULES_FOLDER)
    except (UnknownTariff, NoPriceForDay, TiersNotMonthly):
        energy_wh = register_wh.get(Register.TOTAL)
        if energy_wh is None:
            return None
        return SoFar(period.first, period.end, energy_wh, register_wh, None, True)
    inputs = _inputs(conn, terms, rules, period)
    return None if inputs is None else _rated(inputs, rules, period, register_wh)


def _terms(conn: psycopg.Connection[Any], owner: tuple[int, int], period: Period) -> AgreementTerms:
    """Return the account's agreement if it holds from the month's first day to the latest one; else none."""
    account_id, point = owner
    at_start = agreements_of_points(conn, point, point + 1, period.first)
    at_end = agreements_of_points(conn, point, point + 1, period.end - timedelta(days=1))
    is_whole = np.isin(at_end.agreement_id, at_start.agreement_id)
    return at_end.take(is_whole & (at_end.account_id == account_id))


def _inputs(
    conn: psycopg.Connection[Any], terms: AgreementTerms, rules: Rules, period: Period
) -> Inputs | None:
    """Return what a bill would be made from; None where a run holds it because there is none to make."""
    inputs = inputs_of(conn, terms, rules.tariff, period, settings.ZONE)
    if not inputs.is_one_meter[0]:
        inputs = _joined(conn, inputs, rules, period)
    hits = hold(inputs, ground_of(conn, terms, terms, terms, period))
    return None if any(hit.check not in MATTERS_OF_JUDGEMENT for hit in hits) else inputs


def _joined(conn: psycopg.Connection[Any], inputs: Inputs, rules: Rules, period: Period) -> Inputs:
    """Add up what every meter of the month counted, as if one without a multiplier had counted all of it."""
    registers = needed_registers(rules.tariff)
    segments = register_segments(conn, inputs.terms.usage_point_id, registers, period.instants(settings.ZONE))
    is_demand = np.array([register is Register.DEMAND for register in registers])
    is_read = (segments.start.found | is_demand) & segments.end.found
    used = _used_digits(segments)
    greatest = (segments.end.digits * segments.multiplier[:, np.newaxis]).max(axis=0, initial=0)
    return replace(
        inputs,
        from_digits=np.zeros_like(inputs.from_digits),
        to_digits=np.where(is_demand, greatest, used.sum(axis=0, dtype=np.int64))[np.newaxis, :],
        missing=np.array([np.count_nonzero(~is_read)], dtype=np.int64),
        multiplier=np.ones_like(inputs.multiplier),
        is_one_meter=np.ones_like(inputs.is_one_meter),
        before_digits=np.full_like(inputs.before_digits, -1),
    )


def _rated(inputs: Inputs, rules: Rules, period: Period, register_wh: dict[Register, int]) -> SoFar:
    rated = rate_inputs(inputs, rules.tariff)
    billed_wh = {Register.TOTAL: total_energy_wh(inputs), **period_energy_wh(inputs)[0]}
    register_wh = register_wh | {register: int(column[0]) for register, column in billed_wh.items()}
    return SoFar(
        period_from=period.first,
        until=period.end,
        energy_wh=int(rated.energy.metered_wh[0]),
        register_wh=register_wh,
        amount_fen=int(rated.total_fen[0]),
        is_provisional=True,
    )


def _register_energy(segments: Segments) -> dict[Register, int]:
    """Return the energy of every register that all meters of the span were read at, at both ends [Wh]."""
    if not len(segments):
        return {}
    is_read: Flags = np.all(segments.start.found & segments.end.found, axis=0)
    energy_wh = _used_digits(segments).sum(axis=0, dtype=np.int64) * WH_PER_DIGIT
    return {register: int(energy_wh[n]) for n, register in enumerate(ENERGY_REGISTERS) if is_read[n]}


def _used_digits(segments: Segments) -> Ints:
    """Digits counted, times the multiplier, int64 (segment, register); a fall is one roll-over."""
    wraps_at = np.power(10, segments.digits)[:, np.newaxis]
    return register_energy_wh(
        segments.start.digits, segments.end.digits, wraps_at, segments.multiplier[:, np.newaxis]
    )


def _one(point: int) -> Ints:
    return np.array([point], dtype=np.int64)
