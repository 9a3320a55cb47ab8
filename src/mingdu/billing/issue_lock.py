"""The lock of one month and bucket: while its bills are issued, what they are made from is not taken back."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg

from mingdu.base.database import cursor

# Keeps two issues of one bucket and period apart, whatever run they belong to.
_LOCK = 71_001


def lock_issue(conn: psycopg.Connection[Any], period_from: date, bucket: int) -> None:
    """Wait until nobody issues the bucket's month or takes something back; until the transaction ends."""
    cursor(conn).execute("SELECT pg_advisory_xact_lock(%s, %s)", (_LOCK, _key(period_from, bucket)))


def keep_issues_out(conn: psycopg.Connection[Any], period_from: date, bucket: int) -> None:
    """
    Wait until nobody issues the bucket's month, and let nobody begin until the transaction ends.

    The lock is shared: who takes back explanations of several buckets never waits for another who does.
    """
    cursor(conn).execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", (_LOCK, _key(period_from, bucket)))


def _key(period_from: date, bucket: int) -> int:
    return int((period_from.toordinal() * 100_000 + bucket) % 2**31)
