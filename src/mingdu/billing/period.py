"""Billing periods (电费年月): whole months, half-open, with their instants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from mingdu.core.clock import freeze_instant
from mingdu.errors import TradeError


class BadPeriod(TradeError):
    """The period is not a month written like 2026-12."""

    next_step = "write the period as 2026-12"


class PeriodNotOver(TradeError):
    """The period has not ended, so its end registers do not exist."""

    next_step = "wait until the period is over"


@dataclass(frozen=True)
class Period:
    """A month of days, end excluded."""

    first: date
    end: date

    @classmethod
    def named(cls, name: str) -> Period:
        """Return the month of a name like 2026-12; raises BadPeriod."""
        try:
            first = date.fromisoformat(f"{name}-01")
            return cls(first, _next_month(first))
        except ValueError:
            raise BadPeriod(f"{name!r} is not a month", period=name) from None

    @property
    def name(self) -> str:
        """The month as 2026-12."""
        return f"{self.first:%Y-%m}"

    @property
    def before(self) -> date:
        """First day of the month before."""
        return month_before(self.first)

    def instants(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return the instants of the registers at both ends: the midnight freezes of first day and end."""
        return freeze_instant(self.first, zone), freeze_instant(self.end, zone)


def month_before(first_day: date) -> date:
    """Return the first day of the month before."""
    return date(first_day.year - (first_day.month == 1), (first_day.month - 2) % 12 + 1, 1)


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
