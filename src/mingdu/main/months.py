"""Storage by months: laid out ahead of time in every subject, and how much of it is left."""

from __future__ import annotations

from datetime import date, datetime

from django.db import connection, transaction

from mingdu.base.actors import SYSTEM
from mingdu.metering.operations import make_months

# Months that are laid out beyond the one of today.
MONTHS_AHEAD = 3
# Of the subjects whose bulk tables have no operation of their own for it.
MAKERS = {"money_entry": "money_make_partitions", "billing_bill": "billing_make_partitions"}
# Workers that lay out at once would make the same tables.
LOCK = 0x6D6F6E746873

_LATEST = """
    SELECT parent.relname, max(right(part.relname, 6))
    FROM pg_partitioned_table p
    JOIN pg_class parent ON parent.oid = p.partrelid
    JOIN pg_inherits i ON i.inhparent = parent.oid
    JOIN pg_class part ON part.oid = i.inhrelid
    GROUP BY parent.relname
"""


@transaction.atomic
def lay_out_ahead(now: datetime, today: date) -> None:
    """
    Make the partitions of the months to come that are not there yet; another worker at it is let be.

    Existing ones are not touched: making their triggers anew would wait for whoever writes into them.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", (LOCK,))
        if not cursor.fetchone()[0]:
            return
    wanted = _months_after(today, MONTHS_AHEAD)
    latest = latest_months()
    if any(month < wanted for table, month in latest.items() if table not in MAKERS):
        make_months(today, by=SYSTEM, at=now, months=MONTHS_AHEAD + 1)
    for table, maker in MAKERS.items():
        missing = _months_between(latest[table], wanted)
        if missing > 0:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT {maker}(%s, %s)", (_months_after(latest[table], 1), missing))


def latest_months() -> dict[str, date]:
    """Return, for each table that is laid out by months, the first day of its latest month."""
    with connection.cursor() as cursor:
        cursor.execute(_LATEST)
        return {table: date(int(month[:4]), int(month[4:]), 1) for table, month in cursor.fetchall()}


def is_month_left(today: date) -> bool:
    """Tell whether every table can still be written for a month from today on: its next month is there."""
    return min(latest_months().values()) >= _months_after(today, 1)


def _months_after(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, 1)


def _months_between(first: date, latest: date) -> int:
    return (latest.year - first.year) * 12 + latest.month - first.month
