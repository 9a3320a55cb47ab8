"""Aware instants as NumPy's datetime64 and as whole microseconds, and back."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from mingdu.core.types import Ints, Times


def instant64(at: datetime) -> np.datetime64:
    """Return an aware instant as datetime64[us] in UTC."""
    return np.datetime64(at.astimezone(UTC).replace(tzinfo=None), "us")


def microseconds(instants: Times) -> Ints:
    """Return instants as microseconds since 1970, for bigint parameters."""
    return instants.astype("datetime64[us]").astype(np.int64)


def aware(instant: np.datetime64) -> datetime:
    """Return a datetime64 of UTC as an aware instant."""
    moment: datetime = instant.astype("datetime64[us]").item()
    return moment.replace(tzinfo=UTC)
