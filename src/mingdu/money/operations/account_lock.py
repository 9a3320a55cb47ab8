"""What is ordered, posted or spread over an account's bills happens one after the other."""

from __future__ import annotations

from typing import Any

import psycopg

from mingdu.base.database import cursor

_LOCK = 71_005


def lock_account(conn: psycopg.Connection[Any], account_id: int) -> None:
    """Keep other payments of this account waiting until the transaction ends."""
    cursor(conn).execute("SELECT pg_advisory_xact_lock(%s, %s)", (_LOCK, account_id % 2**31))
