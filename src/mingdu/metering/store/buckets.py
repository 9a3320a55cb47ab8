"""Buckets of usage points: the parts of mass work, and what is locked while their readings change."""

from __future__ import annotations

import numpy as np

from mingdu.core.types import Ints

from .columns import Connection, run

BUCKET_POINTS = 2_500
# First key of the advisory locks of metering's buckets.
LOCK_SPACE = 645


def buckets_of(usage_point_ids: Ints) -> Ints:
    """Return the bucket of each usage point, int64."""
    buckets: Ints = usage_point_ids // BUCKET_POINTS
    return buckets


def bucket_ids(bucket: int) -> range:
    """Return the ids that belong to a bucket, whether or not they exist."""
    return range(bucket * BUCKET_POINTS, (bucket + 1) * BUCKET_POINTS)


def lock_buckets(conn: Connection, usage_point_ids: Ints) -> None:
    """
    Hold these points' buckets until the transaction ends.

    Everybody takes them in rising order, so that no two can wait for each other; what is read after this
    call is what the last holder left.
    """
    buckets = np.unique(buckets_of(usage_point_ids))
    run(conn, "SELECT count(pg_advisory_xact_lock(%s, b::int)) FROM unnest(%s) AS b", (LOCK_SPACE, buckets))
