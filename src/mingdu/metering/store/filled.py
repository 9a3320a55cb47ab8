"""Which buckets the bulk tables hold anything of, by month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from .buckets import BUCKET_POINTS
from .columns import Connection, fetch_row
from .sealed_parts import month_span, next_month

# Day by day, each look goes straight to the keys of a bucket.
_FILLED = """
    SELECT array_agg(b ORDER BY b) FROM unnest(%s) AS b
    WHERE EXISTS (
        SELECT FROM generate_series(%s::date, %s::date - 1, interval '1 day') AS d
        JOIN metering_curve c ON c.day = d::date
          AND c.usage_point_id >= b * %s AND c.usage_point_id < (b + 1) * %s
    ) OR EXISTS (
        SELECT FROM metering_registerreading r
        WHERE r.read_at >= %s AND r.read_at < %s
          AND r.usage_point_id >= b * %s AND r.usage_point_id < (b + 1) * %s
    )
"""


def filled_buckets(conn: Connection, buckets: Sequence[int], month: date) -> list[int]:
    """Return those of the buckets of which the tables hold anything of a civil month."""
    width = BUCKET_POINTS, BUCKET_POINTS
    asked = np.array(buckets, dtype=np.int64), month, next_month(month), *width, *month_span(month), *width
    return list(fetch_row(conn, _FILLED, asked)[0] or ())
