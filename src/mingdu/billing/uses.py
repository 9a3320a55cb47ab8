"""Tells the subjects below what was billed, where they ask before they let something be taken back."""

from __future__ import annotations

from datetime import date

from mingdu.base.database import cursor, reading_connection

from .queries import ISSUED


def is_billed(usage_point_id: int, day: date) -> bool:
    """Tell whether an issued bill covers a usage point's day; one that was reversed has its rebill."""
    statement = f"""
        SELECT EXISTS (SELECT FROM billing_bill b
        WHERE b.usage_point_id = %s AND b.period_from <= %s AND b.period_to > %s AND {ISSUED})"""
    row = cursor(reading_connection()).execute(statement, (usage_point_id, day, day)).fetchone()
    assert row is not None
    return bool(row[0])
