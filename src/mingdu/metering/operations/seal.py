"""Starts the sealing of a month (封存) and the way back: the run ledger does it, bucket by bucket."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from mingdu.base import audit, ledger
from mingdu.base.actors import Actor
from mingdu.base.database import reading_connection
from mingdu.base.ledger_work import LedgerRun
from mingdu.base.permissions import require
from mingdu.errors import TradeError
from mingdu.metering.queries import point_buckets
from mingdu.metering.sealing.bucket import SEAL_KIND, UNSEAL_KIND, refuse_open_days
from mingdu.metering.sealing.manifest import check_rows, remove_ended, sealed_buckets
from mingdu.metering.store.filled import filled_buckets
from mingdu.metering.store.sealed_files import arrow
from mingdu.metering.store.sealed_parts import SealedPart
from mingdu.metering.zone import zone
from mingdu.rulebook.retention import retention_on

VERB = "metering.seal"


class MonthStaysHot(TradeError):
    """The month is too young to be sealed: it is still corrected and billed from."""

    next_step = "wait until it is older than the rules in rules/retention/readings.yaml say"


class NothingToSeal(TradeError):
    """The tables hold nothing of that month."""

    next_step = "look at what is sealed: mingdu sealed"


class NotSealed(TradeError):
    """Nothing of that month is sealed."""

    next_step = "look at what is sealed: mingdu sealed"


def seal_month(month: date, *, by: Actor, at: datetime) -> LedgerRun:
    """
    Start the run that seals a civil month of all buckets that hold anything of it; workers do it.

    What came late after an earlier seal is sealed together with it, in files of the next number.
    month    its first day
    returns  the run: `base.ledger.finish_run(run.pk, now)` does it here and now
    raises   NotPermitted, MonthStaysHot, NothingToSeal, DaysStillOpen, SealingNotInstalled
    """
    require(by, VERB)
    arrow()
    today = at.astimezone(zone()).date()
    latest = retention_on(today).latest_sealable(today)
    if month > latest:
        values = {"month": f"{month:%Y-%m}", "latest": f"{latest:%Y-%m}"}
        raise MonthStaysHot(f"{month:%Y-%m} stays in the tables", **values)
    conn = reading_connection()
    buckets = filled_buckets(conn, point_buckets(), month)
    if not buckets:
        raise NothingToSeal(f"nothing of {month:%Y-%m} is in the tables", month=f"{month:%Y-%m}")
    refuse_open_days(conn, buckets, month)
    return _started(SEAL_KIND, month, buckets, by, at)


def unseal_month(month: date, *, by: Actor, at: datetime) -> LedgerRun:
    """
    Start the run that brings a sealed month back into the tables, row by row as it was.

    returns  the run, as `seal_month`
    raises   NotPermitted, NotSealed, SealingNotInstalled
    """
    require(by, VERB)
    arrow()
    buckets = sealed_buckets(month)
    if not buckets:
        raise NotSealed(f"nothing of {month:%Y-%m} is sealed", month=f"{month:%Y-%m}")
    return _started(UNSEAL_KIND, month, buckets, by, at)


def check_sealed(*, most: int, by: Actor, at: datetime) -> list[tuple[SealedPart, str]]:
    """
    Compare sealed files with their hashes, those first that were not checked for longest.

    returns  each file that was checked, and what is wrong with it; empty: nothing
    """
    require(by, VERB)
    return list(check_rows(at, most))


def remove_ended_files(*, by: Actor, at: datetime) -> int:
    """Remove files that a later seal replaced or that were brought back, when the rules let them go."""
    require(by, VERB)
    days = retention_on(at.astimezone(zone()).date()).ended_days
    return remove_ended(at - timedelta(days=days), at)


def _started(kind: str, month: date, buckets: list[int], by: Actor, at: datetime) -> LedgerRun:
    parameters = {"month": month.isoformat(), "by": by.id}
    run = ledger.start_run(kind, f"{month}:{at.isoformat()}", buckets, by=by, at=at, parameters=parameters)
    details = {"run": run.pk, "kind": kind, "buckets": len(buckets)}
    audit.record(by, VERB, f"month:{month:%Y-%m}", at=at, details=details)
    return run
