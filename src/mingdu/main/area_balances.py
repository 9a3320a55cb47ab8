"""The worker's duty of balancing areas: when another day is closed everywhere, and once after each start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from mingdu.base.actors import SYSTEM
from mingdu.metering.operations import balance_latest
from mingdu.metering.queries.network import latest_closed_day


@dataclass
class BalanceDuty:
    """
    Balances the latest week anew for each newly closed day.

    balanced  the latest day that this worker has balanced
    """

    balanced: date | None = None

    def act(self, now: datetime) -> int:
        """Do it if there is anything new; returns how many area-days changed."""
        latest = latest_closed_day()
        if latest is None or latest == self.balanced:
            return 0
        changed = balance_latest(by=SYSTEM, at=now)
        self.balanced = latest
        return changed
