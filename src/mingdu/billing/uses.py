"""Tells the subjects below what was billed, where they ask before they let something be taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from mingdu.base.database import cursor, reading_connection, transaction_connection
from mingdu.metering.queries import BUCKET_POINTS

from .issue_lock import keep_issues_out
from .queries import ISSUED
from .rows import REVERSAL


@dataclass(frozen=True)
class DaysBill:
    """The issued bill that was made from a day, with the month and the instant of its issue."""

    bill_id: int
    period: str
    issued_at: datetime


def bill_of_day(usage_point_id: int, day: date) -> DaysBill | None:
    """
    Return the latest issued bill that covers a usage point's day, or None.

    For pages and subjects that have asked their own door; one that was reversed has its rebill.
    """
    statement = f"""
        SELECT b.id, to_char(b.period_from, 'YYYY-MM'), coalesce(i.at, c.approved_at)
        FROM billing_bill b
        LEFT JOIN billing_issue i ON b.kind = 1 AND i.run_id = b.run_id AND i.bucket = b.bucket
        LEFT JOIN billing_correction c ON c.rebill_id = b.id
        WHERE b.usage_point_id = %s AND b.period_from <= %s AND b.period_to > %s AND b.kind <> {REVERSAL}
          AND {ISSUED}
        ORDER BY b.id DESC LIMIT 1"""
    row = cursor(reading_connection()).execute(statement, (usage_point_id, day, day)).fetchone()
    return DaysBill(*row) if row else None


def is_billed_for_good(usage_point_id: int, day: date) -> bool:
    """
    Tell whether a day was billed, and keep it so: no bill of its month is issued until the transaction ends.

    An issue that runs at this moment is waited for; without that both would look at what was before, and a
    bill would stand on an explanation that is gone.
    """
    keep_issues_out(transaction_connection(), day.replace(day=1), usage_point_id // BUCKET_POINTS)
    return bill_of_day(usage_point_id, day) is not None
