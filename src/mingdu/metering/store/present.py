"""Which points have curves of other channels than energy: found without reading the usual rows."""

from __future__ import annotations

import numpy as np

from mingdu.core.registers import Channel
from mingdu.core.types import Ints

from .columns import Connection, fetch_row, ints, small_ints
from .sealed_curves import read_curves
from .sealed_parts import SEALED, Part, parts_of, wanted_days

_PRESENT = f"""
    SELECT {SEALED}, string_agg(int8send(usage_point_id), ''), string_agg(int2send(channel), '')
    FROM (SELECT DISTINCT usage_point_id, channel FROM metering_curve
          WHERE channel > {Channel.EXPORT:d} AND usage_point_id BETWEEN %s AND %s
            AND day >= date '1970-01-01' + %s::int AND day < date '1970-01-01' + %s::int) AS found
"""


def other_channels(conn: Connection, ids: Ints, first_day: int, past_day: int) -> tuple[Ints, Ints]:
    """
    Return point and channel of every curve but those of energy in some days, each pair once.

    ids      int64 (point,)  rising
    returns  int64 (pair,) usage points, int64 (pair,) channels
    """
    asked = *wanted_days((first_day, past_day - 1), ids), int(ids[0]), int(ids[-1]), first_day, past_day
    sealed, points, channels = fetch_row(conn, _PRESENT, asked)
    found = [np.stack([ints(points), small_ints(channels)])]
    span = int(Channel.EXPORT) + 1, int(max(Channel))
    for part in parts_of(Part.CURVES, sealed):
        rows = read_curves(part, part.holds(ids), channels=span, with_values=False)
        if rows is not None:
            wanted = (rows.channel > Channel.EXPORT) & (rows.day >= first_day) & (rows.day < past_day)
            found.append(np.stack([rows.usage_point_id, rows.channel])[:, wanted])
    joined = np.unique(np.concatenate(found, axis=1), axis=1)
    pairs = joined[:, np.isin(joined[0], ids)]
    return pairs[0], pairs[1]
