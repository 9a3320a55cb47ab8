"""Thirteen months of an account beside each other: what was billed, else what the registers counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings

from mingdu.base.actors import Actor
from mingdu.base.database import reading_connection
from mingdu.base.permissions import require
from mingdu.core.clock import civil_day, freeze_instant
from mingdu.core.quality import Quality
from mingdu.customers.queries import UnknownAccount, account_by_id
from mingdu.metering.queries import energy_of_spans

from .account_bills import bills_of
from .period import Period, month_before
from .queries import may_see
from .rows import BillRow

MONTHS = 13


@dataclass(frozen=True)
class Month:
    """Energy of one month; None: not known. Without a bill it is what the registers counted."""

    first_day: date
    energy_wh: int | None
    is_estimated: bool
    is_billed: bool


def months_of_account(by: Actor, account_id: int, *, now: datetime) -> tuple[Month, ...]:
    """
    Return the thirteen latest months that are over, with the bills that stand now.

    raises  NotPermitted; UnknownAccount, the same for a foreign account
    """
    require(by, "billing.read")
    if not may_see(by, "billing.read", account_id):
        raise UnknownAccount(f"no account with id {account_id}", account_id=account_id)
    latest = month_before(civil_day(now, settings.ZONE).replace(day=1))
    point = account_by_id(account_id).usage_point_id
    return thirteen_months(bills_of(account_id).standing, point, latest)


def thirteen_months(
    bill_of: Callable[[date], BillRow | None],
    usage_point_id: int,
    latest: date,
    known_at: datetime | None = None,
) -> tuple[Month, ...]:
    """
    Return the months that end with one, in one look at the registers.

    bill_of   the bill of a month, by its first day; its energy is the month's
    latest    first day of the latest month
    known_at  only readings recorded until then
    """
    firsts = [latest]
    while len(firsts) < MONTHS:
        firsts.insert(0, month_before(firsts[0]))
    edges = [freeze_instant(day, settings.ZONE) for day in (*firsts, Period.named(f"{latest:%Y-%m}").end)]
    counted = energy_of_spans(reading_connection(), usage_point_id, edges, known_at)
    columns = zip(firsts, counted.energy_wh, counted.is_known, counted.is_estimated, strict=True)
    by_registers = [
        Month(first, int(energy_wh) if is_known else None, bool(is_estimated), False)
        for first, energy_wh, is_known, is_estimated in columns
    ]
    return tuple(_billed(month, bill_of(month.first_day)) for month in by_registers)


def _billed(month: Month, bill: BillRow | None) -> Month:
    if bill is None:
        return month
    is_estimated = bill.quality not in (Quality.MEASURED, Quality.EDITED)
    return Month(month.first_day, bill.energy_wh, is_estimated, True)
