"""
How often a password may be tried: some tries are free, then each failure makes the next one wait longer.

A try is counted before the password is looked at and taken back when it fits, so that many at once cannot
slip through between look and count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest

from mingdu.errors import TradeError

from . import audit
from .actors import SYSTEM, Actor
from .models import SignInTries
from .permissions import require

FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=15)
# Failures are forgotten when none has been added for so long.
MEMORY = timedelta(hours=24)
KEY_CHARACTERS = 120


class TooManyTries(TradeError):
    """Too many passwords were tried for this login or from this address."""

    next_step = "wait the seconds that are named, then try again"


@dataclass(frozen=True)
class Limit:
    """What is counted together, by one person or several (`is_shared`), and how many failures are free."""

    key: str
    free: int
    is_shared: bool = False

    def wait_after(self, failures: int) -> timedelta:
        """Return how long the next try has to wait: nothing, then twice as long after each failure."""
        beyond = failures - self.free
        # The exponent is bounded, because 2 to a million is no time span.
        return min(FIRST_WAIT * 2 ** min(beyond, 20), LONGEST_WAIT) if beyond >= 0 else timedelta(0)


@dataclass(frozen=True)
class Slowed:
    """How many failures are counted under a key, and how long the next try has to wait for them."""

    key: str
    failures: int
    wait: timedelta


def limits_of(login: str, address: str) -> tuple[Limit, ...]:
    """Return the limits that hold for a try; many people may sit behind one address."""
    by_login = Limit(f"login:{login}"[:KEY_CHARACTERS], free=5)
    by_address = Limit(f"address:{address}"[:KEY_CHARACTERS], free=50, is_shared=True)
    return (by_address, by_login) if address else (by_login,)


@transaction.atomic
def count_try(limits: tuple[Limit, ...], *, now: datetime) -> list[Slowed]:
    """
    Count a try as failed, unless one of its limits has to wait.

    returns  which limits make the next try wait when this one was a failure
    raises   TooManyTries, with the seconds that are left
    """
    rows = [_locked(limit, now) for limit in limits]
    wait = max(row.may_try_at for row in rows) - now
    if wait > timedelta(0):
        seconds = ceil(wait.total_seconds())
        raise TooManyTries(f"the next try is looked at in {seconds} s", wait_seconds=seconds)
    counted = [_count(limit, row, now) for limit, row in zip(limits, rows, strict=True)]
    return [each for each in counted if each.wait]


def record_slowed(slowed: list[Slowed], *, at: datetime) -> None:
    """Write into the audit that failures make the next try wait."""
    for each in slowed:
        details = {"failures": each.failures, "wait_seconds": int(each.wait.total_seconds())}
        audit.record(SYSTEM, "base.sign_in_slowed", each.key, at=at, details=details)


@transaction.atomic
def take_back(limits: tuple[Limit, ...], *, now: datetime) -> None:
    """The password fitted: the login starts anew, and the address gets this try back."""
    for limit in limits:
        failures = Greatest(F("failures") - 1, 0) if limit.is_shared else Value(0)
        SignInTries.objects.filter(key=limit.key).update(failures=failures, may_try_at=now)


def forget_old_tries(*, by: Actor, at: datetime) -> int:
    """Delete the counts that are forgotten anyway; returns how many."""
    require(by, "base.sign_in")
    return SignInTries.objects.filter(latest_at__lt=at - MEMORY).delete()[0]


def _locked(limit: Limit, now: datetime) -> SignInTries:
    # Writing the key over itself locks the row, whether it is new or was there.
    fresh = SignInTries(key=limit.key, latest_at=now, may_try_at=now)
    SignInTries.objects.bulk_create(
        [fresh], update_conflicts=True, unique_fields=["key"], update_fields=["key"]
    )
    return SignInTries.objects.get(key=limit.key)


def _count(limit: Limit, row: SignInTries, now: datetime) -> Slowed:
    row.failures = 1 if row.latest_at < now - MEMORY else row.failures + 1
    wait = limit.wait_after(row.failures)
    row.latest_at, row.may_try_at = now, now + wait
    row.save(update_fields=["failures", "latest_at", "may_try_at"])
    return Slowed(limit.key, row.failures, wait)
