"""How complete the collection of readings (采集) is, day by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from mingdu.base.actors import Actor
from mingdu.base.database import reading_connection
from mingdu.base.permissions import require, scope
from mingdu.core.registers import Channel, Register
from mingdu.metering.readings import Source
from mingdu.metering.store.columns import fetch_rows
from mingdu.metering.zone import midnight

_STATUS = """
    SELECT d.day,
        (SELECT count(DISTINCT i.usage_point_id) FROM metering_installation i
            JOIN metering_usagepoint p ON p.id = i.usage_point_id
            WHERE i.valid_from < d.ends_at AND (i.valid_to IS NULL OR i.valid_to > d.begins_at)
              AND (%(units)s::bigint[] IS NULL OR p.unit_id = ANY(%(units)s))),
        (SELECT count(DISTINCT c.usage_point_id) FROM metering_curve c
            JOIN metering_usagepoint p ON p.id = c.usage_point_id
            WHERE c.day = d.day AND c.channel = %(channel)s AND c.source <> %(day_close)s
              AND (%(units)s::bigint[] IS NULL OR p.unit_id = ANY(%(units)s))),
        (SELECT count(DISTINCT r.usage_point_id) FROM metering_registerreading r
            JOIN metering_usagepoint p ON p.id = r.usage_point_id
            WHERE r.read_at = d.begins_at AND r.register = %(total)s
              AND (%(units)s::bigint[] IS NULL OR p.unit_id = ANY(%(units)s))),
        (SELECT count(*) FROM metering_poll q JOIN metering_terminal t ON t.id = q.terminal_id
            WHERE q.day = d.day AND q.answered_at IS NULL AND q.given_up_at IS NULL
              AND (%(units)s::bigint[] IS NULL OR t.unit_id = ANY(%(units)s))),
        (SELECT count(*) FROM metering_poll q JOIN metering_terminal t ON t.id = q.terminal_id
            WHERE q.day = d.day AND q.given_up_at IS NOT NULL
              AND (%(units)s::bigint[] IS NULL OR t.unit_id = ANY(%(units)s)))
    FROM unnest(%(days)s::date[], %(begins)s::timestamptz[], %(ends)s::timestamptz[])
        AS d(day, begins_at, ends_at)
    ORDER BY d.day
"""


@dataclass(frozen=True)
class CollectionDay:
    """
    One day of the collection, in points and polls.

    expected        points with a meter
    curves          of those, with a curve that was read
    freezes         with the midnight freeze that begins the day
    polls_waiting, polls_given_up
    """

    day: date
    expected: int
    curves: int
    freezes: int
    polls_waiting: int
    polls_given_up: int


def collection_status(by: Actor, first_day: date, last_day: date) -> list[CollectionDay]:
    """Return how complete each day is, both ends included, for the units that the actor may see."""
    require(by, "metering.read")
    units = scope(by, "metering.read").unit_ids
    days = [first_day + timedelta(days=n) for n in range((last_day - first_day).days + 1)]
    parameters = {
        "units": None if units is None else list(units), "days": days,
        "begins": [midnight(day) for day in days],
        "ends": [midnight(day + timedelta(days=1)) for day in days],
        "channel": int(Channel.IMPORT), "day_close": int(Source.DAY_CLOSE), "total": int(Register.TOTAL),
    }  # fmt: skip
    return [CollectionDay(*row) for row in fetch_rows(reading_connection(), _STATUS, parameters)]
