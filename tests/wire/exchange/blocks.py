"""Blocks that several writers are tried with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mingdu.wire.exchange.series import Block, Channel, Kind, Mark, Shape


def some_block(
    digits: Sequence[int],
    exponent: int,
    *,
    kind: Kind = Kind.ACTIVE_IMPORT,
    unit: str = "Wh",
    shape: Shape = Shape.INTERVAL,
    phase: str = "",
) -> Block:
    """Measured values every half hour from midnight of 25 October 2026, at +08:00."""
    count = len(digits)
    starts = np.datetime64("2026-10-24T16:00:00") + np.arange(count) * np.timedelta64(1800, "s")
    minutes = 30 if shape is Shape.INTERVAL else None
    return Block(
        Channel("0530100042", "M1", kind, unit, shape, minutes, "code", phase=phase),
        starts,
        np.full(count, 480, np.int64),
        np.array(digits, np.int64),
        exponent,
        np.full(count, Mark.MEASURED, np.uint8),
        np.full(count, "", "U8"),
        np.arange(1, count + 1),
        np.zeros(count, np.bool_),
        starts + np.timedelta64(7200, "s") if shape is Shape.PERIOD else None,
    )
