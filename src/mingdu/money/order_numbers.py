"""The number of a payment order (缴费订单号): its day and its place among all orders."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import psycopg
from django.conf import settings

from mingdu.base.database import cursor
from mingdu.core.clock import civil_day


def order_number(row_id: int, *, at: datetime) -> str:
    """Return the number of an order: its day and its place among all orders."""
    return f"{civil_day(at, settings.ZONE):%Y%m%d}{row_id:08d}"


def next_order_id(conn: psycopg.Connection[Any]) -> int:
    """Draw the place of an order, because its number is made from it."""
    row = (
        cursor(conn).execute("SELECT nextval(pg_get_serial_sequence('money_paymentorder', 'id'))").fetchone()
    )
    assert row is not None
    return int(row[0])
