"""The psycopg connection under Django's, so that mass work and models share one transaction."""

from __future__ import annotations

from typing import Any

import psycopg
from django.db import connection

from mingdu.errors import TradeError


class NoTransaction(TradeError):
    """Mass work was called outside a transaction."""

    next_step = "wrap the call in transaction.atomic()"


def transaction_connection() -> psycopg.Connection[Any]:
    """
    Return the psycopg connection of the running transaction.

    raises  NoTransaction: nothing would be atomic without one
    """
    if not connection.in_atomic_block:
        raise NoTransaction("this work writes several tables and needs one transaction")
    connection.ensure_connection()
    raw = connection.connection
    assert raw is not None
    return raw  # type: ignore[no-any-return]


def reading_connection() -> psycopg.Connection[Any]:
    """Return the psycopg connection for queries; a transaction is not needed."""
    connection.ensure_connection()
    raw = connection.connection
    assert raw is not None
    return raw  # type: ignore[no-any-return]


def cursor(conn: psycopg.Connection[Any], *, binary: bool = False) -> psycopg.Cursor[Any]:
    """Return a plain server-side-binding cursor of psycopg, not Django's wrapper."""
    return psycopg.Cursor(conn) if not binary else _binary(conn)


def _binary(conn: psycopg.Connection[Any]) -> psycopg.Cursor[Any]:
    opened = psycopg.Cursor(conn)
    opened.format = psycopg.pq.Format.BINARY
    return opened
