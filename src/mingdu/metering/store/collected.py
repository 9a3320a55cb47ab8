"""How many points of a day were read: counted in the table and in sealed files."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from mingdu.core.clock import day_number
from mingdu.core.registers import Channel, Register
from mingdu.core.types import Ints
from mingdu.metering.readings import Source
from mingdu.metering.zone import midnight

from .columns import Connection, fetch_row, ints
from .registers import fetch_at
from .sealed_curves import read_curves
from .sealed_parts import SEALED, Part, parts_of, wanted_days

_CURVES = f"""
    SELECT {SEALED},
           (SELECT string_agg(DISTINCT int8send(usage_point_id), '') FROM metering_curve
            WHERE day = %s AND channel = %s AND source <> %s AND usage_point_id = ANY(%s))
"""


def count_collected(conn: Connection, usage_point_ids: Ints, day: date) -> tuple[int, int]:
    """
    Count the points whose total is stored at a day's end, and those with a curve of it that was read.

    usage_point_ids  int64 (point,)  rising
    """
    totals = fetch_at(conn, usage_point_ids, (Register.TOTAL,), [midnight(day + timedelta(days=1))])
    number, channel = day_number(day), int(Channel.IMPORT)
    asked = (
        *wanted_days((number, number), usage_point_ids),
        day,
        channel,
        int(Source.DAY_CLOSE),
        usage_point_ids,
    )
    sealed, hot = fetch_row(conn, _CURVES, asked)
    with_curves = [ints(hot)]
    for part in parts_of(Part.CURVES, sealed):
        rows = read_curves(part, part.holds(usage_point_ids), channels=(channel, channel), with_values=False)
        if rows is not None:
            read = (rows.channel == channel) & (rows.day == number) & (rows.source != Source.DAY_CLOSE)
            found = rows.usage_point_id[read]
            with_curves.append(found[np.isin(found, usage_point_ids)])
    return len(np.unique(totals.place)), len(np.unique(np.concatenate(with_curves)))
