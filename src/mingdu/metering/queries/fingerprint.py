"""A number that changes whenever anything stored about a point's use changes, so that a page can be kept."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from mingdu.core.registers import Register
from mingdu.metering.store.buckets import BUCKET_POINTS
from mingdu.metering.store.columns import Connection, fetch_row
from mingdu.metering.zone import midnight

Fingerprint = tuple[int | None, ...]

# Whole rows are hashed, with version and instant: what is repeated changes nothing, what is corrected does.
_INSTALLED = """
    (SELECT bit_xor(hash_record_extended((i, m), 0)) FROM metering_installation i
     JOIN metering_meter m ON m.id = i.meter_id WHERE i.usage_point_id = %(point)s)"""
# What is sealed is not in the tables any more: the hash of the file's rows stands for them.
_SEALED = f"""
    (SELECT bit_xor(hash_record_extended((s.part, s.month, s.content_sha256), 0)) FROM metering_sealedpart s
     WHERE s.ended_at IS NULL AND s.bucket = %(point)s / {BUCKET_POINTS}
       AND s.month BETWEEN date_trunc('month', %(from)s::date) AND %(to)s)"""
_STORED = f"""
    SELECT {_INSTALLED}, {_SEALED},
        (SELECT hash_record_extended(p, 0) FROM metering_usagepoint p WHERE p.id = %(point)s),
        (SELECT bit_xor(hash_record_extended(c, 0)) FROM metering_curve c
         WHERE c.usage_point_id = %(point)s AND c.day = ANY(%(days)s)),
        (SELECT bit_xor(hash_record_extended(r, 0)) FROM metering_registerreading r
         WHERE r.usage_point_id = %(point)s AND r.read_at BETWEEN %(first)s AND %(past)s)"""
_TOTALS = f"""
    SELECT {_INSTALLED}, {_SEALED},
        (SELECT bit_xor(hash_record_extended(r, 0)) FROM metering_registerreading r
         WHERE r.usage_point_id = %(point)s AND r.register = {Register.TOTAL:d}
           AND r.read_at BETWEEN %(first)s AND %(past)s)"""


def fingerprint_of_point(
    conn: Connection, usage_point_id: int, first_day: date, last_day: date
) -> Fingerprint:
    """
    Hash curves, registers and installations of some days, both ends included; not filtered by actor.

    Two equal fingerprints mean equal rows but for one chance in 2**64 a table.
    """
    days = [first_day + timedelta(days=n) for n in range((last_day - first_day).days + 1)]
    return fetch_row(conn, _STORED, {"days": days, **_span(usage_point_id, first_day, last_day)})


def fingerprint_of_totals(
    conn: Connection, usage_point_id: int, first_day: date, last_day: date
) -> Fingerprint:
    """Hash the total registers of some days, both ends included, and what was installed; not filtered."""
    return fetch_row(conn, _TOTALS, _span(usage_point_id, first_day, last_day))


def _span(usage_point_id: int, first_day: date, last_day: date) -> dict[str, Any]:
    past_day = last_day + timedelta(days=1)
    return {
        "point": usage_point_id, "first": midnight(first_day), "past": midnight(past_day),
        "from": first_day, "to": past_day,
    }  # fmt: skip
