"""Starts the close of days (日清): the run ledger does it, bucket by bucket."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from mingdu.base import audit, ledger
from mingdu.base.actors import Actor
from mingdu.base.ledger_work import LedgerRun
from mingdu.base.permissions import require
from mingdu.errors import TradeError
from mingdu.metering.closing.bucket import KIND
from mingdu.metering.queries import point_buckets
from mingdu.metering.zone import midnight


class DayNotOver(TradeError):
    """A day that has not ended cannot be closed."""

    next_step = "close it after its midnight"


class DaysOutOfOrder(TradeError):
    """The last day lies before the first."""

    next_step = "give the earlier day first"


def close_days(first: date, last: date, *, by: Actor, at: datetime) -> LedgerRun:
    """
    Start the run that closes first…last, both included, for all points; workers do it bucket by bucket.

    Closing again changes nothing when nothing changed; what came late makes the next version.
    returns  the run: `base.ledger.finish_run(run.pk, now)` does it here and now
    raises   NotPermitted, DaysOutOfOrder, DayNotOver
    """
    require(by, "metering.close_day")
    if last < first:
        raise DaysOutOfOrder(f"{last} is before {first}", first=first.isoformat(), last=last.isoformat())
    if midnight(last + timedelta(days=1)) > at:
        raise DayNotOver(f"{last} has not ended", day=last.isoformat(), now=at.isoformat())
    parameters = {"first": first.isoformat(), "last": last.isoformat(), "by": by.id}
    key = f"{first}:{last}:{at.isoformat()}"
    run = ledger.start_run(KIND, key, point_buckets(), by=by, at=at, parameters=parameters)
    audit.record(by, "metering.close_day", f"days:{first}:{last}", at=at, details=parameters)
    return run
