"""Quality marks (质量标记) of a value."""

from __future__ import annotations

from enum import IntEnum


class Quality(IntEnum):
    """How far a value can be trusted. The numbers are stored; never renumber them."""

    MEASURED = 0
    ESTIMATED_LINEAR = 1
    ESTIMATED_LIKE_DAYS = 2
    ESTIMATED_FLAT = 3
    EDITED = 4
    PROVISIONAL = 5
    MISSING = 6
    SUSPECT = 7
    ESTIMATED_PROFILE = 8


ESTIMATED = (
    Quality.ESTIMATED_LINEAR,
    Quality.ESTIMATED_LIKE_DAYS,
    Quality.ESTIMATED_PROFILE,
    Quality.ESTIMATED_FLAT,
)
