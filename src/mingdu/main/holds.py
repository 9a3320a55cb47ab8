"""What still rests on readings, as the subjects above metering know it."""

from __future__ import annotations

from mingdu.base.actors import SYSTEM
from mingdu.customers.queries import account_by_id
from mingdu.metering.operations.retention import register_hold
from mingdu.service.queries import MOST_ROWS, cases


def register_holds() -> None:
    """Tell retention of the open cases."""
    register_hold(points_of_open_cases)


def points_of_open_cases() -> frozenset[int] | None:
    """Return the usage points of accounts with an open case; None when there are more than can be listed."""
    found = cases(SYSTEM, open_only=True, most=MOST_ROWS)
    if len(found) == MOST_ROWS:
        return None
    accounts = {case.account_id for case in found}
    return frozenset(point for account in accounts if (point := account_by_id(account).usage_point_id))
