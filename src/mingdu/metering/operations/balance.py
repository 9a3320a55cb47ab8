"""Balances transformer areas day by day (台区线损), and again when late readings came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import numpy as np
from django.db import transaction

from mingdu.base.actors import Actor
from mingdu.base.database import transaction_connection
from mingdu.base.permissions import require
from mingdu.core.area_balance import Balance, balance
from mingdu.core.types import Ints
from mingdu.metering.models import AreaDay
from mingdu.metering.queries import points
from mingdu.metering.queries.area_energies import FetchedDays, fetch_area_days
from mingdu.metering.queries.network import latest_closed_day
from mingdu.metering.zone import midnight
from mingdu.rulebook.area_balance import balance_rules

from .close import DayNotOver, DaysOutOfOrder

# So many days are balanced again, because readings come late.
DAYS_AGAIN = 7
# Areas of one transaction; their points and days are held in memory at once.
AREAS_A_STEP = 200
_COLUMNS = (
    "is_supplied", "supplied_wh", "sold_wh", "points", "missing", "loss_wh", "technical_wh", "technical_ppm",
    "verdict", "balanced_at",
)  # fmt: skip


def balance_areas(first: date, last: date, *, by: Actor, at: datetime) -> int:
    """
    Balance every area with a check meter through first…last, both included; the same again changes nothing.

    An area's technical share of a day is learned from the days up to it that the rules name; so it does not
    matter how a span is cut.
    returns  how many area-days are new or changed
    raises   NotPermitted, DaysOutOfOrder, DayNotOver
    """
    require(by, "metering.close_day")
    if last < first:
        raise DaysOutOfOrder(f"{last} is before {first}", first=first.isoformat(), last=last.isoformat())
    if midnight(last + timedelta(days=1)) > at:
        raise DayNotOver(f"{last} has not ended", day=last.isoformat(), now=at.isoformat())
    changed = 0
    with transaction.atomic():
        area_ids = _checked_areas()
    for begin in range(0, len(area_ids), AREAS_A_STEP):
        with transaction.atomic():
            changed += _balance_some(area_ids[begin : begin + AREAS_A_STEP], first, last, at)
    return changed


def balance_latest(*, by: Actor, at: datetime) -> int:
    """
    Balance the week up to the latest day that every bucket has closed; the worker's duty.

    returns  how many area-days are new or changed; those whose readings came late are among them
    raises   NotPermitted
    """
    require(by, "metering.close_day")
    latest = latest_closed_day()
    if latest is None:
        return 0
    return balance_areas(latest - timedelta(days=DAYS_AGAIN - 1), latest, by=by, at=at)


def _checked_areas() -> Ints:
    """Return the areas that have a check meter, sorted."""
    found = points(transaction_connection())
    return np.unique(found.area_ids[found.is_area & (found.area_ids > 0)])


def _balance_some(area_ids: Ints, first: date, last: date, at: datetime) -> int:
    rules, conn = balance_rules(), transaction_connection()
    begin = first - timedelta(days=rules.look_back_days - 1)
    count = (last - begin).days + 1
    fetched = fetch_area_days(conn, points(conn), area_ids, begin, count)
    found = balance(fetched.days, rules.band, rules.look_back_days)
    days = [begin + timedelta(days=n) for n in range((first - begin).days, count)]
    rows = _rows(fetched, found, days, (first - begin).days, at)
    kept = {
        (row.area_id, row.day): row
        for row in AreaDay.objects.filter(area_id__in=area_ids.tolist(), day__range=(first, last))
    }
    changed = [row for row in rows if _differs(row, kept.get((row.area_id, row.day)))]
    AreaDay.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=("area", "day"), update_fields=_COLUMNS
    )
    return len(changed)


def _rows(
    fetched: FetchedDays, found: Balance, days: Sequence[date], offset: int, at: datetime
) -> list[AreaDay]:
    members = np.bincount(fetched.days.area, minlength=len(fetched.area_ids))
    return [
        AreaDay(
            area_id=int(area_id), day=day, is_supplied=bool(fetched.days.is_supplied[place, column]),
            supplied_wh=int(fetched.days.supplied_wh[place, column]),
            sold_wh=int(found.sold_wh[place, column]), points=int(members[place]),
            missing=int(found.missing[place, column]), loss_wh=int(found.loss_wh[place, column]),
            technical_wh=int(found.technical_wh[place, column]),
            technical_ppm=int(found.technical_ppm[place, column]), verdict=int(found.verdict[place, column]),
            balanced_at=at,
        )
        for place, area_id in enumerate(fetched.area_ids)
        for column, day in enumerate(days, start=offset)
    ]  # fmt: skip


def _differs(row: AreaDay, kept: AreaDay | None) -> bool:
    """Tell whether a row says something else than the kept one; when it was balanced does not matter."""
    return kept is None or any(getattr(row, name) != getattr(kept, name) for name in _COLUMNS[:-1])
