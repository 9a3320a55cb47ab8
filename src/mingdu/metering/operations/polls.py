"""Polls: what is expected less what is stored (补抄), and readings asked for on demand."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction

from mingdu.base import audit
from mingdu.base.actors import SYSTEM, Actor
from mingdu.base.database import transaction_connection
from mingdu.base.permissions import require
from mingdu.core.registers import Channel, Register
from mingdu.errors import TradeError
from mingdu.metering.models import Installation, Poll
from mingdu.metering.queries import usage_point_of
from mingdu.metering.readings import NotInstalled, Source
from mingdu.metering.store.columns import fetch_row
from mingdu.metering.zone import midnight

# A poll that was answered or given up is not planned again before so much time has passed.
REST = timedelta(hours=6)
FREEZE_ITEMS = {
    "daily_freeze": Register.TOTAL,
    "reactive_freeze": Register.REACTIVE_FORWARD,
    "demand_freeze": Register.DEMAND,
}
# Billed by power factor and demand, so their meters keep those registers.
TWO_PART_CLASSES = ("large_industry",)
ITEMS = (
    *FREEZE_ITEMS, "load_profile", "settlement", "reactive_settlement", "demand", "energy", "energy_total",
    "reactive_energy", "demand_now", "clock", "status",
)  # fmt: skip
FREEZE_LANE, CURVE_LANE, ON_DEMAND_LANE = 3, 5, 1

_PLAN = """
    WITH hung AS (
        SELECT i.usage_point_id, i.meter_id, i.terminal_id, i.valid_from,
               p.customer_class = ANY(%(two_part)s) AS is_two_part
        FROM metering_installation i JOIN metering_usagepoint p ON p.id = i.usage_point_id
        WHERE i.terminal_id IS NOT NULL AND (i.valid_to IS NULL OR i.valid_to > %(at)s)
    ), days AS (
        SELECT * FROM unnest(%(days)s::date[], %(begins)s::timestamptz[]) AS d(day, begins_at)
    ), wanted AS (
        SELECT h.meter_id, h.terminal_id, f.item, d.day, %(freeze_lane)s::smallint AS lane
        FROM hung h CROSS JOIN days d
        CROSS JOIN unnest(%(items)s::text[], %(registers)s::int[]) AS f(item, register)
        WHERE h.valid_from <= d.begins_at AND (f.register = 0 OR h.is_two_part) AND NOT EXISTS (
            SELECT FROM metering_registerreading r
            WHERE r.read_at = d.begins_at AND r.usage_point_id = h.usage_point_id
              AND r.register = f.register AND r.meter_id = h.meter_id)
        UNION ALL
        SELECT h.meter_id, h.terminal_id, 'load_profile', d.day, %(curve_lane)s::smallint
        FROM hung h CROSS JOIN days d
        WHERE d.day <= %(last_curve)s AND h.valid_from < d.begins_at + interval '1 day' AND NOT EXISTS (
            SELECT FROM metering_curve c
            WHERE c.day = d.day AND c.usage_point_id = h.usage_point_id AND c.channel = %(channel)s
              AND c.source <> %(day_close)s)
    ), planned AS (
        INSERT INTO metering_poll
            (meter_id, terminal_id, item, day, lane, created_at, not_before, attempts, error, requested_by)
        SELECT w.meter_id, w.terminal_id, w.item, w.day, w.lane, %(at)s, %(at)s, 0, '', %(by)s
        FROM wanted w
        WHERE NOT EXISTS (
            SELECT FROM metering_poll p
            WHERE p.meter_id = w.meter_id AND p.item = w.item AND p.day = w.day
              AND (p.answered_at IS NULL AND p.given_up_at IS NULL
                   OR greatest(p.answered_at, p.given_up_at) > %(rested)s))
        ON CONFLICT DO NOTHING
        RETURNING 1
    )
    SELECT count(*) FROM planned
"""


class UnknownPollItem(TradeError):
    """Nothing of this name can be read from a meter."""

    next_step = "use one of the items in the message"


class NoTerminal(TradeError):
    """No terminal reaches the usage point's meter; it is read on the spot."""

    next_step = "order a reading by a person"


def plan_polls(first_day: date, last_day: date, *, at: datetime) -> int:
    """
    Plan what is missing of some days, both included, in one statement; returns how many polls are new.

    Of each day its load profile, and the midnight freezes that begin and end it, as far as they have been
    taken by now. Meters that were taken away since cannot be asked.
    """
    require(SYSTEM, "metering.poll")
    span = (first_day + timedelta(days=n) for n in range((last_day - first_day).days + 2))
    days = [day for day in span if midnight(day) <= at]
    parameters = {
        "two_part": list(TWO_PART_CLASSES), "at": at, "days": days, "begins": [midnight(day) for day in days],
        "items": list(FREEZE_ITEMS), "registers": [int(register) for register in FREEZE_ITEMS.values()],
        "freeze_lane": FREEZE_LANE, "curve_lane": CURVE_LANE,
        "last_curve": min(last_day, days[-1] - timedelta(days=1)) if days else last_day,
        "channel": int(Channel.IMPORT), "day_close": int(Source.DAY_CLOSE),
        "by": SYSTEM.id, "rested": at - REST,
    }  # fmt: skip
    with transaction.atomic():
        return int(fetch_row(transaction_connection(), _PLAN, parameters)[0])


def request_poll(usage_point: str, item: str, *, day: date, by: Actor, at: datetime) -> Poll:
    """
    Ask for a reading on demand, before all planned ones; one that waits already is moved forward.

    usage_point  its code
    day          see the item: the day of a curve, or the day that a freeze begins
    raises       NotPermitted, UnknownUsagePoint, UnknownPollItem, NotInstalled, NoTerminal
    """
    point = usage_point_of(by, usage_point)
    require(by, "metering.poll", point.unit_id)
    if item not in ITEMS:
        raise UnknownPollItem(f"no item {item!r}; known are {', '.join(ITEMS)}", item=item)
    with transaction.atomic():
        installation = Installation.objects.filter(usage_point=point, valid_to__isnull=True).first()
        if installation is None:
            raise NotInstalled(f"no meter hangs at {usage_point}", usage_point=usage_point)
        if installation.terminal_id is None:
            raise NoTerminal(f"no terminal reaches {usage_point}", usage_point=usage_point)
        poll = _waiting(installation, item, day) or Poll(
            meter_id=installation.meter_id, terminal_id=installation.terminal_id, item=item, day=day,
            created_at=at, requested_by=by.id,
        )  # fmt: skip
        poll.lane, poll.not_before = ON_DEMAND_LANE, at
        poll.save()
        audit.record(by, "metering.poll", f"usage_point:{usage_point}", at=at, details={"item": item})
    return poll


def _waiting(installation: Installation, item: str, day: date) -> Poll | None:
    return (
        Poll.objects.select_for_update()
        .filter(
            meter_id=installation.meter_id,
            item=item,
            day=day,
            answered_at__isnull=True,
            given_up_at__isnull=True,
        )
        .first()
    )
